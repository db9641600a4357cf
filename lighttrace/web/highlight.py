"""Source around a frame, coloured in five voices: keyword, string, number, comment, name.

Pure and bounded. pygments finds the tokens, the stylesheet knows the voices (`.code .k .s .n .c
.f`). The same code is shown again and again (one issue, many events), so results are kept.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from lighttrace.event.model import Frame

LINE = 240  # characters shown of one line; minified bundles have one line of a megabyte
LEXING_S = 0.02  # a snippet that takes longer is shown in one voice from there on
LANGUAGES = {
    "py": "python", "pyx": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript",
    "jsx": "jsx", "ts": "typescript", "mts": "typescript", "tsx": "tsx", "vue": "typescript",
    "svelte": "typescript", "rb": "ruby", "rake": "ruby", "erb": "ruby", "php": "php",
    "java": "java", "kt": "kotlin", "kts": "kotlin", "scala": "scala", "groovy": "groovy",
    "cs": "csharp", "go": "go", "rs": "rust", "c": "c", "h": "cpp", "cc": "cpp", "cpp": "cpp",
    "hpp": "cpp", "m": "objective-c", "mm": "objective-c", "swift": "swift", "dart": "dart",
    "ex": "elixir", "exs": "elixir", "clj": "clojure", "lua": "lua", "pl": "perl", "pm": "perl",
    "sql": "sql",
}  # fmt: skip
PLATFORMS = {
    "python": "python", "javascript": "javascript", "node": "javascript", "ruby": "ruby",
    "php": "php", "java": "java", "kotlin": "kotlin", "android": "java", "csharp": "csharp",
    "go": "go", "rust": "rust", "c": "c", "native": "cpp", "cocoa": "swift", "objc": "objective-c",
    "swift": "swift", "dart": "dart", "elixir": "elixir", "perl": "perl", "groovy": "groovy",
}  # fmt: skip
_EXPRESSION = re.compile(r"[\w$.]*\Z")
_REST = re.compile(r"[\w$]*")


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    html: Markup
    hit: bool = False


def language(platform: str, path: str | None) -> str:
    """What a file is written in: by its ending, else by the platform; empty if unknown."""
    ending = (path or "").rpartition("?")[0] or path or ""
    ending = ending.rpartition(".")[2].lower() if "." in ending else ""
    return LANGUAGES.get(ending) or PLATFORMS.get(platform, "")


def context(frame: Frame, platform: str, *, coloured: bool = True) -> tuple[Line, ...]:
    """The lines around a call. The line that was running is the hit; where the column is known, the
    expression there is underlined.
    """
    if frame.context_line is None:
        return ()
    hit = len(frame.pre_context)
    source = (*frame.pre_context, frame.context_line, *frame.post_context)
    start = max(1, (frame.lineno or 0) - hit)
    cut = _window(frame.context_line, frame.colno)
    shown = tuple(
        _shown(line, *(cut if index == hit else (0, LINE))) for index, line in enumerate(source)
    )
    mark = _marked(shown[hit], frame.colno, cut[0])
    tongue = language(frame.platform or platform, frame.filename or frame.abs_path)
    html = paint(tongue if coloured else "", shown, hit, mark)
    return tuple(Line(start + index, line, index == hit) for index, line in enumerate(html))


def warm() -> None:
    """Load the lexers people meet first: the first of a language costs some 30 ms."""
    for platform in ("python", "javascript"):
        _lexer(language(platform, None))


@lru_cache(maxsize=1024)  # about 2 kB each
def paint(
    tongue: str, lines: tuple[str, ...], hit: int, mark: tuple[int, int] | None
) -> tuple[Markup, ...]:
    """The lines as markup. `mark` are the borders of what is underlined in the line `hit`."""
    out: list[list[str]] = [[]]
    column = 0
    for text, voice in _merged(_tokens(tongue, lines)):
        for piece_index, piece in enumerate(text.split("\n")):
            if piece_index:
                out.append([])
                column = 0
            if not piece:
                continue
            borders = mark if mark and len(out) - 1 == hit else None
            out[-1].append(_span(piece, voice, column, borders))
            column += len(piece)
    return tuple(Markup("".join(line)) for line in out)


def _merged(pieces: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Neighbours of one voice as one piece: half the markup."""
    whole, voice = "", ""
    for text, said in pieces:
        if said != voice and whole:
            yield whole, voice
            whole = ""
        whole, voice = whole + text, said
    yield whole, voice


def _tokens(tongue: str, lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Pieces of text with their voice; together exactly the lines, joined by line feeds."""
    text = "\n".join(lines)
    lexer = _lexer(tongue)
    if lexer is None:
        yield text, ""
        return
    before = _opening(tongue, text)
    whole, skip, end = before + text, len(before), len(before)
    deadline = time.perf_counter() + LEXING_S
    # its lexers take `{ id: order.id }` for a type
    typed = tongue in ("typescript", "tsx")
    pending = ""  # a name: whether it is called is told by what follows
    for at, token, value in lexer.get_tokens_unprocessed(whole):
        if at + len(value) <= skip:
            continue
        value = value[max(0, skip - at) :]
        end = at + max(0, skip - at) + len(value)
        if pending:
            yield pending, "f" if value.startswith("(") else ""
            pending = ""
        voice = "" if typed and token is Keyword.Type else _voice(token)
        if token in Name and not voice:
            pending = value
        else:
            yield value, voice
        if time.perf_counter() > deadline:
            break
    if pending:
        yield pending, ""
    if end < len(whole):
        yield whole[end:], ""


def _voice(token: _TokenType) -> str:
    if token in Comment:
        return "c"
    if token in String:
        return "s"
    if token in Number:
        return "n"
    if token in Keyword or token is Operator.Word:
        return "k"
    if token in Name.Function or token in Name.Decorator or token in Name.Tag:
        return "f"
    return ""


@cache
def _lexer(tongue: str) -> Lexer | None:
    """Lexers are made once: their tables take milliseconds to compile."""
    if not tongue:
        return None
    options = {"startinline": True} if tongue == "php" else {}
    return get_lexer_by_name(tongue, **options)


def _opening(tongue: str, text: str) -> str:
    """What must stand before an excerpt that begins inside a comment or a doc string."""
    if tongue == "python":
        for quotes in ('"""', "'''"):
            first = next((line for line in text.split("\n") if quotes in line), "")
            closes = first.rstrip().endswith(quotes) and not first.lstrip().startswith(quotes)
            if text.count(quotes) % 2 and (closes or first.strip() == quotes) and "=" not in first:
                return quotes
        return ""
    end, start = text.find("*/"), text.find("/*")
    return "/*" if end >= 0 and (start < 0 or end < start) else ""


def _span(piece: str, voice: str, column: int, mark: tuple[int, int] | None) -> str:
    """One piece as markup, the marked part of it underlined."""
    if mark and column < mark[1] and column + len(piece) > mark[0]:
        first, last = max(0, mark[0] - column), min(len(piece), mark[1] - column)
        inner = (
            f"{escape(piece[:first])}<mark>{escape(piece[first:last])}</mark>{escape(piece[last:])}"
        )
    else:
        inner = str(escape(piece))
    return f'<span class="{voice}">{inner}</span>' if voice else inner


def _window(line: str, colno: int | None) -> tuple[int, int]:
    """Which part of a very long line is shown: around the column."""
    if len(line) <= LINE or not colno or colno <= LINE * 2 // 3:
        return 0, LINE
    first = min(colno - LINE // 3, len(line) - LINE // 2)
    return max(0, first), max(0, first) + LINE


def _shown(line: str, first: int, last: int) -> str:
    line = line.rstrip("\r\n").replace("\n", " ").replace("\r", " ")
    cut = line[first:last]
    return ("…" if first else "") + cut + ("…" if last < len(line) else "")


def _marked(line: str, colno: int | None, first: int) -> tuple[int, int] | None:
    """The borders of the expression at a column (1-based) of the line as shown."""
    if not colno:
        return None
    at = colno - 1 - first + (1 if first else 0)
    if not 0 <= at < len(line):
        return None
    before, after = _EXPRESSION.search(line[:at]), _REST.match(line, at)
    start = at - len(before.group()) if before else at
    end = after.end() if after else at
    return (start, end) if start < end and line[start:end].strip(".") else None
