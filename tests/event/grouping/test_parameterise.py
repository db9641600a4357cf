"""What varies in a message is left out, what tells messages apart stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.grouping.parameterise import parameterise

TABLE = [
    ("status 404 for cart 17", "status 404 for cart <int>"),
    ("HTTP 500", "HTTP 500"),
    ("HTTP/1.1 502 from 10.0.0.1", "HTTP/1.1 502 from <ip>"),
    ("Request failed with status code 404", "Request failed with status code 404"),
    ("no such order: 17", "no such order: <int>"),
    ("mail to dana.x+y@shop.example.com failed", "mail to <email> failed"),
    ("GET https://x.example/a/17?b=c failed", "GET <url> failed"),
    ("wss://x.example:80/s closed", "<url> closed"),
    ("cannot read /tmp/upload_9f3/a.csv", "cannot read <tmp_path>"),
    ("cannot read /home/dana/report.csv", "cannot read /home/<user>/report.csv"),
    (r"cannot read C:\Users\dana\a.txt", r"cannot read C:\Users\<user>\a.txt"),
    ("no route /api/carts", "no route /api/carts"),
    ("lookup db1.prod.internal: no such host", "lookup <hostname>: no such host"),
    ("lookup api.example.com failed", "lookup <hostname> failed"),
    ("app.io() is gone", "app.io() is gone"),
    ("dial 10.1.2.3:5432 refused", "dial <ip>:<int> refused"),
    ("dial 2001:db8::8a2e:370:7334 refused", "dial <ip> refused"),
    ("undefined Cart::total", "undefined Cart::total"),
    ("trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "trace <traceparent>"),
    ("id 9ec79c33-ec99-42ab-8353-589fcb2e04dc", "id <uuid>"),
    ("digest " + "a1" * 32, "digest <sha256>"),
    ("commit " + "a1" * 20, "commit <sha1>"),
    ("etag " + "a1" * 16, "etag <md5>"),
    ("expired 2026-11-23T12:14:57.800Z", "expired <date>"),
    ("expired 2026-11-23", "expired <date>"),
    ("expired 2026/11/23 12:14", "expired <date>"),
    ("expired Mon, 23 Nov 2026 12:14:57 GMT", "expired <date>"),
    ("expired Mon Nov 23 2026 10:00:00 GMT+0100 (CET)", "expired <date>"),
    ("expired Nov 23, 2026", "expired <date>"),
    ("at 12:14:57 exactly", "at <date> exactly"),
    ("before datetime.datetime(2026, 11, 23, 0, 0)", "before <date>"),
    ("took 8000 ms", "took <duration>"),
    ("took 1.5s", "took <duration>"),
    ("retry in 5 minutes", "retry in <duration>"),
    ("object at 0x7f00dead10", "object at <hex>"),
    ("object deadbeef01", "object <hex>"),
    ("build a1b2c3d", "build <git_sha>"),
    ("pod shop-1NXWPnCo6bFb1KAB", "pod shop-<random_id>"),
    ("needs v1.2.3", "needs <version>"),
    ("needs 1.2.3-rc.1", "needs <version>"),
    ("value -1.5 too small", "value <float> too small"),
    ("value 1e10", "value <float>"),
    ("user_42 and ORD-3001 and #7", "user_<int> and ORD-<int> and #<int>"),
    ("offset -7", "offset <int>"),
    ("1" * 60, "<int>"),
    ("name='dana' ok=True", "name=<quoted_str> ok=<bool>"),
    ("object has no attribute 'name'", "object has no attribute 'name'"),
    ("utf8 codec, IPv4, decade, facade", "utf8 codec, IPv4, decade, facade"),
    ("is True", "is True"),
    ("", ""),
]


@pytest.mark.parametrize(("said", "kept"), TABLE)
def test_what_varies(said: str, kept: str) -> None:
    assert parameterise(said) == kept


def test_two_lines_say_enough() -> None:
    assert parameterise("\n\n  one 1\n\nanother 2\n") == "one <int>\nanother <int>"
    assert parameterise("a\nb\nc\nd") == "a\nb..."


def test_statuses_that_differ_are_different_errors() -> None:
    assert parameterise("HTTP 404 at /a") != parameterise("HTTP 500 at /a")


@given(st.text(max_size=300))
def test_any_text_has_a_form_and_it_is_the_same_each_time(said: str) -> None:
    assert parameterise(said) == parameterise(said)
    assert len(parameterise(said)) <= 12 * len(said) + 3


HOSTILE = (
    "a" * 100_000, "1" * 100_000, "a1" * 50_000, "." * 100_000, "a." * 50_000, ":" * 100_000,
    "1:" * 50_000, "a@" * 50_000, "=" * 100_000, "='" * 50_000, "/tmp/" * 20_000, "C:\\" * 30_000,
    "1-" * 50_000, "Mon " * 25_000, "0x" * 50_000, "http://" * 10_000, "1." * 50_000, "-" * 100_000,
    "dead" * 25_000, "(" * 100_000, "\n" * 100_000, " " * 100_000, "datetime.datetime(" * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: repr(said[:6]))
def test_no_text_is_slow(said: str) -> None:
    """Some milliseconds at most; the bound is generous, for what is meant is seconds."""
    began = time.process_time()
    parameterise(said)
    assert time.process_time() - began < 0.25
