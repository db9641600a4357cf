'''How a setting is declared: once, as a field of a `Table`.

    port: Port = 8000
    """The port to listen on."""

The name is the field's, or the one that `msgspec.field(name=…)` gives it. The type says what is
right: a plain one, or a kind with bounds or a reader of its own (`within`, `letters`, `read_by`,
`lines_by`), and a `Note` what it does not. What holds without the setting is the field's default;
without one it must be given. The text below it is for people who write the file (`comments`).
Fields of table types are tables, tuples of tables are arrays of tables.
'''

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Protocol, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from lighttrace.toml.spelling import as_toml


@dataclass(frozen=True, slots=True)
class Note:
    """What the type and the default of a setting do not say."""

    expected: str = ""  # finishes the sentence "expected …"
    example: Any = None  # None: the default is one
    secret: bool = False  # `NAME_file` is understood too, and it is never repeated
    in_file: bool = True  # False: it is not for the file to say


NOT_IN_FILE = Note(in_file=False)


class RuleMistake(Protocol):
    """What is wrong with a rule, and in which line of the file, if that is known."""

    @property
    def message(self) -> str: ...

    @property
    def line(self) -> int | None: ...


ReadLines = Callable[[Iterable[tuple[str, int | None]]], tuple[Any, Sequence[RuleMistake]]]


def within(least: int, most: int, what: str) -> Meta:
    """The kind of a number with bounds; `what` as in "seconds," or "a number of days"."""
    return Meta(ge=least, le=most, description=f"{what} from {least} to {most}")


def letters(most: int) -> Meta:
    return Meta(min_length=1, max_length=most, description=f"a name of at most {most} letters")


def read_by(read: Callable[[Any], Any], expected: str) -> Meta:
    """The kind that a function makes of the raw value. It raises ValueError if it cannot."""
    return Meta(description=expected, extra={"read": read})


def lines_by(read: ReadLines, expected: str) -> Meta:
    """The kind of rules, one a line: of (text, line) of each, the rules and the mistakes."""
    return Meta(description=expected, extra={"lines": read})


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What no setting of a table can know alone. `key` names the one at fault, or "" the table.
    `of`: the table inside that it belongs to.
    """

    key: str
    message: str
    example: str = ""
    of: "Table | None" = None


class Table(Struct, frozen=True):
    """A `[table]` of the file. Its docstring goes on behind the colon as the table's comment."""

    def disagreements(self) -> Iterator[Disagreement]:
        return iter(())

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str:
        """What to write instead of a key that is not there, in a sentence; nothing if nobody can
        know.
        """
        return ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a table, as the structs declare it."""

    key: str  # as the file spells it
    attribute: str
    type: Any
    note: Note
    expected: str
    default: Any
    read: Callable[[Any], Any] | None = None
    lines: ReadLines | None = None
    table: type[Table] | None = None  # of `[key]` or `[[key]]`
    many: bool = False
    choices: tuple[Any, ...] = ()  # of a Literal

    @property
    def is_needed(self) -> bool:
        return self.default is NODEFAULT

    @property
    def shown(self) -> Any:
        """An example, which is the default where that shows something."""
        return self.default if self.note.example is None else self.note.example

    @property
    def line(self) -> str:
        return f"{self.key} = {as_toml(self.shown)}"

    @property
    def heading(self) -> str:
        return f"[[{self.key}]]" if self.many else f"[{self.key}]"


def settings(cls: type[Table]) -> Iterator[Setting]:
    """The settings and tables that a table declares, in its order."""
    hints = get_type_hints(cls, include_extras=True)
    for one in msgspec.structs.fields(cls):
        bare, notes = _unwrapped(hints[one.name])
        table, many = _table(bare)
        note = next((note for note in notes if isinstance(note, Note)), Note())
        if not note.in_file:
            continue
        kinds = [note for note in notes if isinstance(note, Meta)]
        extra = {name: value for kind in kinds for name, value in (kind.extra or {}).items()}
        described = next((kind.description for kind in kinds if kind.description), "")
        yield Setting(
            key=one.encode_name,
            attribute=one.name,
            type=hints[one.name],
            note=note,
            expected=note.expected or described or _choices(bare),
            default=one.default,
            read=extra.get("read"),
            lines=extra.get("lines"),
            table=table,
            many=many,
            choices=get_args(bare) if get_origin(bare) is Literal else (),
        )


def _unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """A type without its notes and without `| None`, and the notes."""
    if get_origin(hint) is Annotated:
        bare, notes = _unwrapped(get_args(hint)[0])
        return bare, [*notes, *hint.__metadata__]
    if get_origin(hint) in (Union, UnionType):
        first, *_ = (one for one in get_args(hint) if one is not type(None))
        return _unwrapped(first)
    return hint, []


def _table(bare: Any) -> tuple[type[Table] | None, bool]:
    """The table that a type stands for, and whether it stands for several."""
    if isinstance(bare, type) and issubclass(bare, Table):
        return bare, False
    if get_origin(bare) is tuple:
        return _table(get_args(bare)[0])[0], True
    return None, False


def _choices(bare: Any) -> str:
    if bare is bool:
        return "true or false"
    if get_origin(bare) is Literal:
        *others, last = map(as_toml, get_args(bare))
        return f"{', '.join(others)} or {last}"
    return "something else"
