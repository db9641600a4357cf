"""What a script says of its own map, in the comments at its end: where it is (ECMA-426, "Linking"),
and by which debug id it is known, which is a proposal that build tools follow.
"""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.decode import MOST_BYTES, debug_id

MOST_LINES = 12  # from the end that are looked at; nobody writes more comments there
_MAP = b"sourceMappingURL"
_SIGNS = (b"//#", b"//@", b"/*#", b"/*@")
_COMMENT = re.compile(
    rb"..[#@]\s*+(sourceMappingURL|debugId)=\s*+([^\s*]++)\s*+(?:\*/)?+\s*+$", re.ASCII
)
_NO_CODE = re.compile(rb"\s*+(?://|/\*|$)")
# what plugins put into the code itself, so that a browser can say it
_SNIPPET = re.compile(rb"sentry-dbid-([0-9a-fA-F-]{36})")


@dataclass(frozen=True, slots=True)
class Comments:
    """`map_url` as it is written: relative to the script, or a `data:` URL; see `inline_map`. The
    comment with it is at `map_at`, from and up to.
    """

    map_url: str | None
    debug_id: str | None
    map_at: tuple[int, int]


def comments(script: bytes) -> Comments:
    """What stands at the end of a script. Of several the last counts; code behind them ends it."""
    said: dict[bytes, str] = {}
    map_at = (0, 0)
    end = len(script.rstrip())
    for _ in range(MOST_LINES):
        start = max(script.rfind(b"\n", 0, end), script.rfind(b"\r", 0, end)) + 1
        begin = max(script.rfind(sign, start, end) for sign in _SIGNS)
        found = _COMMENT.match(script, begin, end) if begin >= 0 else None
        if found and found[1] not in said:
            said[found[1]] = found[2].decode("utf-8", "replace")
            if found[1] == _MAP:
                map_at = found.span()
        if start == 0 or not _NO_CODE.match(script, start, end):
            break
        end = start - 1
    snippet = _SNIPPET.search(script)
    return Comments(
        said.get(_MAP),
        debug_id(said.get(b"debugId")) or (debug_id(snippet[1].decode()) if snippet else None),
        map_at,
    )


def inline_map(url: str) -> bytes | None:
    """The map that a `data:` URL holds, None for every other URL.

    Raises SourceMapError if it cannot be read, or is larger than maps may be.
    """
    if url[:5].lower() != "data:":
        return None
    head, comma, body = url[5:].partition(",")
    if not comma:
        raise SourceMapError("The script's inline source map is cut off.")
    data = unquote_to_bytes(body)
    if head.lower().replace(" ", "").endswith(";base64"):
        try:
            data = b64decode(data + b"=" * (-len(data) % 4), validate=True)
        except binascii.Error:
            raise SourceMapError("The script's inline source map is not base64.") from None
    if len(data) > MOST_BYTES:
        raise SourceMapError(f"The script's inline map is larger than {MOST_BYTES // 2**20} MiB.")
    return data
