"""Forms of other sites cannot press our buttons; our own, and scripts without cookies, can."""

import pytest
from starlette.datastructures import Headers

from lighttrace.web.csrf import is_ours

HERE = "errors.example.com"


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_browser_that_says_same_origin_or_typed_in_is_let_through(site):
    assert is_ours(Headers({"host": HERE, "sec-fetch-site": site, "origin": f"https://{HERE}"}), "")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
def test_a_browser_that_says_anything_else_is_refused(site):
    assert not is_ours(Headers({"host": HERE, "sec-fetch-site": site}), "")


def test_sec_fetch_site_wins_over_an_origin_that_looks_right():
    headers = Headers({"host": HERE, "sec-fetch-site": "cross-site", "origin": f"https://{HERE}"})
    assert not is_ours(headers, "")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        f"https://{HERE}.evil.example",
        f"https://{HERE}:8443",
        "https://[",
        f"https:/{HERE}",
    ],
)
def test_on_plain_http_the_origin_has_to_be_this_host(origin):
    assert not is_ours(Headers({"host": HERE, "origin": origin}), "")


def test_on_plain_http_our_own_origin_is_let_through():
    assert is_ours(Headers({"host": "10.0.0.5:8000", "origin": "http://10.0.0.5:8000"}), "")


def test_behind_a_proxy_that_rewrites_host_the_origin_of_the_configured_url_counts():
    headers = Headers({"host": "127.0.0.1:8000", "origin": f"https://{HERE}"})
    assert is_ours(headers, f"https://{HERE}")
    assert not is_ours(headers, "https://other.example.com")


def test_what_sends_neither_is_no_browser_and_holds_no_cookie_of_one():
    assert is_ours(Headers({"host": HERE}), "")
