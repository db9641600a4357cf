"""Which function every place of a file is in, by the names people gave them."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import NamedTuple

from lighttrace.sourcemaps.definitions import Function, functions
from lighttrace.sourcemaps.script import NotUnderstood, Tokens, tokens

_SCRIPTS = frozenset(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", ""))
_NO_JSX = frozenset(("ts", "mts", "cts"))
_COMPONENTS = frozenset(("vue", "svelte"))
_SCRIPT = re.compile(r"<script\b[^<>]*+>")
_TEXT = re.compile(r"[^\r\n\u2028\u2029]")
_LINE_END = re.compile(r"\r\n?|\n|\u2028|\u2029")
_WIDE = re.compile("[\U00010000-\U0010ffff]")


class Change(NamedTuple):
    """From `line`, `column` (both from 0) on the function is `name`. Empty: none that has a name,
    or none at all. None: nobody can tell.
    """

    line: int
    column: int
    name: str | None


def changes(path: str, source: str) -> list[Change]:
    """Where the function changes in an original file, in order; empty if it was not understood."""
    ending = path.rpartition("/")[2].rpartition(".")
    kind = ending[2].lower() if ending[1] else ""
    if kind in _COMPONENTS:
        source, kind = _scripts_of(source), "ts"
    if kind not in _SCRIPTS:
        return []
    try:
        read = tokens(source, jsx=kind not in _NO_JSX)
        return _placed(functions(read), _Places(read))
    except NotUnderstood:
        return []


def _scripts_of(component: str) -> str:
    """A component's scripts where they are, and blanks for its template and its styles."""
    text = list(_TEXT.sub(" ", component))
    tag = _SCRIPT.search(component)
    while tag and (end := component.find("</script", tag.end())) >= 0:
        text[tag.end() - 1 : end + 1] = f";{component[tag.end() : end]};"  # each for itself
        tag = _SCRIPT.search(component, end)
    return "".join(text)


def changes_of_minified(
    script: str, original: Callable[[int, int, str], str | None]
) -> list[Change]:
    """The same of a generated file. `original(line, column, word)` says what a word of it was
    called in the source, None if nobody knows; a function that is called by it has no name then.
    """
    try:
        read = tokens(script, jsx=False)
        places = _Places(read)
        found = functions(read, lambda index: original(*places.of(index), read.text(index)))
        return [it._replace(name=it.name or "") for it in _placed(found, places)]
    except NotUnderstood:
        return []


def widths(script: str) -> list[int]:
    """How long each line is, counted as JavaScript does."""
    breaks = list(_LINE_END.finditer(script))
    starts = [0, *(it.end() for it in breaks)]
    ends = [*(it.start() for it in breaks), len(script)]
    wide = [it.start() for it in _WIDE.finditer(script)]
    return [
        end - start + bisect_left(wide, end) - bisect_left(wide, start)
        for start, end in zip(starts, ends, strict=True)
    ]


class _Places:
    """Lines and columns of tokens, counted as JavaScript does: some characters are two."""

    def __init__(self, read: Tokens) -> None:
        self._read = read
        self._lines = [0, *(it.end() for it in _LINE_END.finditer(read.source))]
        self._wide = [it.start() for it in _WIDE.finditer(read.source)]

    def of(self, index: int) -> tuple[int, int]:
        """Both from 0. After the last token comes the end of the file."""
        read = self._read
        at = read.starts[index] if index < len(read) else len(read.source)
        line = bisect_right(self._lines, at) - 1
        start = self._lines[line]
        return line, at - start + bisect_left(self._wide, at) - bisect_left(self._wide, start)


def _placed(found: list[Function], places: _Places) -> list[Change]:
    """Functions within functions, flattened: the innermost counts."""
    placed = [Change(0, 0, "")]
    within: list[Function] = []

    def change(index: int, name: str | None) -> None:
        place = places.of(index)
        while placed and placed[-1][:2] >= place:
            placed.pop()
        placed.append(Change(*place, name))

    def leave(until: int) -> None:
        while within and within[-1].end <= until:
            ended = within.pop()
            change(ended.end, within[-1].name if within else "")

    for function in sorted(found, key=lambda it: (it.start, -it.end)):
        leave(function.start)
        change(function.start, function.name)
        within.append(function)
    for ended in reversed(within):
        leave(ended.end)
    return placed
