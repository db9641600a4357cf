"""Bytes to a JSON object that can be stored, searched and encoded again. Pure; raises EventError
only.

msgspec decodes an event in a third of the standard library's time, but refuses what real clients
send: NaN and Infinity (Python), lone surrogates (JavaScript) and a byte order mark. Those, and NUL,
which SQLite cuts text at, go the slow road. Integers of any size are let through: what is stored as
a number is bounded where it is read.
"""

import json
import math
import re
from dataclasses import dataclass

import msgspec

from lighttrace.errors import EventError
from lighttrace.event.model import Json, Raw

DEPTH = 120  # deeper than any SDK nests; below what exhausts the decoder's or our own stack
_DECODER = msgspec.json.Decoder()
_LONE = re.compile("[\ud800-\udfff\x00]")
INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Decoded:
    """`cleaned`: what is kept is not what was sent, so the body has to be encoded anew."""

    raw: Raw
    cleaned: bool


def decode(payload: bytes) -> Decoded:
    """Read one event. Raises EventError with a sentence for people if it is not a JSON object."""
    try:
        value = _DECODER.decode(payload)
        cleaned = False
        if b"\\u0000" in payload:
            value, cleaned = _clean(value, 0), True
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value, cleaned = _clean(_lenient(payload), 0), True
    if type(value) is not dict:
        raise EventError(f"An event must be a JSON object, not {_name(value)}.")
    return Decoded(value, cleaned)


def _lenient(payload: bytes) -> Json:
    try:
        return json.loads(payload.decode("utf-8-sig", "replace"), parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise EventError(f"The event is not JSON: {error}") from error


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 20 else digits  # Python refuses thousands of digits


def _clean(value: Json, depth: int) -> Json:
    """A copy without NUL, lone surrogates, NaN, and integers that no database holds."""
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int:
        return value if -INT64 <= value < INT64 else str(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if depth > DEPTH:
        raise EventError(f"The event nests deeper than {DEPTH} levels.")
    if kind is dict:
        return {_text(key): _clean(item, depth + 1) for key, item in value.items()}
    if kind is list:
        return [_clean(item, depth + 1) for item in value]
    return value


def _text(text: str) -> str:
    if _LONE.search(text) is None:
        return text
    # a surrogate pair that the lenient decoder left in two halves is one character again
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined.replace("\x00", "")


def _name(value: Json) -> str:
    return {list: "a list", str: "a string", type(None): "null", bool: "true or false"}.get(
        type(value), "a number"
    )
