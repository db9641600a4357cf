"""Reports: what clients lost, what people wrote, what browsers blocked."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import EventError
from lighttrace.ingest import client_reports, outcomes, security, user_reports
from lighttrace.ingest.origin import Origin
from lighttrace.store.writes import Outcome

ORIGIN = Origin(project_id=7, key_id=3, received_at=1_795_436_097_800)
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "discarded_events",
                    "reason",
                    "category",
                    "quantity",
                    "csp-report",
                    "type",
                    "body",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def lost(report: Any) -> list[tuple[str, str, str, int]]:
    found = client_reports.read(json.dumps(report).encode(), ORIGIN)
    assert all((it.project_id, it.key_id, it.source) == (7, 3, "client") for it in found)
    return [(it.category, it.outcome, it.reason, it.n) for it in found]


def test_what_never_left_the_client_is_counted_with_its_reason() -> None:
    report = {
        "timestamp": 1.5,
        "discarded_events": [
            {"reason": "before_send", "category": "error", "quantity": 37},
            {"reason": "sample_rate", "category": "transaction", "quantity": 2},
        ],
        "rate_limited_events": [{"reason": "quota", "category": "error", "quantity": 1}],
        "filtered_sampling_events": [{"reason": "Sampled:1", "category": "error", "quantity": 4}],
    }
    assert lost(report) == [
        ("error", "client_discard", "before_send", 37),
        ("transaction", "client_discard", "sample_rate", 2),
        ("error", "rate_limited", "quota", 1),
        ("error", "filtered", "Sampled:1", 4),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        None,
        "x",
        {"category": "error", "reason": "x", "quantity": 0},
        {"category": "error", "reason": "x", "quantity": -5},
        {"category": "error", "reason": "x", "quantity": True},
        {"category": "error", "reason": "x", "quantity": "3"},
        {"category": None, "reason": "x", "quantity": 3},
    ],
)
def test_entries_without_sense_are_left_out(entry: Any) -> None:
    assert lost({"discarded_events": [entry]}) == []


def test_reports_are_bounded() -> None:
    entry = {"category": "error", "reason": "x" * 500, "quantity": 10**15}
    found = lost({"discarded_events": [entry] * 500, "filtered_events": [entry]})
    assert len(found) == client_reports.ENTRIES
    assert len(found[0][2]) <= 64
    assert found[0][3] == client_reports.MOST


def test_a_client_that_invents_words_does_not_fill_the_ledger() -> None:
    words = outcomes.Words()
    invented = [
        Outcome(7, 3, f"category{n}", "client_discard", f"reason{n}", 1, "client")
        for n in range(500)
    ]
    kinds = {(it.category, it.reason) for it in words.bounded(invented)}
    assert len(kinds) < 2 * outcomes.OWN_WORDS
    assert (outcomes.OTHER, outcomes.OTHER) in kinds
    known = Outcome(7, 3, "error", "client_discard", "before_send", 1, "client")
    ours = Outcome(7, 3, "error", "invalid", "a reason of our own", 1)
    assert words.bounded([known, ours]) == [known, ours]
    assert (
        words.bounded([Outcome(8, 3, "new", "client_discard", "", 1, "client")])[0].category
        == "new"
    )


@given(json_values)
def test_any_client_report_is_read_or_refused(report: Any) -> None:
    try:
        client_reports.read(json.dumps(report).encode(), ORIGIN)
    except EventError:
        return


def test_a_user_report_names_its_event() -> None:
    payload = {
        "event_id": "9EC79C33-EC99-42AB-8353-589FCB2E04DC",
        "name": " Dana ",
        "email": "dana@example.com",
        "comments": "It froze.\nTwice.",
    }
    report = user_reports.user_report(json.dumps(payload).encode(), 7, 5)
    assert (report.event_id, report.name, report.email) == (ID, "Dana", "dana@example.com")
    assert report.message == "It froze.\nTwice."
    assert (report.project_id, report.received_at) == (7, 5)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"event_id":"%b"}' % ID.encode(), b'{"event_id":"x","comments":"y"}',
     b'{"event_id":"%b","comments":"  "}' % ID.encode()],
)  # fmt: skip
def test_a_user_report_that_says_nothing_is_refused(payload: bytes) -> None:
    with pytest.raises(EventError):
        user_reports.user_report(payload, 7, 5)


CSP = {
    "document-uri": "https://shop.example.com/cart?x=1",
    "referrer": "https://example.com/",
    "violated-directive": "img-src 'self'",
    "blocked-uri": "https://evil.example.net/p.png?a=1",
    "line-number": 12,
    "status-code": 200,
}


def reports(body: Any, **options: str) -> security.Reports:
    return security.read(json.dumps(body).encode(), **options)


def test_a_violation_becomes_an_event() -> None:
    found = reports(
        {"csp-report": CSP}, release="shop@1", environment="live", user_agent="Mozilla/5.0"
    )
    assert found.events == (
        {
            "csp": {
                "document_uri": "https://shop.example.com/cart?x=1",
                "referrer": "https://example.com/",
                "violated_directive": "img-src 'self'",
                "blocked_uri": "https://evil.example.net/p.png?a=1",
                "line_number": "12",
                "status_code": "200",
                "effective_directive": "img-src",
            },
            "logger": "csp",
            "level": "warning",
            "message": "Blocked 'img-src' from 'evil.example.net'",
            "request": {
                "url": "https://shop.example.com/cart?x=1",
                "headers": [["User-Agent", "Mozilla/5.0"], ["Referer", "https://example.com/"]],
            },
            "release": "shop@1",
            "environment": "live",
        },
    )


def test_the_reporting_api_sends_a_list_under_other_names() -> None:
    body = [
        {
            "type": "csp-violation",
            "age": 10,
            "body": {
                "documentURL": "https://shop.example.com/cart",
                "effectiveDirective": "script-src-elem",
                "blockedURL": "inline",
                "sourceFile": "https://shop.example.com/app.js",
                "lineNumber": 3,
            },
        },
        {"type": "deprecation", "body": {}},
        {"type": "network-error", "body": {}},
    ]
    found = reports(body)
    assert [event["message"] for event in found.events] == [
        "Blocked 'script-src-elem' from 'inline'"
    ]
    assert found.events[0]["csp"]["source_file"] == "https://shop.example.com/app.js"
    assert found.unsupported == 2


@pytest.mark.parametrize(
    ("blocked", "source"),
    [
        ("inline", "inline"),
        ("eval", "eval"),
        ("data", "data"),
        ("data:text/html,x", "data"),
        ("blob:https://shop.example.com/1", "blob"),
        ("", "self"),
        ("self", "self"),
        ("https://shop.example.com/x.js", "self"),
        ("https://user:pw@CDN.example.com:8443/x.js", "cdn.example.com:8443"),
        ("//[zz/x", "//[zz/x"),
    ],
)
def test_what_was_blocked_is_named(blocked: str, source: str) -> None:
    found = reports({"csp-report": {**CSP, "blocked-uri": blocked}})
    assert found.events[0]["message"] == f"Blocked 'img-src' from '{source}'"


@pytest.mark.parametrize(
    "place", [{"blocked-uri": "chrome-extension://abc/x.js"}, {"source-file": "MOZ-extension:x"}]
)
def test_what_browser_extensions_do_is_not_the_sites_fault(place: dict[str, str]) -> None:
    found = reports({"csp-report": {**CSP, **place}})
    assert found.events == () and found.filtered == 1


def test_retired_certificate_reports_are_counted_only() -> None:
    assert reports({"expect-ct-report": {"hostname": "x"}}).unsupported == 1


@pytest.mark.parametrize(
    "body", [{}, [], 7, "x", None, {"csp-report": {}}, {"csp-report": 7}, [7], [{"type": 7}]]
)
def test_a_report_without_sense_is_refused(body: Any) -> None:
    if body == []:
        assert reports(body) == security.Reports()
        return
    with pytest.raises(EventError):
        reports(body)


@given(json_values)
def test_any_browser_report_is_read_or_refused(body: Any) -> None:
    try:
        reports(body)
    except EventError:
        return
