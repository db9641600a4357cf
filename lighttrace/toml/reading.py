"""A text being read: every mistake is found, and named with its path and line."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from lighttrace.errors import ConfigError, Problem
from lighttrace.toml.places import Where, lines_of, lines_of_rules
from lighttrace.toml.setting import ReadLines, Setting, Table, settings
from lighttrace.toml.spelling import shown

T = TypeVar("T", bound=Table)

SECRET_FILE_BYTES = 64 * 1024
TOML_EXAMPLE = 'name = "text" or name = 5 on a line of its own, below its [table]'
_VARIABLE = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})")


@dataclass(slots=True)
class Reading:
    """A text being read. `problems` grows; nothing is raised before `check()`."""

    source: str
    folder: Path  # what `NAME_file` is relative to
    env: Mapping[str, str]
    root: type[Table]
    problems: list[Problem] = field(default_factory=list)
    lines: dict[Where, int] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)  # its lines
    read: list[tuple[Table, Where]] = field(default_factory=list)  # tables, and where they are
    maimed: set[Where] = field(default_factory=set)  # tables of which some inside are wrong

    def parse(self, text: str) -> None:
        """Read the text. Raises ConfigError at once if it is not TOML at all."""
        try:
            self.values = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # also of numbers and lists without an end
            message, _, place = str(error).partition(" (at ")
            line = re.search(r"line (\d+)", place)
            number = int(line[1]) if line else None
            quotes = text.split("\n")[number - 1].count('"') if number else 0
            example = TOML_EXAMPLE
            if "overwrite" in message:
                example = "each name once below its [table]"
            elif quotes > 2:
                example = "name = 'text with \"quotes\" in it'"
            found = Problem("", f"this is not TOML: {message}.", example, number)
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
        """The table that `raw` stands for, or None: something that it needs is missing or wrong."""
        if not isinstance(raw, dict):
            number = isinstance(where[-1], int)
            names = ".".join(part for part in where if isinstance(part, str))
            example = f"[[{names}]]" if number else f"[{names}]"
            self.wrong(where, f"expected a table, got {shown(raw)}.", example)
            return None
        known = {setting.key: setting for setting in settings(cls)}
        secret_files = {f"{key}_file": one for key, one in known.items() if one.note.secret}
        kept: dict[str, Any] = {}
        complete = True
        for key, value in raw.items():
            here = (*where, key)
            if key in secret_files:
                setting = secret_files[key]
                if setting.key in raw:
                    self.wrong(here, f"{setting.key} is given as well: one of the two is enough.")
                secret = self._secret(value, here)
                ok, read = (False, None) if secret is None else self._read(setting, secret, here)
                if ok:
                    kept[setting.attribute] = read
                elif setting.is_needed:
                    complete = False
            elif key not in known:
                self._unknown(here, key, [*known, *secret_files], cls.instead_of(key, value))
            else:
                setting = known[key]
                ok, read = self._value(setting, value, here)
                if ok:
                    kept[setting.attribute] = read
                elif setting.is_needed:
                    complete = False
        for setting in known.values():
            given = setting.key in raw or (setting.note.secret and f"{setting.key}_file" in raw)
            if setting.is_needed and not given:
                self.wrong(where, f"{setting.key} is missing.", setting.line)
                complete = False
        if not complete:
            return None
        if "line" in cls.__struct_fields__ and "line" not in known:
            kept["line"] = self.lines.get(where)
        table = cls(**kept)
        self.read.append((table, where))
        if where in self.maimed:  # whoever is missing is not missed by name as well
            return table
        for one in table.disagreements():
            at = next((at for it, at in self.read if it is one.of), where)
            self.wrong((*at, one.key) if one.key else at, one.message, one.example)
        return table

    def _value(self, setting: Setting, value: Any, where: Where) -> tuple[bool, Any]:
        if setting.table is not None and setting.many:
            if not isinstance(value, list):
                message = f"expected a list of tables, got {shown(value)}."
                self.wrong(where, message, f"[[{self._path(where)}]]")
                return False, None
            read = [self.struct(setting.table, one, (*where, n)) for n, one in enumerate(value)]
            whole = tuple(one for one in read if one is not None)
            if len(whole) < len(read):
                self.maimed.add(where[:-1])
            return True, whole
        if setting.table is not None:
            one = self.struct(setting.table, value, where)
            return one is not None, one
        known = len(self.problems)
        value, replaced = self._expanded(value, where)
        if len(self.problems) > known:
            return False, None
        if setting.lines is not None:
            return self._rules(setting, setting.lines, value, where)
        # what came out of the environment is text, whatever is wanted
        return self._read(setting, value, where, strict=not replaced)

    def _read(
        self, setting: Setting, value: Any, where: Where, *, strict: bool = True
    ) -> tuple[bool, Any]:
        try:
            if setting.read is not None:
                return True, setting.read(value)
            return True, msgspec.convert(value, setting.type, strict=strict)
        except ValueError as error:  # msgspec's ValidationError is one
            of_ours = not isinstance(error, msgspec.ValidationError)
            detail = str(error) if of_ours else _nearest(value, setting.choices)
            got = "that" if setting.note.secret else shown(value)
            if detail.startswith(got):  # which says what is wrong with it, and what is not
                message = detail
            else:
                message = f"expected {setting.expected}, got {got}{f': {detail}' if detail else ''}"
            self.wrong(where, _ended(message), setting.line)
            return False, None

    def _rules(
        self, setting: Setting, read: ReadLines, value: Any, where: Where
    ) -> tuple[bool, Any]:
        """Rules, one a line: a text of several lines, or a list of texts."""
        texts = value.splitlines() if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(it, str) for it in texts):
            message = f"expected {setting.expected}, got {shown(value)}."
            self.wrong(where, message, setting.line)
            return False, None
        in_a_row = isinstance(value, str)
        numbers = lines_of_rules(self.text, self.lines.get(where), texts, in_a_row=in_a_row)
        rules, mistakes = read(zip(texts, numbers, strict=True))
        for one in mistakes:
            self.wrong(where, one.message, line=one.line)
        return not mistakes, rules

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
            self.wrong(where, f"expected the path of a file, got {shown(value)}.")
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

    def _unknown(self, where: Where, key: str, known: list[str], instead: str) -> None:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        homes = [
            table.heading
            for table in settings(self.root)
            if table.table and any(one.key == key for one in settings(table.table))
        ]
        if instead:
            hint = f"{instead} "
        elif near:
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


def _nearest(value: Any, choices: Sequence[Any]) -> str:
    """Which of the choices was probably meant, as a question; nothing if nobody can know."""
    texts = [it for it in choices if isinstance(it, str)]
    near = difflib.get_close_matches(value, texts, n=1) if isinstance(value, str) else []
    return f'did you mean "{near[0]}"?' if near else ""


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("?", ".")) else f"{sentence}."
