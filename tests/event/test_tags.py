"""What people filter and compare by: the client's tags, and those read off the event."""

from typing import Any

import pytest

from lighttrace.event.model import Arrival
from lighttrace.event.tags import DERIVED, _derived, all_tags
from tests.event.make import ID, NOW, read

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def tags(**fields: Any) -> dict[str, str]:
    return dict(all_tags(read(**fields)))


def test_every_event_has_a_level_and_an_error_says_whether_it_was_handled() -> None:
    assert tags() == {"level": "error"}
    handled = {"type": "E", "mechanism": {"type": "flask", "handled": True}}
    found = tags(exception=[handled], level="fatal")
    assert found == {"level": "fatal", "handled": "yes", "mechanism": "flask"}
    assert tags(exception=[{"type": "E", "mechanism": {"handled": False}}])["handled"] == "no"


def test_facts_of_the_event_are_tags() -> None:
    found = tags(
        release="shop@1", dist="42", logger="root", transaction="/pay", server_name="web-1",
        site="eu", request={"url": "https://x.example/a?token=1#top"}, environment="live",
        contexts={
            "os": {"name": "Linux", "version": "6.1"},
            "runtime": {"name": "CPython", "version": "3.11"},
            "device": {"family": "phone", "model": "Pixel 8"},
            "browser": {"name": "Firefox"},
        },
        user={"id": 7, "email": "d@x.example"},
    )  # fmt: skip
    assert found == {
        "level": "error", "release": "shop@1", "dist": "42", "logger": "root",
        "transaction": "/pay", "server_name": "web-1", "site": "eu", "url": "https://x.example/a",
        "os": "Linux 6.1", "os.name": "Linux", "runtime": "CPython 3.11", "runtime.name": "CPython",
        "device": "Pixel 8", "device.family": "phone", "browser": "Firefox",
        "browser.name": "Firefox", "user": "id:7",
    }  # fmt: skip


def test_the_clients_own_tags_win_and_come_first() -> None:
    found = all_tags(read(tags=[["level", "mine"], ["team", "billing"]], release="shop@1"))
    assert found == (("level", "mine"), ("team", "billing"), ("release", "shop@1"))


def test_the_environment_has_a_place_of_its_own() -> None:
    assert "environment" not in tags(environment="live", tags={"environment": "staging"})


def test_values_are_cut() -> None:
    found = tags(request={"url": "https://x.example/" + "a" * 500}, tags={"a": "b" * 500})
    assert len(found["url"]) == len(found["a"]) == 200


@pytest.mark.parametrize("odd", [{"name": []}, {"name": {}}, {"version": "1"}, {}, "Linux", 7])
def test_odd_contexts_are_no_tags(odd: Any) -> None:
    assert tags(contexts={"os": odd, "browser": odd, "runtime": odd, "device": odd}) == {
        "level": "error"
    }


@pytest.mark.parametrize(
    "headers",
    [{"User-Agent": FIREFOX}, [["user-agent", FIREFOX]], [{"key": "USER-AGENT", "value": FIREFOX}]],
)
def test_browser_and_system_are_read_off_the_header(headers: Any) -> None:
    found = tags(request={"headers": headers})
    assert (found["browser"], found["os.name"]) == ("Firefox 145.0", "Linux")


def test_what_the_client_said_itself_is_not_read_off() -> None:
    said = {"browser": {"name": "Kiosk", "version": "1"}, "client_os": {"name": "KioskOS"}}
    found = tags(request={"headers": {"User-Agent": FIREFOX}}, contexts=said)
    assert (found["browser"], found["os"]) == ("Kiosk 1", "KioskOS")


def test_a_browser_says_who_it_is_when_it_sends() -> None:
    by_header = read(message="x", arrival=Arrival(NOW, ID, user_agent=FIREFOX))
    assert dict(all_tags(by_header))["browser.name"] == "Firefox"
    unknown = read(message="x", arrival=Arrival(NOW, ID, user_agent="shop-import"))
    assert "browser" not in dict(all_tags(unknown))
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"  # noqa: E501
    found = dict(all_tags(read(message="x", arrival=Arrival(NOW, ID, user_agent=phone))))
    assert (found["device.family"], found["os.name"]) == ("iPhone", "iOS")


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ({"id": "7", "username": "dana", "email": "d@x"}, "id:7"),
        ({"username": "dana", "email": "d@x"}, "username:dana"),
        ({"email": "d@x", "ip_address": "198.51.100.7"}, "email:d@x"),
        ({"ip_address": "198.51.100.7"}, "ip:198.51.100.7"),
        ({"name": "Dana"}, None),
    ],
)
def test_the_person_is_the_one_people_are_counted_by(user: Any, shown: str | None) -> None:
    assert tags(user=user).get("user") == shown


def test_the_names_of_derived_tags_are_known() -> None:
    assert {name for name, _ in _derived(read())} == DERIVED
