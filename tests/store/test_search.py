"""What people type finds what they mean, and nothing they type is an error."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lighttrace.store import search
from tests.store.make import DAY, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

AS_TOLD = {1: 3, 2: 1, 3: 2}  # the id of an issue → the group it is called by below


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with a_shelf(tmp_path_factory.mktemp("search")) as made:
        for write in (
            an_event(group="3", title="Käse", value="ist aus", at=NOON - 10 * DAY, tags=()),
            an_event(
                group="1",
                title="PaymentError",
                value="gateway answered 502",
                tags=(("component", "checkout"), ("browser", "Chrome 130")),
                search_frames="charge_card billing/gateway.ts",
            ),
            an_event(
                group="2",
                title="KeyError",
                value="'tax_region'",
                environment="staging",
                level="warning",
                release="shop@2.0.0",
                tags=(("component", "invoice"), ("url", "https://shop.example/a b")),
                search_frames="lines invoice.py",
            ),
            an_event(
                group="1",
                title="PaymentError",
                value="order 4711 was paid twice",
                event_id="ab" * 16,
                tags=(("component", "checkout"), ("browser", "Firefox 150")),
            ),
        ):
            made.receive(write)
        yield made


@pytest.fixture
def found(shelf: Shelf) -> Callable[..., set[int] | None]:
    def ask(text: str, env: str | None = None, since_ms: int = 0) -> set[int] | None:
        ids = search.matching(shelf.db, text, env, since_ms)
        return None if ids is None else {AS_TOLD[issue_id] for issue_id in ids}

    return ask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gateway", {1}),
        ("GATEWAY payment", {1}),  # the last word may be the beginning of one
        ("gatew", {1}),
        ("gatew ", set()),  # it is over
        ('"gatew"', set()),
        ('"answered 502"', {1}),
        ('"502 answered"', set()),
        ("tax_region", {2}),
        ("invoice.py", {2}),  # a frame
        ("kase", {3}),  # without its dots
        ("4711", {1}),  # only a later event says so
        ("order twice", {1}),
        ("checkout", {1}),  # the value of a tag
        ("gateway invoice", set()),
        ("component:checkout", {1}),
        ("component:checkout gateway", {1}),
        ("component:checkout tax", set()),
        ('browser:"Firefox 150"', {1}),
        ('browser:"Firefox 150" component:invoice', set()),
        ("component:none", set()),
        ("level:warning", {2}),
        ("environment:staging", {2}),
        ("release:shop@2.0.0", {2}),
        ('url:"https://shop.example/a b"', {2}),
        ("https://shop.example", {2}),  # no tag of that name: words
        ("SHOP-1", {3}),
        ("shop-2", {1}),
        ("ab" * 16, {1}),
        ("AB" * 16, {1}),
        ("cd" * 16, set()),
    ],
)
def test_a_text_finds(found: Callable[..., set[int] | None], text: str, expected: set[int]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ["", "  ", '"', "!!!", "-", '""', "* *", "\0"])
def test_a_text_that_says_nothing_asks_for_nothing(
    found: Callable[..., set[int] | None], text: str
) -> None:
    assert found(text) is None


def test_tags_are_looked_for_in_the_environment_and_period_of_the_list(
    found: Callable[..., set[int] | None],
) -> None:
    assert found("component:invoice", "staging") == {2}
    assert found("component:invoice", "production") == set()
    assert found('browser:"Firefox 150"', since_ms=NOON) == {1}
    assert found("level:error", since_ms=NOON) == {1}
    assert found("level:error") == {1, 3}


@pytest.mark.parametrize(
    "text",
    [
        'NEAR(a b) AND title : "x" OR NOT *',
        "title:gateway",
        '"; drop table event; --',
        "a" * 100_000,
        "\udc00 x",
        "{x q}: ^z",
        "a:b:c:d " * 500,
        "' or 1=1",
    ],
)
def test_the_query_language_of_the_index_cannot_be_spoken(
    found: Callable[..., set[int] | None], text: str
) -> None:
    assert found(text) == set()


@given(text=st.text(st.sampled_from("ab:\"* -^(){}.\0\\'ü日_+AND NOT"), max_size=30) | st.text())
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_is_an_error(found: Callable[..., set[int] | None], text: str) -> None:
    found(text)
