"""Where in a text its tables, keys and rules are."""

import re
from typing import TypeAlias

Where: TypeAlias = tuple[str | int, ...]  # ("project", 0, "slug"); arrays count from 0

_HEADER = re.compile(r"\s*\[(\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_"'-]+)*)\s*=""")


def lines_of(text: str) -> dict[Where, int]:
    """The line of every table and key, as far as a look at each line's beginning can tell."""
    lines: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    quote = ""  # inside a text of several lines
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            if quote in line:
                quote = ""
            continue
        if match := _HEADER.match(line):
            table = _parts(match[2], counts)
            if match[1]:
                n = counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, n)
            lines.setdefault(table, number)
            for n in range(1, len(table)):  # `[a.b]` is the first that is said of `a`
                lines.setdefault(table[:n], number)
        elif match := _KEY.match(line):
            where = table
            for part in _parts(match[1], {}):
                where = (*where, part)
                lines.setdefault(where, number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quote = mark
    return lines


def _parts(name: str, counts: dict[Where, int]) -> Where:
    """A dotted name; a part that is an array of tables stands for its last one."""
    where: Where = ()
    names = [part.strip().strip("\"'") for part in name.split(".")]
    for n, part in enumerate(names, 1):
        where = (*where, part)
        if n < len(names) and where in counts:
            where = (*where, counts[where])
    return where


def lines_of_rules(
    text: list[str], at: int | None, rules: list[str], *, in_a_row: bool
) -> list[int | None]:
    """The line of each rule of a setting at line `at`: of one text of several lines (`in_a_row`),
    or of a list of texts. None where the list spells one in another way.
    """
    if at is None:
        return [None] * len(rules)
    if in_a_row:  # TOML leaves out the line break right behind the quotes
        first = at + text[at - 1].rstrip().endswith(('"""', "'''"))
        return list(range(first, first + len(rules)))
    found: list[int | None] = []
    for rule in rules:
        quoted = (f'"{rule}"', f"'{rule}'")
        rest = range(at, len(text) + 1)
        line = next((n for n in rest if any(one in text[n - 1] for one in quoted)), None)
        at = line or at
        found.append(line)
    return found
