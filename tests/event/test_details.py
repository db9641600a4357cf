"""What the page of an event shows besides its stack."""

import json
from typing import Any

import pytest

from lighttrace.event import details
from lighttrace.event.model import Frame
from tests.event.corpus import samples
from tests.event.make import NOW, read


def request(**fields: Any) -> details.Request:
    found = details.request(read(request=fields))
    assert found is not None
    return found


def test_steps_keep_the_order_they_were_sent_in() -> None:
    steps = [
        {"timestamp": NOW / 1000, "category": "http", "message": "GET /", "data": {"status": 200}},
        {"timestamp": "2026-11-23T12:14:50Z", "type": "user", "level": "warning"},
        {"message": {"a": 1}, "timestamp": "soon", "data": "odd"},
        "x",
    ]
    for form in (steps, {"values": steps}):
        first, second, third = details.breadcrumbs(read(breadcrumbs=form))
        assert first == details.Breadcrumb(
            NOW, "default", "http", "info", "GET /", (("status", "200"),)
        )
        assert (second.type, second.level, second.message) == ("user", "warning", "")
        assert (third.at_ms, third.message, third.data) == (None, '{"a":1}', ())
    many = details.breadcrumbs(read(breadcrumbs=[{"message": str(n)} for n in range(400)]))
    assert [many[0].message, many[-1].message, len(many)] == ["150", "399", 250]


def test_a_request_in_the_forms_clients_send_it() -> None:
    found = request(
        url="https://x.example/pay?a=1#top", method="post", query_string="a=1&b=",
        headers=[["Accept", "*/*"], ["Cookie", "theme=dark; lang=de"]], data={"cart": [1]},
        env={"SERVER_NAME": "web-1"},
    )  # fmt: skip
    assert (found.url, found.method) == ("https://x.example/pay", "POST")
    assert found.query == (("a", "1"), ("b", ""))
    assert found.headers == (("Accept", "*/*"),)
    assert found.cookies == (("theme", "dark"), ("lang", "de"))
    assert (found.body, found.env) == ('{"cart":[1]}', (("SERVER_NAME", "web-1"),))


@pytest.mark.parametrize("query", ["?a=1&b=2", [["a", "1"], ["b", "2"]], {"a": "1", "b": "2"}])
def test_the_query_has_three_forms(query: Any) -> None:
    assert request(query_string=query).query == (("a", "1"), ("b", "2"))


def test_without_a_query_the_address_is_asked() -> None:
    assert request(url="https://x.example/?a=1").query == (("a", "1"),)
    assert request(url="http://[broken?a=1", method="GET").query == ()


@pytest.mark.parametrize("cookies", ["a=1; b=2", [["a", "1"], ["b", "2"]], {"a": "1", "b": "2"}])
def test_cookies_have_three_forms(cookies: Any) -> None:
    assert request(cookies=cookies).cookies == (("a", "1"), ("b", "2"))


def test_no_request_is_none() -> None:
    assert details.request(read()) is None
    assert details.request(read(request=[])) is None and details.request(read(request="x")) is None


def test_a_person_is_shown_with_what_the_client_added() -> None:
    event = read(user={"id": 7, "plan": "pro", "data": {"age": 41}, "email": None})
    assert details.user_fields(event) == (("id", "7"), ("plan", "pro"), ("age", "41"))
    assert details.user_fields(read()) == ()


def test_contexts_flags_extra_and_packages() -> None:
    event = read(
        contexts={
            "client_os": {"name": "iOS", "type": "os"}, "trace": {"op": "x"},
            "empty": {"type": "x"},
            "flags": {"values": [{"flag": "new-cart", "result": True}, {"result": 1}, 7]},
        },
        extra={"n": 2**70, "list": [1]}, modules={"b": "2", "a": "1"},
    )  # fmt: skip
    assert details.contexts(event) == (("client_os", "Client system", (("name", "iOS"),)),)
    assert details.flags(event) == (("new-cart", "true"),)
    assert details.extra(event)[1] == ("list", [1])
    assert details.packages(event) == (("a", "1"), ("b", "2"))


def test_variables_are_shown_as_text() -> None:
    frame = Frame(vars={"order": "'o_1'", "n": 7, "d": {"a": [1]}, "none": None, "": "x"})
    assert details.shown_vars(frame) == (
        ("order", "'o_1'"), ("n", "7"), ("d", '{"a":[1]}'), ("none", ""),
    )  # fmt: skip
    assert details.shown_vars(Frame()) == ()


def everything(event: Any) -> list[Any]:
    return [
        details.breadcrumbs(event), details.request(event), details.user_fields(event),
        details.contexts(event), details.flags(event), details.extra(event),
        details.packages(event),
        *(details.shown_vars(frame) for link in event.exceptions for frame in link.frames),
    ]  # fmt: skip


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_real_event_can_be_shown(sample: Any) -> None:
    everything(sample.event())


ODD: tuple[Any, ...] = (None, 7, "x", "a=1", [], [[]], [["a"]], {}, {"values": 7}, {"": None})


@pytest.mark.parametrize("name", ["breadcrumbs", "request", "user", "contexts", "extra", "modules"])
def test_any_value_in_any_place_can_be_shown(name: str) -> None:
    for odd in ODD:
        everything(read(**{name: odd}))
        everything(read(**{name: {key: odd for key in (
            "url", "headers", "cookies", "query_string", "data", "env", "flags", "trace", "values",
            "method", "message")}}))  # fmt: skip


def test_what_is_shown_is_bounded() -> None:
    big = {f"k{n}": "v" * 100_000 for n in range(50)}
    event = read(request={"headers": big, "data": big, "cookies": big}, user={"data": big})
    assert len(json.dumps([str(part) for part in everything(event)])) < 1_500_000
    many = {f"k{n}": "v" for n in range(5000)}
    assert len(request(headers=many).headers) == 200
