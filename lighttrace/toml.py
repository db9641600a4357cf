"""One TOML text into frozen structs. Every mistake is found, and named with its path and line.

The structs say what is right: a field whose annotation carries a `Meta` is a setting. `title` says
what it is for, `description` what was expected, `examples` shows one. `extra` may hold

- `read`: a function that turns the raw value into the real one, ValueError if it cannot;
- `lines`: the same for rules, one a line: given (text, line) of each it returns the rules, and the
  mistakes as values with `line` and `message`;
- `secret`: `NAME_file` is understood too.

Fields of struct types are tables, tuples of structs are arrays of tables.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from lighttrace.errors import ConfigError, Problem

T = TypeVar("T")
Where: TypeAlias = tuple[str | int, ...]  # ("project", 0, "slug"); arrays count from 0

SECRET_FILE_BYTES = 64 * 1024
SHOWN_CHARS = 60  # of a wrong value
_VARIABLE = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_HEADER = re.compile(r"\s*\[(\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_"'-]+)*)\s*=""")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a table, as the structs declare it."""

    key: str  # as the file spells it
    attribute: str
    type: Any
    meta: msgspec.Meta
    default: Any  # msgspec.NODEFAULT: must be given
    table: type[msgspec.Struct] | None = None  # of `[key]` or `[[key]]`
    many: bool = False

    @property
    def extra(self) -> dict[str, Any]:
        return self.meta.extra or {}

    @property
    def example(self) -> str:
        shown = self.meta.examples[0] if self.meta.examples else None
        return f"{self.key} = {as_toml(shown)}" if shown is not None else ""


def settings(cls: type[msgspec.Struct]) -> Iterator[Setting]:
    """The settings and tables a struct declares, in its order."""
    hints = get_type_hints(cls, include_extras=True)
    for one in msgspec.structs.fields(cls):
        meta, bare = _unwrapped(hints[one.name])
        table, many = _table(bare)
        if meta is None and table is None:
            continue  # not of the file
        default = one.default
        if one.default_factory is not msgspec.NODEFAULT:
            default = one.default_factory()
        shown = meta or msgspec.Meta()
        yield Setting(one.encode_name, one.name, bare, shown, default, table, many)


def _unwrapped(hint: Any) -> tuple[msgspec.Meta | None, Any]:
    if get_origin(hint) is not Annotated:
        return None, hint
    _, *notes = get_args(hint)
    return next((note for note in notes if isinstance(note, msgspec.Meta)), None), hint


def _table(hint: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    if get_origin(hint) is Annotated:
        return _table(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint, False
    if get_origin(hint) is tuple:
        return _table(get_args(hint)[0])[0], True
    if get_origin(hint) in (Union, UnionType):
        found = [table for table, _ in map(_table, get_args(hint)) if table is not None]
        return (found[0] if found else None), False
    return None, False


@dataclass(slots=True)
class Reading:
    """A text being read. `problems` grows; nothing is raised before `check()`."""

    source: str
    folder: Path  # what `NAME_file` is relative to
    env: Mapping[str, str]
    root: type[msgspec.Struct]
    problems: list[Problem] = field(default_factory=list)
    lines: dict[Where, int] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)  # its lines

    def parse(self, text: str) -> None:
        """Read the text. Raises ConfigError at once if it is not TOML at all."""
        try:
            self.values = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # also of numbers and lists without an end
            message, _, place = str(error).partition(" (at ")
            line = re.search(r"line (\d+)", place)
            found = Problem(
                "",
                f"this is not TOML: {message}.",
                'name = "text" or name = 5 on a line of its own, below its [table]',
                int(line[1]) if line else None,
            )
            raise ConfigError(self.source, [found]) from error
        self.lines = lines_of(text)
        self.text = text.splitlines()

    def check(self) -> None:
        """Raise ConfigError if anything was wrong, in the order of the file."""
        if self.problems:
            last = max(self.lines.values(), default=0) + 1
            raise ConfigError(
                self.source, sorted(self.problems, key=lambda problem: problem.line or last)
            )

    def wrong(self, where: Where, message: str, example: str = "", line: int | None = None) -> None:
        """Note a mistake. Without `line` it is that of the nearest thing above it which has one."""
        if line is None:
            above = (where[:n] for n in range(len(where), 0, -1))
            line = next((self.lines[it] for it in above if it in self.lines), None)
        self.problems.append(Problem(self._path(where), message, example, line))

    def struct(self, cls: type[T], raw: Any, where: Where = ()) -> T | None:
        """A struct of a table; None if something that it cannot do without is missing or wrong."""
        assert issubclass(cls, msgspec.Struct)
        if not isinstance(raw, dict):
            number = isinstance(where[-1], int)
            example = f"[[{where[-2]}]]" if number else f"[{where[-1]}]"
            self.wrong(where, f"expected a table, got {_shown(raw)}.", example)
            return None
        known = {setting.key: setting for setting in settings(cls)}
        secret_files = {f"{key}_file": one for key, one in known.items() if one.extra.get("secret")}
        kept: dict[str, Any] = {}
        complete = True
        for key, value in raw.items():
            here = (*where, key)
            if key in secret_files:
                setting = secret_files[key]
                if setting.key in raw:
                    self.wrong(here, f"{setting.key} is given as well: one of the two is enough.")
                secret = self._secret(value, here)
                if secret is not None:
                    kept[setting.attribute] = secret
            elif key not in known:
                self._unknown(here, key, [*known, *secret_files])
            else:
                setting = known[key]
                ok, read = self._value(setting, value, here)
                if ok:
                    kept[setting.attribute] = read
                elif setting.default is msgspec.NODEFAULT:
                    complete = False
        for setting in known.values():
            if setting.default is msgspec.NODEFAULT and setting.key not in raw:
                self.wrong(where, f"{setting.key} is missing.", setting.example)
                complete = False
        return cls(**kept) if complete else None

    def _value(self, setting: Setting, value: Any, where: Where) -> tuple[bool, Any]:
        if setting.table is not None and setting.many:
            if not isinstance(value, list):
                heading = f"[[{setting.key}]]"
                self.wrong(where, f"expected a list of tables, got {_shown(value)}.", heading)
                return False, None
            read = [self.struct(setting.table, one, (*where, n)) for n, one in enumerate(value)]
            return True, tuple(one for one in read if one is not None)
        if setting.table is not None:
            one = self.struct(setting.table, value, where)
            return one is not None, one
        known = len(self.problems)
        value, replaced = self._expanded(value, where)
        if len(self.problems) > known:
            return False, None
        if "lines" in setting.extra:
            return self._rules(setting, value, where)
        try:
            if "read" in setting.extra:
                return True, setting.extra["read"](value)
            # what came out of the environment is text, whatever is wanted
            return True, msgspec.convert(value, setting.type, strict=not replaced)
        except ValueError as error:  # msgspec's ValidationError is one
            what = setting.meta.description or "something else"
            detail = "" if isinstance(error, msgspec.ValidationError) else str(error)
            shown = "that" if setting.extra.get("secret") else _shown(value)
            why = f": {detail}" if detail else ""
            self.wrong(where, f"expected {what}, got {shown}{why}.", setting.example)
            return False, None

    def _rules(self, setting: Setting, value: Any, where: Where) -> tuple[bool, Any]:
        """Rules, one a line: a text of several lines, or a list of texts."""
        texts = value.splitlines() if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(it, str) for it in texts):
            what = setting.meta.description
            self.wrong(where, f"expected {what}, got {_shown(value)}.", setting.example)
            return False, None
        numbers = self._numbers(where, texts, in_a_row=isinstance(value, str))
        rules, mistakes = setting.extra["lines"](zip(texts, numbers, strict=True))
        for one in mistakes:
            self.wrong(where, one.message, line=one.line)
        return not mistakes, rules

    def _numbers(self, where: Where, texts: list[str], *, in_a_row: bool) -> list[int | None]:
        """The line of each rule; None where a list spells it in another way."""
        at = self.lines.get(where)
        if at is None:
            return [None] * len(texts)
        if in_a_row:  # TOML leaves out the line break right behind the quotes
            first = at + self.text[at - 1].rstrip().endswith(('"""', "'''"))
            return list(range(first, first + len(texts)))
        found: list[int | None] = []
        for text in texts:
            rest = range(at, len(self.text) + 1)
            quoted = (f'"{text}"', f"'{text}'")
            line = next((n for n in rest if any(q in self.text[n - 1] for q in quoted)), None)
            at = line or at
            found.append(line)
        return found

    def _expanded(self, value: Any, where: Where) -> tuple[Any, bool]:
        """`${NAME}` replaced in texts, at any depth of lists; whether there was one."""
        if isinstance(value, list):
            parts = [self._expanded(one, where) for one in value]
            return [part for part, _ in parts], any(replaced for _, replaced in parts)
        if not isinstance(value, str) or "$" not in value:
            return value, False
        replaced = False

        def put(match: re.Match[str]) -> str:
            nonlocal replaced
            name = match[2]
            if name is None:
                return "${"  # written $${
            replaced = True
            if name not in self.env:
                remedy = f"set {name} before the start, or write $${{{name}}} for the text itself"
                self.wrong(where, f"the environment has no variable {name}.", remedy)
                return ""
            return self.env[name]

        return _VARIABLE.sub(put, value), replaced

    def _secret(self, value: Any, where: Where) -> str | None:
        known = len(self.problems)
        value, _ = self._expanded(value, where)
        if len(self.problems) > known:
            return None
        if not isinstance(value, str) or not value:
            self.wrong(where, f"expected the path of a file, got {_shown(value)}.")
            return None
        path = self.folder / Path(value).expanduser()
        try:
            with path.open("rb") as file:
                text = file.read(SECRET_FILE_BYTES).decode()
        except OSError as error:
            self.wrong(where, f"cannot read {path}: {error.strerror}.")
        except UnicodeDecodeError:
            self.wrong(where, f"{path} is not text in UTF-8.")
        else:
            if secret := text.rstrip("\r\n"):
                return secret
            self.wrong(where, f"{path} is empty.")
        return None

    def _unknown(self, where: Where, key: str, known: list[str]) -> None:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        homes = [
            f"[[{table.key}]]" if table.many else f"[{table.key}]"
            for table in settings(self.root)
            if table.table and any(one.key == key for one in settings(table.table))
        ]
        if near:
            hint = f'Did you mean "{near[0]}"? '
        elif homes:
            hint = f"It belongs to {' or '.join(homes)}. "
        else:
            hint = ""
        self.wrong(where, f"there is no such setting. {hint}Known here: {', '.join(known)}.")

    def _path(self, where: Where) -> str:
        """`smtp.port`; a table of an array goes by its slug or name: `project "shop".platform`."""
        at: Any = self.values
        out = ""
        for part in where:
            if isinstance(part, str):
                at = at.get(part) if isinstance(at, dict) else None
                out += f".{part}" if out else part
                continue
            at = at[part] if isinstance(at, list) else None
            name = at.get("slug", at.get("name")) if isinstance(at, dict) else None
            out += f' "{name}"' if isinstance(name, str) else f" number {part + 1}"
        return out


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


def as_toml(value: Any) -> str:
    """A value as the file would spell it."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str) and value.endswith("\n"):
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: Any) -> str:
    """A wrong value in a message: short, and on one line."""
    if isinstance(value, dict):
        return "a table"
    shown = as_toml(value) if isinstance(value, str | int | float | list) else str(value)
    return shown if len(shown) <= SHOWN_CHARS else shown[: SHOWN_CHARS - 1] + "…"
