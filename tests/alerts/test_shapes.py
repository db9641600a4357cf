"""Every kind of news in every shape, past a server that takes only what its service takes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace import outward
from lighttrace.alerts import webhook
from lighttrace.alerts.news import KINDS as NEWS
from lighttrace.alerts.news import Comment, Line, News, Place
from lighttrace.alerts.shapes.text import backslashed, cut, fit, utf16_units
from lighttrace.alerts.webhook import Post
from tests.alerts.hooks import KINDS, NOON, URL, a_hook, a_told, hooked, some_news
from tests.alerts.services import CHECKS, Arrived

EVIL = "https://evil.example"
NASTY = (
    f"<!channel> @channel @here @everyone <@U1> [x]({EVIL}) ![]({EVIL}/p.png) <{EVIL}|x> *b* _i_ "
    "~s~ `c` ```f``` <script>alert(1)</script> &amp; \"q\" 'a' # > | \\ @bob\r\nX: y"
)


def of_kind(kind: str) -> News:
    match kind:
        case "held" | "digest":
            others = tuple(a_told(short_id=f"SHOP-{n}", value=NASTY) for n in range(20))
            return some_news(kind, told=None, others=others, count=57)
        case "feedback" | "quota":
            return some_news(kind, told=None, words="The project shop has used its events.")
        case "test":
            return some_news(kind, told=None)
        case "mention":
            said = Comment("Mira", "please *look*", f"{URL}/issues/SHOP-1#note-3")
            return some_news(kind, comment=said)
    return some_news(kind)


def as_arrived(news: News, kind: str) -> Arrived:
    """What a server would see, without one between."""
    request = webhook.request(news, a_hook(kind, "https://chat.example.com"), NOON)
    path = request.url.removeprefix("https://chat.example.com")
    headers = {"accept-encoding": "identity"}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    return Arrived(request.method, path, headers, request.body)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_of_every_kind_is_taken_by_the_service(kind: str) -> None:
    with hooked(kind) as server:
        post = Post(a_hook(kind, server.base))
        for news in NEWS:
            assert await post.send(of_kind(news), NOON) == ("200", "ok")
    assert len(server.arrived) == len(NEWS)
    everything = b"".join(it.body for it in server.arrived).decode()
    for fact in ("KeyError", "shop@2.1.0", f"{URL}/issues/SHOP-1?focus=acknowledge"):
        assert fact in everything.replace("\\\\", "").replace("\u200b", "")


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_says_is_what_happened(kind: str) -> None:
    """Count against usual, how many people, where, since when, why, and how old it is."""
    body = as_arrived(some_news("spike"), kind).body.decode().replace("\\\\", "")
    assert "I'm on it" in body or "I&#x27;m on it" in body
    if kind == "generic":
        payload = json.loads(body)
        assert payload["rate"] == {"count": 37, "window_min": 5, "usual": 2.0}
        assert payload["issue"]["place"]["code"][1]["hit"]
        assert payload["age_s"] == 1.1
        return
    for fact in (
        "18× more in shop: KeyError",
        "37 in 5 min, usually 2",
        "12",
        "production",
        "4 min after the deploy",
        "cart.py:12",
        "x()",
        "2026-11-24 11:59 UTC",
        "1.1 s after it was noticed",
    ):
        assert fact in body, fact


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_title_calls_nobody_and_marks_nothing_up(kind: str) -> None:
    told = a_told(
        title=NASTY,
        value=NASTY * 20,
        culprit=NASTY,
        release=NASTY,
        environment=NASTY,
        place=Place(NASTY, NASTY, (Line(1, NASTY, True),)),
        steps=(NASTY,),
    )
    CHECKS[kind](as_arrived(some_news(told=told, reasons=(NASTY,) * 10), kind))


hostile = st.text(max_size=600) | st.text(
    "<>&@*_`~|\\[]()!#\"' \n\r\t\u202e\u2028a😀", max_size=600
)
hostile = hostile | st.sampled_from(
    [NASTY, NASTY * 30, "\ud800", "😀" * 3000, "`" * 999, "<" * 999]
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(title=hostile, value=hostile, other=hostile, n=st.integers(0, 20))
def test_whatever_a_stranger_writes_the_message_stays_in_its_shape(
    kind: str, title: str, value: str, other: str, n: int
) -> None:
    told = a_told(
        title=title or "x",
        value=value,
        culprit=other,
        release=other,
        environment=value,
        place=Place(other, value, (Line(1, title, True),)),
    )
    one = some_news("spike", told=told, reasons=(other,) * 10)
    several = replace(some_news("held", told=None), others=(told,) * n, count=n + 3)
    said = some_news("mention", told=told, comment=Comment(other or "x", value, f"{URL}/issues/1"))
    for news in (one, several, said):
        CHECKS[kind](as_arrived(news, kind))


@given(st.text(), st.integers(0, 300))
def test_what_is_cut_fits_escaped_and_in_the_units_of_the_service(words: str, most: int) -> None:
    clean = words.encode("utf-8", "ignore").decode()
    assert len(cut(clean, most)) <= most
    assert utf16_units(fit(clean, most, backslashed, utf16_units)) <= most


def test_it_is_cut_between_words() -> None:
    assert cut("the price of the cart", 12) == "the price…"
    assert cut("x" * 30, 10) == "x" * 9 + "…"
    assert cut("short", 10) == "short"


@pytest.mark.parametrize("kind", KINDS)
def test_the_secret_of_a_webhook_is_in_no_body(kind: str) -> None:
    arrived = as_arrived(some_news(), kind)
    if kind != "ntfy":  # whose secret is the topic, which is said to the server alone
        assert b"s3cr3t" not in arrived.body
    assert b"battery" not in arrived.body


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sent_is_far_from_the_cap(kind: str) -> None:
    for news in NEWS:
        assert len(as_arrived(of_kind(news), kind).body) < outward.BODY_BYTES / 2


async def test_a_second_try_has_the_same_id_and_a_matrix_server_knows_it() -> None:
    news: Any = some_news()
    with hooked("generic") as server:
        post = Post(a_hook("generic", server.base))
        await post.send(news, NOON)
        await post.send(replace(news, age_s=61.1), NOON + 60_000)
    ids = {it.headers["lighttrace-delivery"] for it in server.arrived}
    assert ids == {news.id}
    assert len({it.headers["lighttrace-signature"] for it in server.arrived}) == 2
    first, second = (as_arrived(it, "matrix").path for it in (news, replace(news, age_s=61.1)))
    assert first == second
