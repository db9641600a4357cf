"""What an envelope comes to: no item hurts another, and whatever is dropped is counted."""

import json
from typing import Any

import msgspec
import pytest

from lighttrace.event.model import Arrival
from lighttrace.event.scrub import ScrubRules
from lighttrace.ingest import pipeline
from lighttrace.ingest.envelope import parse_envelope
from lighttrace.ingest.familiar import Familiar
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.pipeline import Work
from lighttrace.limits import LIMITS, Limits

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
OTHER = "0f0e0d0c0b0a09080706050403020100"
ORIGIN = Origin(
    project_id=7,
    key_id=3,
    received_at=1_795_436_097_800,
    ip="203.0.113.9",
    sdk="sentry.python/2.75.0",
)


def envelope(*items: tuple[dict[str, Any] | str, Any], **header: Any) -> bytes:
    """Items are (type or header, payload); what is no bytes is sent as JSON."""
    lines = [json.dumps(header).encode()]
    for head, payload in items:
        head = {"type": head} if isinstance(head, str) else head
        payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        lines += [json.dumps({**head, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def take(body: bytes, origin: Origin = ORIGIN, limits: Limits = LIMITS) -> Work:
    return pipeline.of_envelope(parse_envelope(body, limits), origin, limits)


def counted(work: Work) -> list[tuple[str, str, str, int]]:
    return [(it.category, it.outcome, it.reason, it.n) for it in work.outcomes]


def test_one_bad_item_loses_nothing_else() -> None:
    work = take(
        envelope(
            ("event", b"{not json"),
            ("user_report", b"[]"),
            ("client_report", b"\xff"),
            ("hologram", b"\x00\n"),
            ("raw_security", b"7"),
            ("event", {"message": "good"}),
            ("client_report", {"discarded_events": [
                {"reason": "before_send", "category": "error", "quantity": 2}]}),
            ("user_report", {"event_id": ID, "comments": "It froze."}),
        )
    )  # fmt: skip
    assert [write.titles.title for write in work.events] == ["good"]
    assert [said.message for said in work.feedback] == ["It froze."]
    assert counted(work) == [
        ("error", "invalid", "invalid", 1),
        ("feedback", "invalid", "invalid", 1),
        ("internal", "invalid", "invalid", 1),
        ("unknown", "unsupported", "", 1),
        ("security", "invalid", "invalid", 1),
        ("error", "client_discard", "before_send", 2),
    ]
    assert [refusal.category for refusal in work.refusals] == [
        "error", "feedback", "internal", "security",
    ]  # fmt: skip
    assert all(refusal.detail.endswith(".") or ":" in refusal.detail for refusal in work.refusals)


def test_a_refusal_says_whose_it_was() -> None:
    work = take(envelope(("event", b"[]"), event_id=ID))
    refusal = work.refusals[0]
    assert (refusal.project_id, refusal.ip, refusal.sdk) == (
        7,
        "203.0.113.9",
        "sentry.python/2.75.0",
    )
    assert (refusal.event_id, refusal.outcome) == (ID, "invalid")
    assert "list" in refusal.detail


def test_families_that_are_not_kept_yet_are_counted() -> None:
    work = take(
        envelope(
            ("transaction", {}),
            ({"type": "span", "item_count": 22}, {"items": []}),
            ({"type": "log", "item_count": 8}, {"items": []}),
            ("session", {}),
            ("sessions", {}),
            ("check_in", {}),
            ("feedback", {}),
            ({"type": "attachment", "filename": "a"}, b"12345"),
            ("otel_span", b""),
        )
    )
    assert counted(work) == [
        ("transaction", "unsupported", "", 1),
        ("span", "unsupported", "", 22),
        ("log_item", "unsupported", "", 8),
        ("session", "unsupported", "", 1),
        ("session", "unsupported", "", 1),
        ("monitor", "unsupported", "", 1),
        ("feedback", "unsupported", "", 1),
        ("attachment", "unsupported", "", 5),
        ("attachment_item", "unsupported", "", 1),
        ("span", "unsupported", "", 1),
    ]
    assert work.limits == [] and work.dropped == []


def test_families_that_will_never_be_kept_are_told_to_stop() -> None:
    work = take(
        envelope(
            ("replay_event", {}), ("profile", {}), ({"type": "trace_metric", "item_count": 5}, {})
        )
    )
    assert [limit.categories[0] for limit in work.limits] == ["replay", "profile", "trace_metric"]
    assert counted(work)[2] == ("trace_metric", "unsupported", "", 5)


def test_an_old_client_says_in_the_payload_what_it_is() -> None:
    work = take(envelope(("event", {"type": "transaction"}), ("event", {"type": "feedback"})))
    assert work.events == []
    assert [it.category for it in work.outcomes] == ["transaction", "feedback"]
    assert work.dropped == []


def test_the_envelopes_id_wins_over_the_payloads() -> None:
    for own in (OTHER, None, "nonsense"):
        work = take(envelope(("event", {"event_id": own, "message": "x"}), event_id=ID))
        assert [write.event.event_id for write in work.events] == [ID]


def test_the_payloads_id_is_taken_when_the_envelope_has_none() -> None:
    dashed = "9EC79C33-EC99-42AB-8353-589FCB2E04DC"
    work = take(envelope(("event", {"event_id": dashed, "message": "x"})))
    assert work.events[0].event.event_id == ID


def test_an_event_without_any_id_is_given_one() -> None:
    work = take(envelope(("event", {"message": "x"}), ("event", {"message": "y"})))
    ids = {write.event.event_id for write in work.events}
    assert len(ids) == 2 and all(len(it) == 32 for it in ids)


def test_several_events_in_one_envelope_keep_their_own_ids() -> None:
    work = take(
        envelope(
            ("event", {"event_id": OTHER, "message": "a"}), ("event", {"message": "b"}), event_id=ID
        )
    )
    assert work.events[0].event.event_id == OTHER
    first_without = take(
        envelope(("event", {"message": "a"}), ("event", {"event_id": OTHER}), event_id=ID)
    )
    assert [write.event.event_id for write in first_without.events] == [ID, OTHER]


def test_an_event_that_is_too_large_is_dropped_alone() -> None:
    limits = Limits(event=100)
    work = take(
        envelope(("event", {"message": "x" * 200}), ("event", {"message": "y"})), limits=limits
    )
    assert [write.titles.title for write in work.events] == ["y"]
    assert counted(work) == [("error", "too_large", "too_large", 1)]
    assert work.dropped[0].outcome == "too_large"


def test_client_reports_and_user_reports_are_bounded() -> None:
    limits = Limits(client_report=100, user_report=100, security_report=100)
    report = {"discarded_events": [], "x": "x" * 40}
    work = take(
        envelope(
            ("client_report", report),
            ("client_report", report),
            ("user_report", {"event_id": ID, "comments": "x" * 100}),
            ("raw_security", b" " * 101),
        ),
        limits=limits,
    )
    assert [it.outcome for it in work.outcomes] == ["too_large"] * 3
    assert work.feedback == []


def test_what_is_stored_is_what_was_sent_unless_it_had_to_be_cleaned() -> None:
    sent = b'{"message" : "as it came",  "extra": {"a": 1}}'
    assert take(envelope(("event", sent))).events[0].body == sent
    secret = take(envelope(("event", {"extra": {"password": "hunter2"}, "message": "x"}))).events[0]
    assert b"hunter2" not in secret.body and b"[Filtered]" in secret.body
    broken = take(envelope(("event", b'{"message":"half \\ud83d a character"}'))).events[0]
    assert "half \ufffd a character" in msgspec.json.decode(broken.body)["message"]


def test_nothing_secret_reaches_title_tags_or_group() -> None:
    event = {
        "message": "login failed: password=hunter2",
        "tags": {"api_key": "hunter2"},
        "user": {"id": 7, "token": "hunter2"},
    }
    write = take(envelope(("event", event))).events[0]
    said = repr((write.titles, write.tags, write.explain, write.person_shown, write.body))
    assert "hunter2" not in said


def test_addresses_are_kept_only_as_far_as_the_client_asks() -> None:
    asks = {"message": "x", "user": {"ip_address": "{{auto}}"}}
    write = take(envelope(("event", asks))).events[0]
    assert write.event.user is not None and write.event.user.ip_address == "203.0.113.9"
    does_not = take(envelope(("event", {"message": "x"}))).events[0]
    assert does_not.event.user is None
    careful = Origin(
        project_id=7,
        key_id=3,
        received_at=1,
        ip=None,
        scrub=ScrubRules(keep_addresses=False),
    )
    given = {"message": "x", "user": {"ip_address": "198.51.100.7"}}
    for event in (asks, given):
        write = take(envelope(("event", event)), careful).events[0]
        assert b"198.51.100.7" not in write.body + write.derived
        assert write.event.user is None or write.event.user.ip_address is None


def test_what_the_request_told_is_kept_beside_the_body() -> None:
    work = take(
        envelope(("event", {"message": "x"}), event_id=ID, sent_at="2026-11-23T12:14:57.800Z")
    )
    arrival = msgspec.json.decode(work.events[0].derived, type=Arrival)
    assert arrival == Arrival(
        received_at=1_795_436_097_800,
        event_id=ID,
        sent_at=1_795_436_097_800,
        ip_address="203.0.113.9",
    )


def test_a_group_is_explained_until_the_store_has_it() -> None:
    familiar = Familiar()
    origin = Origin(project_id=7, key_id=3, received_at=1, familiar=familiar)
    event = {"exception": {"values": [{"type": "KeyError", "value": "x"}]}}
    first = take(envelope(("event", event)), origin).events[0]
    assert first.explain == take(envelope(("event", event)), origin).events[0].explain != b""
    familiar.keep((7, first.grouping_version, first.hash), 1)
    assert take(envelope(("event", event)), origin).events[0].explain == b""


def test_a_browsers_report_is_an_event_like_others() -> None:
    csp = {
        "csp-report": {"effective-directive": "img-src", "blocked-uri": "https://evil.example/x"}
    }
    work = pipeline.of_report(json.dumps(csp).encode(), ORIGIN, LIMITS, "shop@1", "live")
    write = work.events[0]
    assert (write.category, write.outcome_category) == ("csp", "security")
    assert write.titles.title == "Blocked 'img-src' from 'evil.example'"
    assert (write.event.release, write.event.environment) == ("shop@1", "live")
    assert write.event.level == "warning"
    in_envelope = take(envelope(("raw_security", csp))).events[0]
    assert in_envelope.hash == write.hash


@pytest.mark.parametrize("payload", [b"", b"null", b"7", b"[" * 100_000, b'{"a":' * 5000, b"\x00"])
def test_a_store_body_that_is_no_event_is_dropped_with_a_sentence(payload: bytes) -> None:
    work = pipeline.of_store(payload, ORIGIN, LIMITS)
    assert work.events == [] and [drop.outcome for drop in work.dropped] == ["invalid"]
