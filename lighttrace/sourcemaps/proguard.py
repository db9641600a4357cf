"""The mapping file that ProGuard and R8 write: which names and lines the code had before.

The format, as both tools document it: a line for each class, and below it, indented, one for each
field and for each range of lines of a method. Ranges of the same lines, one after the other, are
calls that were inlined, the innermost first. R8 puts JSON into comments. Pure; whatever is read
ends in classes or in a SourceMapError.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

import msgspec

from lighttrace.errors import SourceMapError

MOST_BYTES = 200 * 1024 * 1024  # large applications have 30 to 60 MB
MOST_CLASSES = 1_000_000
MOST_CLASS_BYTES = 4 * 1024 * 1024  # of text; what classes were merged into has a tenth of that
MOST_LINE_BYTES = 64 * 1024  # 255 parameters with very long names
MOST_INLINED = 100  # calls at one place
HEAD_BYTES = 64 * 1024
_CLASS = re.compile(rb"^[^\s#][^\r\n]{0,2000} -> [^\s:]{1,1000}:[ \t]*\r?$", re.MULTILINE)
_R8 = "com.android.tools.r8."
_DIGITS = 9


class Call(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Where lines come from. `holder` is empty for the class itself; lines are from 1, 0 if the
    mapping has none. `synthesized`: the compiler made it, nobody wrote it.
    """

    function: str
    holder: str = ""
    first: int = 0
    last: int = 0
    file: str = ""
    synthesized: bool = False


class Span(msgspec.Struct, array_like=True, gc=False):
    """Lines of the obfuscated method, 0 and 0 for all, and the calls there, innermost first.

    `outline`: code that several methods share; it has no place of its own, but `callsites` of its
    caller say which line there each of its lines stands for.
    """

    first: int
    last: int
    calls: list[Call]
    outline: bool = False
    callsites: dict[int, int] = {}


class Class(msgspec.Struct, array_like=True, gc=False):
    """`name` as it was written. `methods`: by their obfuscated names, overloads together."""

    name: str
    file: str
    methods: dict[str, list[Span]]


class _Section(NamedTuple):
    obfuscated: bytes
    start: int
    end: int


def is_one(head: bytes) -> bool:
    """Whether a file that begins so is a mapping."""
    return head[:1] != b"{" and b"\0" not in head and _CLASS.search(head) is not None


def classes(data: bytes) -> Iterator[tuple[str, Class]]:
    """All classes by their obfuscated names, in the order of these as UTF-8. Of two with the same
    the first counts. Raises SourceMapError.
    """
    if len(data) > MOST_BYTES:
        raise SourceMapError(f"The mapping is larger than {MOST_BYTES // 2**20} MiB.")
    sections, files = _sections(data)
    if not sections:
        raise SourceMapError(
            "This is no mapping of ProGuard or R8: no line of it says `class -> name:`."
        )
    sections.sort()
    before = None
    for section in sections:
        if section.obfuscated != before:
            before = section.obfuscated
            text = data[section.start : section.end].decode("utf-8", "replace")
            yield before.decode("utf-8", "replace"), _class(text, files)


def _sections(data: bytes) -> tuple[list[_Section], dict[str, str]]:
    """Where each class begins and ends, and the files of those classes that say theirs."""
    sections: list[_Section] = []
    files: dict[str, str] = {}
    obfuscated, name, start, at = b"", "", 0, 0

    def close() -> None:
        if obfuscated:
            if at - start > MOST_CLASS_BYTES:
                raise SourceMapError(f"The lines of {name[:100]} are more than 4 MiB.")
            sections.append(_Section(obfuscated, start, at))

    for line in BytesIO(data):
        if len(line) > MOST_LINE_BYTES:
            raise SourceMapError("A line of the mapping is longer than any of these tools writes.")
        if line[:1] in b" \t":
            pass
        elif line[:1] == b"#":
            if b'"sourceFile"' in line and name:
                file = _json(line.decode("utf-8", "replace")).get("fileName")
                if isinstance(file, str) and file:
                    files.setdefault(name, file)
        else:
            was, arrow, now = line.rstrip().rpartition(b" -> ")
            if arrow and now[-1:] == b":" and len(now) > 1:
                close()
                obfuscated, name, start = now[:-1], was.strip().decode("utf-8", "replace"), at
                if len(sections) > MOST_CLASSES:
                    raise SourceMapError(f"The mapping has more than {MOST_CLASSES:,} classes.")
        at += len(line)
    close()
    return sections, files


def _class(text: str, files: dict[str, str]) -> Class:
    head, *lines = text.split("\n")
    name = head.rstrip().rpartition(" -> ")[0].strip()
    found = Class(name, files.get(name, ""), {})
    last: Span | None = None
    for line in lines:
        said = line.strip()
        if said[:1] == "#":
            if last is not None and _R8 in said:
                _note(last, _json(said))
            continue
        member = _member(said, name, files)
        if member is None:
            continue
        obfuscated, first, until, call = member
        spans = found.methods.setdefault(obfuscated, [])
        if spans and spans[-1] is last and last.last and (last.first, last.last) == (first, until):
            if len(last.calls) < MOST_INLINED:
                last.calls.append(call)
            continue
        last = Span(first, until, [call])
        spans.append(last)
    return found


def _member(line: str, owner: str, files: dict[str, str]) -> tuple[str, int, int, Call] | None:
    """A method: `1:4:void com.shop.Money.add(int):10:13 -> a`. None for a field, and for what later
    versions of the tools may write.
    """
    was, arrow, obfuscated = line.rpartition(" -> ")
    head, bracket, rest = was.partition("(")
    if not (arrow and bracket and obfuscated):
        return None
    kind, _, named = head.rpartition(" ")
    holder, _, function = named.rpartition(".")
    if not function:
        return None
    before = kind.split(":")
    first, until = (_number(before[0]), _number(before[1])) if len(before) > 2 else (0, 0)
    after = rest.rpartition(")")[2].split(":")[1:3]
    start = _number(after[0]) if after else first
    end = _number(after[1]) if len(after) > 1 else start if after else until
    holder = "" if holder == owner else holder
    file = files.get(holder, "") if holder else ""
    return obfuscated, first, until, Call(function, holder, start, end, file)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


def _note(span: Span, note: dict[str, Any]) -> None:
    """What R8 says of the lines before."""
    match note.get("id"):
        case "com.android.tools.r8.synthesized":
            span.calls[-1] = msgspec.structs.replace(span.calls[-1], synthesized=True)
        case "com.android.tools.r8.outline":
            span.outline = True
        case "com.android.tools.r8.outlineCallsite":
            positions = note.get("positions")
            for inside, outside in positions.items() if isinstance(positions, dict) else ():
                if type(outside) is int and 0 < outside < 10**_DIGITS and _number(inside):
                    span.callsites[_number(inside)] = outside


def _json(comment: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(comment.lstrip("# \t"))
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
