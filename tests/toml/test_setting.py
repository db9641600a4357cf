"""A setting is declared once; what is expected of it follows from its type."""

from typing import Annotated, Literal

import pytest
from msgspec import field

from lighttrace.toml.comments import comments
from lighttrace.toml.setting import (
    NOT_IN_FILE,
    Note,
    Setting,
    Table,
    letters,
    read_by,
    settings,
    within,
)

Cups = Annotated[int, within(1, 6, "cups,")]


class Pot(Table, frozen=True):
    """What the tea is made in."""

    tea: Annotated[str, letters(20), Note("a kind of tea", "Assam")]
    """What is in it."""
    cups: Annotated[Cups | None, Note(example=4)] = None
    """For how many, if the pot
    is not for one.
    """
    warm: bool = True
    size: Literal["small", "big", "huge"] = "big"
    weight_g: Annotated[int, read_by(int, "a weight")] = field(default=500, name="weight")
    """Without the tea."""


class Shelf(Table, frozen=True):
    best: Pot | None = None
    pots: tuple[Pot, ...] = field(default=(), name="pot")
    dusted: Annotated[int, NOT_IN_FILE] = 0


def pot(key: str) -> Setting:
    return next(one for one in settings(Pot) if one.key == key)


@pytest.mark.parametrize(
    ("key", "expected", "line"),
    [
        ("tea", "a kind of tea", 'tea = "Assam"'),
        ("cups", "cups, from 1 to 6", "cups = 4"),
        ("warm", "true or false", "warm = true"),
        ("size", '"small", "big" or "huge"', 'size = "big"'),
        ("weight", "a weight", "weight = 500"),
    ],
)
def test_what_is_expected_and_how_a_line_of_it_looks(key: str, expected: str, line: str):
    assert (pot(key).expected, pot(key).line) == (expected, line)


def test_only_what_has_no_default_must_be_given():
    assert [one.key for one in settings(Pot) if one.is_needed] == ["tea"]


def test_a_key_may_be_spelled_other_than_its_attribute():
    assert (pot("weight").attribute, pot("weight").read) == ("weight_g", int)


def test_tables_are_settings_and_what_is_not_for_the_file_is_none():
    assert [(one.heading, one.table) for one in settings(Shelf)] == [
        ("[best]", Pot),
        ("[[pot]]", Pot),
    ]


def test_what_is_said_of_a_setting_stands_below_it():
    assert {key: " ".join(text.split()) for key, text in comments(Pot).items()} == {
        "tea": "What is in it.",
        "cups": "For how many, if the pot is not for one.",
        "weight_g": "Without the tea.",
    }
