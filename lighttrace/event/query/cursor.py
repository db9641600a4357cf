"""What is being typed: the part of a search that stands at the cursor. Pure.

The text need not be a search yet: quotes and lists may still be open, keys unknown. So this cuts
the text into its tokens and judges none of them, where `read` does both.
"""

import re
from dataclasses import dataclass

from lighttrace.event.query import keys
from lighttrace.event.query.keys import KEYS, Kind
from lighttrace.event.query.values import COMPARED

_KEY = re.compile(
    r'(?:([A-Za-z_][A-Za-z0-9_.\-]{0,199})|tags\[([^\]]{1,200})\]|"([^"]{1,200})"):(?!//|:)'
)
_BETWEEN = re.compile(r"[\s()!]*")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"?', re.DOTALL)
_PLAIN = re.compile(r'(?:\\.|[^\s"()\\])+|\\', re.DOTALL)
_VALUE = re.compile(r'(?:\\.|[^\s"()\\]|\([^\s"()]*\))+', re.DOTALL)
_LISTED = re.compile(r'(?:\\.|[^\s",\]\\])+', re.DOTALL)
_OP = re.compile(r">=|<=|>|<|=")
_ESCAPED = re.compile(r'\\([\\"*])')


@dataclass(frozen=True, slots=True)
class Typed:
    """`start` to `end` of the text is what a better word takes the place of; `text` is what of it
    stands before the cursor, without quotes. `key`: it is a value of that one, None for a word or
    the beginning of a key. `is_tag`: the key can only be a tag. `listed`: one value of several.
    """

    start: int
    end: int
    text: str = ""
    key: str | None = None
    is_tag: bool = False
    op: str = ""
    listed: bool = False


def typed(text: str, at: int) -> Typed:
    """What stands at the cursor, which is before the character `at`."""
    at = min(max(at, 0), len(text))
    place = 0
    while True:
        place = _end(_BETWEEN, text, place)
        if place >= at:
            start = at if place > at else place
            if start < len(text) and place == at and (key := _key(text, at)):
                return Typed(at, key.end())
            return Typed(start, start)
        key = _key(text, place, at)
        if key is None:
            end = _end(_QUOTED if text[place] == '"' else _PLAIN, text, place)
            if at <= end:
                return Typed(place, end, plain(text[place:at]))
        elif at < key.end():
            return Typed(place, key.end(), plain(text[place:at]))
        else:
            found = _value(text, at, key)
            if isinstance(found, Typed):
                return found
            end = found
        place = end


def plain(text: str) -> str:
    """A value or a word as it was meant, though its quotes may still be open."""
    if text.startswith('"'):
        closed = len(text) > 1 and text.endswith('"') and not text.endswith('\\"')
        text = text[1 : -1 if closed else None]
    return _ESCAPED.sub(r"\1", text)


def _key(text: str, place: int, at: int = -1) -> re.Match[str] | None:
    """A key and its colon; before a blank that is one only while its value is still to come."""
    found = _KEY.match(text, place)
    if found is None or (found.end() != at and text[found.end() : found.end() + 1].isspace()):
        return None
    return found


def _value(text: str, at: int, key: re.Match[str]) -> Typed | int:
    """The value at the cursor; where it ends, if the cursor is further on."""
    name, is_tag = key[1] or key[2] or key[3], key[1] is None
    place = key.end()
    op = _op(text, place, name, is_tag)
    place += len(op)
    if text[place : place + 1] == "[" and not op:
        return _list(text, at, place + 1, name, is_tag)
    end = _end(_QUOTED if text[place : place + 1] == '"' else _VALUE, text, place)
    if at > end:
        return end
    return Typed(place, end, plain(text[place:at]), name, is_tag, op)


def _op(text: str, place: int, name: str, is_tag: bool) -> str:
    known = None if is_tag else keys.canonical(name)
    found = _OP.match(text, place)
    if found is None or (known is not None and KEYS[known].kind not in COMPARED):
        return ""
    compares = known is not None and KEYS[known].kind is not Kind.TAG
    return found[0] if compares or text[found.end() : found.end() + 1].isdigit() else ""


def _list(text: str, at: int, place: int, name: str, is_tag: bool) -> Typed | int:
    while True:
        while text[place : place + 1].isspace() and place < at:
            place += 1
        end = _end(_QUOTED if text[place : place + 1] == '"' else _LISTED, text, place)
        if at <= end:
            return Typed(place, end, plain(text[place:at]), name, is_tag, listed=True)
        while text[end : end + 1].isspace():
            end += 1
        if text[end : end + 1] == "]" or end == len(text):
            return min(end + 1, len(text))
        place = end + 1 if text[end] == "," or end == place else end


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return place if found is None else found.end()
