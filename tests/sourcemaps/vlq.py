"""Writes what `decode` reads: mappings from tokens, as a bundler would."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def number(value: int) -> str:
    rest, text = abs(value) << 1 | (value < 0), ""
    while rest > 31:
        text += DIGITS[rest & 31 | 32]
        rest >>= 5
    return text + DIGITS[rest]


def mappings(lines: Iterable[Iterable[Sequence[int]]]) -> str:
    """Segments of 1, 4 or 5 absolute numbers: generated column, source, line, column, name."""
    last = [0] * 5
    written = []
    for line in lines:
        last[0] = 0
        segments = []
        for segment in line:
            segments.append("".join(number(v - last[n]) for n, v in enumerate(segment)))
            last[: len(segment)] = segment
        written.append(",".join(segments))
    return ";".join(written)


def source_map(lines: Iterable[Iterable[Sequence[int]]] = ((),), **fields: Any) -> bytes:
    a_map = {"version": 3, "sources": ["src/a.ts"], "names": ["pay"], "mappings": mappings(lines)}
    return json.dumps(a_map | fields).encode()
