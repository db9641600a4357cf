"""A TOML text into structs, shown on the settings of a tea shop."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta, field

from lighttrace.errors import ConfigError, Problem
from lighttrace.toml.reading import Reading
from lighttrace.toml.setting import NOT_IN_FILE, Disagreement, Note, Table, read_by
from lighttrace.toml.spelling import as_toml


def even(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError
    if value % 2:
        raise ValueError("one cup would be left over")
    return value


class Pot(Table, frozen=True):
    tea: Annotated[str, Meta(min_length=1), Note("a kind of tea", "Assam")]
    cups: Annotated[int, read_by(even, "an even number")] = 4
    warm: bool = True


class Till(Table, frozen=True):
    pin: Annotated[str | None, Note("a secret", "${PIN}", secret=True)] = None
    coins: Annotated[tuple[str, ...], Note("a list", ["1 €"])] = ()
    pot: Pot = Pot("the house's own")

    def disagreements(self) -> Iterator[Disagreement]:
        if self.pin == "0000":
            yield Disagreement("pin", "everybody would try that first.", 'pin = "${PIN}"')
        if self.coins == ("lost",):
            yield Disagreement("", "the coins are gone.")


class Shop(Table, frozen=True):
    till: Till = Till()
    pots: tuple[Pot, ...] = field(default=(), name="pot")
    opened: Annotated[int, NOT_IN_FILE] = 0


def read(text: str, *, env: Mapping[str, str] | None = None, folder: Path = Path()) -> Shop:
    reading = Reading("shop.toml", folder, env or {}, Shop)
    reading.parse(text)
    shop = reading.struct(Shop, reading.values)
    reading.check()
    assert shop is not None
    return shop


def mistakes(text: str, **given: Any) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        read(text, **given)
    assert caught.value.source == "shop.toml"
    return caught.value.problems


def mistake(text: str, **given: Any) -> Problem:
    (only,) = mistakes(text, **given)
    return only


def test_an_empty_text_is_what_holds_without_it():
    assert read("") == Shop()


def test_tables_lists_of_tables_and_tables_in_tables():
    shop = read(
        '[till]\ncoins = ["1 €", "2 €"]\n[till.pot]\ntea = "Ceylon"\n'
        '[[pot]]\ntea = "Assam"\ncups = 2\n[[pot]]\ntea = "Sencha"\nwarm = false\n'
    )
    assert shop.till == Till(coins=("1 €", "2 €"), pot=Pot("Ceylon"))
    assert shop.pots == (Pot("Assam", 2), Pot("Sencha", warm=False))


@pytest.mark.parametrize(
    ("line", "path", "message", "example"),
    [
        ("cups = 3", "cups", "expected an even number, got 3: one cup would be left over.", 4),
        ('cups = "x"', "cups", 'expected an even number, got "x".', 4),
        ('warm = "yes"', "warm", 'expected true or false, got "yes".', True),
        ("warm = 1", "warm", "expected true or false, got 1.", True),
        ("warm = [true]", "warm", "expected true or false, got [true].", True),
        ("warm.very = true", "warm", "expected true or false, got a table.", True),
        ("warm = 2026-11-18", "warm", "expected true or false, got 2026-11-18.", True),
        (f'warm = "{"a" * 99}"', "warm", f'expected true or false, got "{"a" * 58}….', True),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    line: str, path: str, message: str, example: Any
):
    found = mistake(f'[[pot]]\ntea = "Assam"\n\n# a remark\n{line}\n')
    assert found == Problem(f"pot number 1.{path}", message, f"{path} = {as_toml(example)}", line=5)


def test_what_must_be_given_is_missed_where_its_table_begins():
    found = mistake('[[pot]]\ntea = "Assam"\n[[pot]]\ncups = 2\n')
    assert found == Problem("pot number 2", "tea is missing.", 'tea = "Assam"', line=3)


def test_a_table_of_a_list_goes_by_its_name():
    class Named(Table, frozen=True):
        name: Annotated[str, Note("a name", "mint")]
        size: Annotated[int, Note("a size")] = 1

    class Shelf(Table, frozen=True):
        jars: tuple[Named, ...] = field(default=(), name="jar")

    reading = Reading("shelf.toml", Path(), {}, Shelf)
    reading.parse('[[jar]]\nname = "mint"\nsize = "big"\n')
    reading.struct(Shelf, reading.values)
    assert [problem.path for problem in reading.problems] == ['jar "mint".size']


@pytest.mark.parametrize(
    ("text", "path", "hint"),
    [
        (
            "[till]\ncoin = []\n",
            "till.coin",
            'Did you mean "coins"? Known here: pin, coins, pot, pin_file.',
        ),
        ('[till]\npin_fil = "x"\n', "till.pin_fil", 'Did you mean "pin_file"?'),
        ("[till]\ncups = 2\n", "till.cups", "It belongs to [[pot]]."),
        ("coins = []\n", "coins", "It belongs to [till]."),
        ("[tills]\n", "tills", 'Did you mean "till"?'),
        ("[cellar]\nwine = 1\n", "cellar", "there is no such setting. Known here: till, pot."),
        ("opened = 3\n", "opened", "Known here: till, pot."),
    ],
)
def test_an_unknown_key_is_told_the_nearest_right_one(text: str, path: str, hint: str):
    found = mistake(text)
    assert found.path == path
    assert found.message.startswith("there is no such setting.")
    assert hint in found.message


@pytest.mark.parametrize(
    ("text", "path", "message", "example"),
    [
        ("till = 5\n", "till", "expected a table, got 5.", "[till]"),
        ("pot = 5\n", "pot", "expected a list of tables, got 5.", "[[pot]]"),
        ('[pot]\ntea = "x"\n', "pot", "expected a list of tables, got a table.", "[[pot]]"),
        ('pot = ["x"]\n', "pot number 1", 'expected a table, got "x".', "[[pot]]"),
        ("[[till]]\n", "till", "expected a table, got [{}].", "[till]"),
    ],
)
def test_something_else_where_a_table_belongs(text: str, path: str, message: str, example: str):
    found = mistake(text)
    assert (found.path, found.message, found.example) == (path, message, example)
    assert found.line == 1


def test_every_mistake_is_told_at_once_in_the_order_of_the_file():
    found = mistakes(
        '[[pot]]\ncups = 1\n\n[till]\ncoins = 5\ncoin = 5\n[[pot]]\ntea = ""\n[bar]\nx = 1\n'
    )
    assert [(problem.line, problem.path) for problem in found] == [
        (1, "pot number 1"),
        (2, "pot number 1.cups"),
        (5, "till.coins"),
        (6, "till.coin"),
        (8, "pot number 2.tea"),
        (9, "bar"),
    ]


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("[till\n", "Expected ']' at the end of a table declaration", 1),
        ("[till]\ncoins\n", "Expected '=' after a key in a key/value pair", 2),
        ("[till]\n\npin = hunter2\n", "Invalid value", 3),
        ("[till]\n[till]\n", "Cannot declare ('till',) twice", 2),
        ('[till]\npin = "1"\npin = "2"\n', "Cannot overwrite a value", 3),
        ("coins = [", "Invalid value", None),
        (f"cups = {'9' * 5000}", "Exceeds the limit", None),
        (f"coins = {'[' * 9999}", "recursion", None),
    ],
)
def test_what_is_not_toml_is_said_with_its_line(text: str, words: str, line: int | None):
    found = mistake(text)
    assert found.path == ""
    assert found.message.startswith("this is not TOML: ")
    assert words in found.message
    assert found.line == line
    assert found.example


def test_values_come_from_the_environment_as_what_is_wanted():
    text = '[till]\npin = "a${PIN}z"\ncoins = ["${COIN}", "2 €"]\n'
    shop = read(f'{text}[[pot]]\ntea = "x"\nwarm = "${{WARM}}"\n', env=ENV)
    assert shop.till == Till(pin="a1234z", coins=("1 €", "2 €"))
    assert shop.pots[0].warm is False


ENV = {"PIN": "1234", "COIN": "1 €", "WARM": "false", "ODD": "3"}


def test_a_dollar_is_only_special_before_a_brace():
    assert read('[till]\npin = "$5, $PIN, {PIN}, $${PIN}, ${}"\n', env=ENV).till.pin == (
        "$5, $PIN, {PIN}, ${PIN}, ${}"
    )


def test_what_the_environment_gave_is_not_looked_through_again():
    assert read('[till]\npin = "${A}"\n', env={"A": "${B}"}).till.pin == "${B}"


def test_a_variable_that_is_not_there_is_named_with_the_remedy():
    found = mistake('[till]\npin = "${PIM}"\n', env=ENV)
    assert found.path == "till.pin"
    assert found.message == "the environment has no variable PIM."
    assert found.example == "set PIM before the start, or write $${PIM} for the text itself"
    assert found.line == 2


def test_a_wrong_value_of_the_environment_is_one_of_the_file():
    found = mistake('[[pot]]\ntea = "x"\nwarm = "${ODD}"\n', env=ENV)
    assert found.message == 'expected true or false, got "3".'


def test_a_secret_may_come_from_a_file_beside(tmp_path: Path):
    (tmp_path / "pin").write_bytes(b" 12 34 \r\n")
    text = '[till]\npin_file = "pin"\n'
    assert read(text, folder=tmp_path).till.pin == " 12 34 "
    absolute = f'[till]\npin_file = "{tmp_path}/${{NAME}}"\n'
    assert read(absolute, env={"NAME": "pin"}).till.pin == " 12 34 "


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (None, 'pin_file = "pin"', "cannot read {}/pin: No such file or directory."),
        (None, 'pin_file = "."', "cannot read {}: Is a directory."),
        (b"", 'pin_file = "pin"', "{}/pin is empty."),
        (b"\n", 'pin_file = "pin"', "{}/pin is empty."),
        (b"\xff", 'pin_file = "pin"', "{}/pin is not text in UTF-8."),
        (b"1", "pin_file = 1234", "expected the path of a file, got 1234."),
        (b"1", 'pin_file = ""', 'expected the path of a file, got "".'),
        (b"1", 'pin_file = "${HOLE}"', "the environment has no variable HOLE."),
        (b"1", 'pin_file = "pin"\npin = "2"', "pin is given as well: one of the two is enough."),
    ],
)
def test_a_secret_file_that_does_not_help(
    tmp_path: Path, content: bytes | None, line: str, words: str
):
    if content is not None:
        (tmp_path / "pin").write_bytes(content)
    found = mistake(f"[till]\n{line}\n", folder=tmp_path)
    assert (found.path, found.line) == ("till.pin_file", 2)
    assert found.message == words.format(tmp_path)


def test_a_wrong_secret_is_not_repeated():
    found = mistake("[till]\npin = 1234\n")
    assert found.message == "expected a secret, got that."


def test_only_secrets_have_a_file():
    assert "no such setting" in mistake('[till]\ncoins_file = "x"\n').message


def test_a_mistake_in_an_inline_table_has_the_line_it_begins_on():
    found = mistake("[till]\ncoins = []\npot = { tea = 5 }\n")
    assert (found.path, found.line) == ("till.pot.tea", 3)


@pytest.mark.parametrize(
    ("text", "path", "message", "example", "line"),
    [
        ('pin = "0000"', "till.pin", "everybody would try that first.", 'pin = "${PIN}"', 2),
        ('coins = ["lost"]', "till", "the coins are gone.", "", 1),
    ],
)
def test_what_no_setting_can_know_alone_is_said_of_the_one_at_fault_or_of_the_table(
    text: str, path: str, message: str, example: str, line: int
):
    assert mistake(f"[till]\n{text}\n") == Problem(path, message, example, line)
