"""Which issues are like another: really similar ones are found, with the reason; others are not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lighttrace.store import issues, similar
from lighttrace.store.sight import ALL
from lighttrace.store.similar import Similar, Traits, likeness
from tests.store.make import NOON, an_event
from tests.store.shelf import Shelf, a_shelf

CHARGE = "billing.gateway · charge · raise PaymentError(code)"
CHECKOUT = "shop.api · checkout · charge(order)"
RETRY = "shop.jobs · retry · charge(order)"
TRACK = "checkout.tsx · track('placed', order.id);"
SUBMIT = "button.tsx · await pay(cart);"


def of(types: Any, *frames: str, words: str = "") -> Traits:
    return Traits((types,) if types else (), frames, frozenset(words.split()))


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (of("E", CHARGE, CHECKOUT), of("F", CHARGE, CHECKOUT), "same frames, other type"),
        (of("E", CHARGE), of("E", CHARGE, words="x"), "same frame"),
        (of("E", CHARGE, CHECKOUT), of("E", CHARGE, RETRY), "same top frame, other caller"),
        (
            of("E", CHARGE, CHECKOUT, "a · main · go()"),
            of("E", CHARGE, CHECKOUT, "b · main · go()"),
            "same top 2 frames, other caller",
        ),
        (
            of("E", "x · a · b", CHARGE, CHECKOUT, RETRY),
            of("E", "y · a · b", CHARGE, CHECKOUT, RETRY),
            "same 3 of 4 frames",
        ),
        (of("E", TRACK, SUBMIT), of("E", "checkout.tsx · track(null);", SUBMIT), "same caller"),
        (
            of("E", CHARGE),
            of("E", "billing.gateway · charge · post(url)"),
            "same function, other line",
        ),
        (of("E", TRACK), of("E", "checkout.tsx · open();"), "same file, other line of source"),
        (of("", words="stock is negative"), of("", words="stock is negative"), "same words"),
        (
            of("", words="could not restore cart"),
            of("", words="could not restore basket"),
            "much the same words",
        ),
    ],
)
def test_what_two_have_in_common_is_said(a: Traits, b: Traits, reason: str) -> None:
    found = likeness(a, b)
    assert found is not None and found.reason == reason
    assert 0 < found.score <= 1
    assert likeness(b, a) is not None and likeness(b, a).score == found.score  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (of("TypeError", TRACK), of("TypeError", "cart.tsx · total();")),  # a type alone
        (of("TypeError", TRACK), of("RangeError", "checkout.tsx · open();")),  # a file alone
        (of("E", TRACK, words="x y z"), of("F", CHARGE, words="x y z")),  # words alone
        (of("", words="cart is empty"), of("", words="stock is negative")),
        (of("E", TRACK), of("", words="stock is negative")),
        (of(""), of("")),
    ],
)
def test_what_half_a_program_has_in_common_is_not(a: Traits, b: Traits) -> None:
    assert likeness(a, b) is None


def test_more_in_common_is_nearer() -> None:
    own = of("E", CHARGE, CHECKOUT, words="gateway answered")
    others = [
        of("E", CHARGE, CHECKOUT, words="gateway answered late"),
        of("E", CHARGE, RETRY, words="gateway answered"),
        of("E", "billing.gateway · charge · post(url)", RETRY),
        of("F", "billing.gateway · charge · post(url)", RETRY),
    ]
    scores = [it.score if (it := likeness(own, other)) else 0 for other in others]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 4


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "blog") as made:
        yield made


def fails(shelf: Shelf, group: str, title: str, value: str, *frames: str, project: int = 1) -> int:
    parts = [{"name": "type", "value": title, "used": True, "reason": ""}]
    parts += [{"name": "frame", "value": it, "used": True, "reason": ""} for it in frames]
    words = " ".join(it.partition(" · ")[0] for it in frames)
    return shelf.receive_one(
        an_event(
            group=group,
            title=title,
            value=value,
            project_id=project,
            at=NOON,
            search_frames=words,
            explain=json.dumps({"method": "exception", "why": "", "parts": parts}).encode(),
        )
    )


def found(shelf: Shelf, issue_id: int) -> list[Similar]:
    issue = issues.get(shelf.db, issue_id, ALL)
    assert issue is not None
    return similar.of_issue(shelf.db, issue)


def test_the_nearest_of_the_project_are_found(shelf: Shelf) -> None:
    own = fails(shelf, "a", "PaymentError", "gateway answered 502", CHARGE, CHECKOUT)
    near = fails(shelf, "b", "PaymentError", "gateway answered 504", CHARGE, RETRY)
    same = fails(shelf, "c", "GatewayError", "no answer", CHARGE, CHECKOUT)
    fails(shelf, "d", "KeyError", "'price'", "shop.cart · total · rows[0]")
    fails(shelf, "e", "PaymentError", "gateway answered 502", CHARGE, CHECKOUT, project=2)
    rows = found(shelf, own)
    assert [(it.issue_id, it.short_id, it.reason) for it in rows] == [
        (same, "SHOP-3", "same frames, other type"),
        (near, "SHOP-2", "same top frame, other caller"),
    ]
    assert 50 < rows[1].percent < rows[0].percent < 100


def test_what_is_alone_has_nothing_similar(shelf: Shelf) -> None:
    own = fails(shelf, "a", "KeyError", "'price'", "shop.cart · total · rows[0]")
    fails(shelf, "b", "ValueError", "not a number", "shop.forms · read · int(text)")
    assert found(shelf, own) == []


def test_a_word_everybody_has_does_not_hide_the_one_that_is_similar(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similar, "COMMON", 20)
    own = fails(shelf, "own", "AppError", "application failed in tax_region", CHARGE)
    twin = fails(shelf, "twin", "AppError", "application failed in tax_region", CHARGE, RETRY)
    for n in range(40):
        frame = f"module{n} · run · step()"
        fails(shelf, f"n{n}", "AppError", f"application failed in step{n}", frame)
    assert [it.issue_id for it in found(shelf, own)] == [twin]


def test_whatever_a_hash_was_explained_with_is_read(shelf: Shelf) -> None:
    """Old versions, other methods, nothing at all."""
    explains = (b"", b"{}", b'{"parts":[]}', b'{"parts":[{"name":"frame","used":true,"value":""}]}')
    for n, explain in enumerate(explains):
        shelf.receive_one(an_event(group=f"g{n}", at=NOON, explain=explain, title='a"b OR c*'))
    assert len(found(shelf, 1)) <= similar.MOST_SHOWN
