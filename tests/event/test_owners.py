"""Whose an event is: the last rule that matches, else the tag; and what a wrong rule is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.model import Event
from lighttrace.event.owners import (
    MOST_HIGH_VALUE,
    NO_RULES,
    Rulebook,
    high_value_rule,
    nearest,
    owner_rule,
    rules_of,
)
from lighttrace.event.patterns import Facts, PatternError
from lighttrace.event.tags import all_tags
from tests.event.make import read

SHOP = """
# who looks after what
module:*                    #storefront
path:src/catalog/*          #catalog
url:*/account/*             #storefront
path:src/checkout/*         #billing  mira@shop.example
tags.component:checkout !level:info   #billing
"""


def book(text: str, high_value: tuple[str, ...] = ()) -> Rulebook:
    rules, mistakes = rules_of(enumerate_lines(text))
    valued, wrong = rules_of(((it, None) for it in high_value), high_value=True)
    assert mistakes == () and wrong == ()
    return Rulebook(rules, valued)


def enumerate_lines(text: str) -> list[tuple[str, int | None]]:
    return [(line, number) for number, line in enumerate(text.splitlines(), 1)]


def won(rulebook: Rulebook, event: Event) -> tuple[str, tuple[str, ...]]:
    match = next(rulebook.matches(Facts(event, all_tags(event))))
    return match.words, match.owners


def in_file(path: str, **fields: object) -> Event:
    frames = [{"filename": path, "module": "m", "in_app": True}]
    return read(exception=[{"type": "E", "stacktrace": {"frames": frames}}], **fields)


def test_the_last_rule_that_matches_wins():
    shop = book(SHOP)
    assert won(shop, in_file("src/app.ts")) == ("module:*", ("#storefront",))
    assert won(shop, in_file("src/catalog/a.ts"))[1] == ("#catalog",)
    checkout = ("path:src/checkout/*", ("#billing", "mira@shop.example"))
    assert won(shop, in_file("src/checkout/a.ts")) == checkout
    told = in_file("src/catalog/a.ts", tags={"component": "Checkout"})
    assert won(shop, told) == ("tags.component:checkout !level:info", ("#billing",))


def test_all_matchers_of_a_rule_must_match():
    quiet = in_file("src/catalog/a.ts", tags={"component": "checkout"}, level="info")
    assert won(book(SHOP), quiet)[1] == ("#catalog",)


def test_a_team_tag_belongs_to_that_team_without_any_rule_and_rules_win_over_it():
    told = read(message="x", tags={"team": "Billing"})
    match = next(NO_RULES.matches(Facts(told, all_tags(told))))
    assert (match.words, match.owners, match.by_tag) == ("team:Billing", ("#billing",), True)
    assert won(book("level:* #storefront"), told)[1] == ("#storefront",)


@pytest.mark.parametrize("team", ["", "the billing team", "-", "x" * 51, "#billing"])
def test_a_tag_that_cannot_be_a_team_names_nobody(team: str):
    told = read(message="x", tags={"team": team})
    assert list(NO_RULES.matches(Facts(told, all_tags(told)))) == []


def test_every_rule_that_matches_is_told_the_winner_first():
    told = in_file("src/checkout/a.ts", tags={"team": "search"})
    found = [match.words for match in book(SHOP).matches(Facts(told, all_tags(told)))]
    assert found == ["path:src/checkout/*", "module:*", "team:search"]


def test_rules_keep_the_line_they_stand_on():
    assert [rule.line for rule in book(SHOP).rules] == [3, 4, 5, 6, 7]


WRONG = {
    "path:src/* billing": 'Did you mean "#billing"?',
    "path:src/my files/* #billing": "put quotes around both",
    "path:src/*": "no owner is named",
    "#billing": None,  # a comment
    "mira@shop.example": "no matcher says when",
    "path:src/* #billing # our money": "a comment stands on a line of its own",
    "path:src/* #Bill!": '"#Bill!" is no team',
    "#billing path:src/*": None,  # a comment too
    "mira@shop.example path:src/*": "matchers come first",
    "pth:src/* #billing": 'Did you mean "path:"?',
    'url:"*/account #billing': "is not closed",
    "path:a " * 20 + "#b": "at most 20 words",
    "path:" + "a" * 1000: "at most 1000 characters",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_told_what_is_wrong(line: str):
    rules, mistakes = rules_of([(line, 7)])
    expected = WRONG[line]
    assert rules == ()
    if expected is None:
        assert mistakes == ()
    else:
        assert mistakes[0].line == 7
        assert expected in mistakes[0].message


def test_high_value_rules_have_no_owner_and_need_no_quotes():
    valued = ("tags.component:checkout", "url:*/checkout/*", "transaction:POST /api/pay*")
    shop = book("", valued)
    paid = read(message="x", transaction="POST /api/payments")
    assert shop.value_of(Facts(paid, all_tags(paid))) == 'transaction:"POST /api/pay*"'
    other = read(message="x", transaction="GET /api/payments")
    assert shop.value_of(Facts(other, all_tags(other))) is None
    with pytest.raises(PatternError, match="has none"):
        high_value_rule("path:src/* #billing")
    with pytest.raises(PatternError, match="empty"):
        high_value_rule(" ")


def test_high_value_rules_are_few():
    many = [(f"tags.a:{n}", n) for n in range(MOST_HIGH_VALUE + 1)]
    rules, mistakes = rules_of(many, high_value=True)
    assert len(rules) == MOST_HIGH_VALUE
    assert "100 rules are as many" in mistakes[0].message


def test_the_mark_of_a_rulebook_follows_its_rules_and_not_their_lines():
    assert book(SHOP).mark == book("\n\n" + SHOP).mark
    marks = {book(SHOP).mark, book("").mark, book(SHOP, ("url:*",)).mark}
    assert len(marks | {Rulebook(book(SHOP).rules, auto_assign=True).mark}) == 4


def test_the_nearest_owner_is_offered():
    assert nearest("#biling", ["#billing", "#catalog"]) == ' Did you mean "#billing"?'
    assert nearest("#x", ["#billing"]) == ""


@given(st.text(max_size=80))
def test_any_line_is_read_or_refused_in_a_sentence(line: str):
    for high_value in (False, True):
        rules, _ = rules_of([(line, 1)], high_value=high_value)
        read_again = high_value_rule if high_value else owner_rule
        for rule in rules:
            assert read_again(str(rule), 1) == rule
