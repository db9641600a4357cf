"""Globs: `*` stands for anything, every other character for itself. In paths `*` stays within one
folder and `**` does not.

A glob is made into the cheapest test there is: most are a comparison, a beginning, an end or a
part. No glob is slow on hostile text: what stands between two stars is looked for from the left
and, once found, never looked for again (atomic groups): a later place only leaves less room.
"""

import re
from collections.abc import Callable

Test = Callable[[str], bool]

_STARS = re.compile(r"\*+")
_MORE_STARS = re.compile(r"\*{3,}")


def compiled(pattern: str) -> Test:
    """Whether a whole text is what the glob says. Case counts: lower both where it should not."""
    parts = _STARS.split(pattern)
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return pattern.__eq__
    if len(parts) == 2:
        least = len(first) + len(last)
        if not least:
            return lambda text: True
        return lambda text: text.startswith(first) and text.endswith(last) and len(text) >= least
    if len(parts) == 3 and not first and not last:
        middle = parts[1]
        return lambda text: middle in text
    found = "".join(f"(?>.*?{re.escape(part)})" for part in parts[1:-1])
    return _whole(f"{re.escape(first)}{found}.*{re.escape(last)}", max(parts, key=len))


def compiled_path(pattern: str) -> Test:
    """The same for a path: forward slashes, and tested with a leading slash as well."""
    test = _path(_MORE_STARS.sub("**", pattern.replace("\\", "/")))
    return lambda text: test(text) or (not text.startswith("/") and test("/" + text))


def _path(pattern: str) -> Test:
    pieces = pattern.split("**")
    if not any("*" in piece for piece in pieces):
        return compiled("*".join(pieces))
    *others, last = pieces
    found = ""
    for number, piece in enumerate(others):
        first, *rest = map(re.escape, piece.split("*"))
        inside = first + "".join(f"(?>[^/]*?{part})" for part in rest)
        found += f"(?>.*?{inside})" if number else inside
    first, *rest = map(re.escape, last.split("*"))
    if rest:
        first += "".join(f"(?>[^/]*?{part})" for part in rest[:-1]) + f"[^/]*{rest[-1]}"
    longest = max(_STARS.split(pattern), key=len)
    return _whole(f"{found}{'.*?' if others else ''}{first}", longest)


def _whole(expression: str, longest: str) -> Test:
    """`longest`: a piece without which nothing matches; to look for it costs next to nothing."""
    match = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: longest in text and match(text) is not None
