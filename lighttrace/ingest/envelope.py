"""The envelope: a header line, then items of a header line and a payload. Pure.

Cut by bytes, never by characters. Whatever an item holds, its neighbours are not touched. See
docs/protocol.md, "Envelope".
"""

import json
import re
from typing import Any

import msgspec

from lighttrace.errors import EnvelopeError
from lighttrace.event import text
from lighttrace.event.normalize import event_id
from lighttrace.limits import Limits

_DECODER = msgspec.json.Decoder()
_BLANK = re.compile(rb"[\n\r\t ]*")


class Item(msgspec.Struct, frozen=True):
    """One thing in an envelope. `headers` is all that the item's header line says."""

    type: str
    payload: bytes
    headers: dict[str, Any] = {}

    def count(self) -> int:
        """How many spans, logs or points a container says it holds; 1 for everything else."""
        found = text.integer(self.headers.get("item_count"))
        return min(found, 10_000) if found else 1


class Envelope(msgspec.Struct, frozen=True):
    """`broken`: why the body could not be cut to its end; the items before the break are good."""

    event_id: str | None = None  # 32 hex
    dsn: str | None = None
    sent_at: int | None = None  # ms
    sdk: str | None = None  # sentry.javascript.browser/11.12.0
    items: tuple[Item, ...] = ()
    broken: str | None = None


def parse_envelope(body: bytes, limits: Limits) -> Envelope:
    """Cut a body into items.

    A broken length makes every later border unknown: what was cut before is kept, and `broken` says
    why. Raises EnvelopeError only if not even the header can be read.
    """
    line, start = _line(body, 0)
    if len(line) > limits.header_line:
        raise EnvelopeError(f"The envelope's header is longer than {limits.header_line:,} bytes.")
    header = _object(line)
    if header is None:
        raise EnvelopeError("The envelope's first line is not a JSON object.")
    items, broken = _items(body, start, limits)
    dsn = header.get("dsn")
    return Envelope(
        event_id=event_id(header.get("event_id")),
        dsn=dsn if type(dsn) is str and dsn else None,
        sent_at=text.time_ms(header.get("sent_at")),
        sdk=_sdk(header.get("sdk")),
        items=tuple(items),
        broken=broken,
    )


def _items(body: bytes, position: int, limits: Limits) -> tuple[list[Item], str | None]:
    items: list[Item] = []
    while True:
        blank = _BLANK.match(body, position)  # stray empty lines between items; matches always
        position = blank.end() if blank else position
        if position >= len(body):
            return items, None
        number = len(items) + 1
        if number > limits.items:
            return items, f"The envelope holds more than {limits.items} items."
        line, start = _line(body, position)
        header = _object(line) if len(line) <= limits.header_line else None
        kind = header.get("type") if header is not None else None
        if header is None or type(kind) is not str:
            return items, f"The header of item {number} is not a JSON object with a type."
        if "length" not in header or header["length"] is None:
            payload, position = _line(body, start)
        else:
            length = _length(header["length"])
            if length is None:
                return items, f"The length of item {number} is not a number of bytes."
            position = start + length
            if length and position > len(body):
                return items, f"Item {number} ends before its length of {length:,} bytes."
            if position < len(body) and body[position] != 0x0A:
                return items, f"Item {number} goes on after its length of {length:,} bytes."
            payload = body[start:position]
            position += 1
        items.append(Item(kind, payload, header))


def _line(body: bytes, start: int) -> tuple[bytes, int]:
    """The line that begins there, and where the next one does."""
    end = body.find(b"\n", start)
    if end < 0:
        end = len(body)
    return body[start:end], end + 1


def _object(line: bytes) -> dict[str, Any] | None:
    """A header line. What the strict decoder refuses, as half a character, goes the slow road."""
    try:
        value = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        try:
            value = json.loads(line.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            return None
    return value if type(value) is dict else None


def _length(value: Any) -> int | None:
    found = text.integer(value)
    return found if type(value) is not str else None


def _sdk(value: Any) -> str | None:
    sdk = text.mapping(value)
    name = text.string(sdk.get("name"), 64)
    version = text.string(sdk.get("version"), 63)
    return f"{name}/{version}" if name and version else name
