"""What real SDKs sent, through the whole of ingest: what each program must show afterwards."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import pytest

from lighttrace.event.model import Arrival, Event
from lighttrace.event.normalize import normalise
from lighttrace.ingest import pipeline
from lighttrace.ingest.body import decompress
from lighttrace.ingest.envelope import parse_envelope
from lighttrace.ingest.legacy import event_payload
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.pipeline import Work
from lighttrace.limits import LIMITS
from lighttrace.store.writes import EventWrite
from tests.event.corpus import FOLDER, PEER

ORIGIN = Origin(project_id=1, key_id=1, received_at=0, ip=PEER)
CAPTURES = tuple(
    str(path.relative_to(FOLDER).with_suffix(""))
    for path in sorted(FOLDER.glob("*/*.json"))
    if json.loads(path.read_text())["path"].partition("?")[0].endswith(("envelope/", "store/"))
)


@dataclass(frozen=True)
class Taken:
    """What one request came to, and what the recorder saw in it."""

    work: Work
    decoded: list[dict[str, Any]]
    broken: str | None

    @property
    def write(self) -> EventWrite:
        (write,) = self.work.events
        return write

    def event(self) -> Event:
        """The event as its page reads it again from what was stored."""
        arrival = msgspec.json.decode(self.write.derived, type=Arrival)
        return normalise(msgspec.json.decode(self.write.body), arrival)

    def title(self) -> str:
        titles = self.write.titles
        return f"{titles.title}: {titles.value}" if titles.value else titles.title


@cache
def taken(name: str) -> Taken:
    path = FOLDER / f"{name}.json"
    meta = json.loads(path.read_text())
    headers = {key.lower(): value for key, value in meta["headers"]}
    received_at = datetime.fromisoformat(meta["sequence"]["received_at"]).timestamp() * 1000
    origin = replace(ORIGIN, received_at=int(received_at))
    sent = path.with_suffix(".body").read_bytes()
    body = decompress(sent, headers.get("content-encoding", ""), LIMITS.envelope)
    if meta["path"].partition("?")[0].endswith("/store/"):
        work = pipeline.of_store(event_payload(body, LIMITS.envelope), origin, LIMITS)
        return Taken(work, meta["decoded"] or [], None)
    envelope = parse_envelope(body, LIMITS)
    return Taken(
        pipeline.of_envelope(envelope, origin, LIMITS), meta["decoded"] or [], envelope.broken
    )


def write(name: str) -> EventWrite:
    return taken(name).write


def tags(name: str) -> dict[str, str]:
    return dict(write(name).tags)


def issues(*names: str) -> list[set[str]]:
    """Which captures are one issue, by the last part of their names."""
    found: dict[bytes, set[str]] = {}
    for name in names:
        found.setdefault(write(name).hash, set()).add(name.rpartition("-")[2])
    return list(found.values())


def run(program: str, count: int) -> list[str]:
    return [f"{program}-{number:02}" for number in range(1, count + 1)]


@pytest.mark.parametrize("name", CAPTURES)
def test_nothing_a_real_client_sends_is_lost_or_breaks(name: str) -> None:
    found = taken(name)
    assert found.broken is None and found.work.dropped == [] and found.work.refusals == []
    seen = [it for it in found.decoded if it["item_type"] in ("event", "store event")]
    assert len(found.work.events) == len(seen)
    for it, entry in zip(found.work.events, seen, strict=True):
        assert msgspec.json.decode(it.body)["platform" if entry.get("platform") else "event_id"]
        assert it.titles.title and len(it.hash) == 16 and it.explain


@pytest.mark.parametrize(
    "name", [n for n in CAPTURES if taken(n).work.events and not n.startswith("python/weird")]
)
def test_the_event_says_what_the_client_meant(name: str) -> None:
    found = taken(name)
    seen = next(it for it in found.decoded if it["item_type"] in ("event", "store event"))
    event = found.event()
    assert found.title()[:100] == seen["title"][:100]
    assert event.release == seen.get("release") and event.environment == seen.get("environment")
    assert event.trace_id == (seen.get("trace") or {}).get("trace_id")
    links = seen.get("exceptions_outermost_last") or []
    assert [link.type for link in event.exceptions] == [link["type"] for link in links]
    assert [len(link.frames) for link in event.exceptions] == [link["frames"] for link in links]
    for key, value in (seen.get("tags") or {}).items():
        assert dict(event.tags)[key] == str(value)


GROUPS = [
    ("grouping", run("python/grouping", 6), [{"01", "02"}, {"03"}, {"04", "05"}, {"06"}]),
    ("fingerprints", run("python/fingerprints", 4), [{"01", "02"}, {"03"}, {"04"}]),
    ("sessions", run("python/sessions_flask", 3), [{"01", "02"}, {"03"}]),
    ("causes", run("node/causes", 5)[1:], [{"02"}, {"03"}, {"04"}, {"05"}]),
    ("page loads", ["browser/checkout_error-03", "browser/pageload_stream-03",
                    "browser/pageload_static-03", "browser/replay-03",
                    "browser/replay_compressed-03"], [{"03"}]),
    ("old messages", ["legacy/node_5-01", "legacy/node_7-02", "legacy/node_9-02"],
     [{"01", "02"}]),
    ("old errors", ["legacy/python_010-02", "legacy/python_020-03"], [{"02", "03"}]),
    ("raven", run("legacy/raven_python", 3), [{"01"}, {"02"}, {"03"}]),
    ("weird", run("python/weird", 6), [{"01"}, {"02"}, {"03"}, {"04"}, {"05"}, {"06"}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "expected"), [it[1:] for it in GROUPS], ids=[it[0] for it in GROUPS]
)
def test_what_is_one_issue(names: list[str], expected: list[set[str]]) -> None:
    assert issues(*names) == expected


def test_a_fault_is_one_issue_however_its_body_was_packed() -> None:
    gzip, brotli = write("python/uncaught"), write("python/uncaught_br")
    assert gzip.hash == brotli.hash and gzip.event.event_id != brotli.event.event_id


def test_an_uncaught_error_of_python() -> None:
    found = taken("python/uncaught")
    event = found.event()
    assert found.title() == "ZeroDivisionError: integer division or modulo by zero"
    assert event.unhandled and event.level == "error"
    frames = [frame for frame in event.exceptions[0].frames if frame.in_app]
    crash = frames[-1]
    assert len(frames) == 4
    assert (crash.function, crash.filename, crash.lineno) == ("unit_price", "shop/orders.py", 15)
    assert crash.vars is not None and set(crash.vars) >= {"order", "total", "parts"}
    checkout = next(frame for frame in frames if frame.function == "checkout")
    assert checkout.vars is not None and checkout.vars["password"] == "[Filtered]"
    user = event.user
    assert user is not None and (user.id, user.email, user.username) == (
        "u-17", "dana@example.com", "dana",
    )  # fmt: skip
    assert tags("python/uncaught")["team"] == "billing"
    assert (event.release, event.environment, event.dist, event.server_name) == (
        "shop@1.4.2", "production", "42", "web-1",
    )  # fmt: skip


def test_a_chain_is_led_by_the_exception_raised_last() -> None:
    event = taken("python/chained-01").event()
    assert [link.type for link in event.exceptions] == ["OrderNotFound", "PaymentError"]
    crash = event.exceptions[-1].frames[-1]
    assert (crash.function, crash.filename, crash.lineno) == ("pay", "chained.py", 11)


def test_groups_of_exceptions_keep_their_tree() -> None:
    event = taken("python/excgroup").event()
    assert taken("python/excgroup").title() == "ExceptionGroup: batch failed"
    tree = [
        (link.type, m.exception_id, m.parent_id, bool(m.is_exception_group))
        for link in event.exceptions
        if (m := link.mechanism) is not None
    ]
    assert len(tree) == 5 and tree[-1] == ("ExceptionGroup", 0, None, True)
    assert sum(is_group for *_, is_group in tree) == 2
    assert taken("node/causes-03").title() == "AggregateError: both failed"


def test_levels_of_old_clients() -> None:
    assert write("legacy/raven_python-02").event.level == "error"  # said 40
    assert write("legacy/node_5-03").event.level == "error"  # said nothing
    assert write("python/logging_int-03").event.level == "fatal"  # said critical


def test_a_message_with_a_nameless_exception_is_called_by_its_message() -> None:
    assert taken("node/causes-04").title() == "Stock is low"


def test_a_log_line_goes_by_its_template() -> None:
    event = taken("python/logging_int-01").event()
    assert event.message is not None and event.message.template == "could not bill customer %s: %s"
    assert taken("python/logging_int-01").title() == "could not bill customer c-88: declined"
    assert taken("python/logging_int-02").title() == "OrderNotFound: no such order: 5"


def test_a_part_of_react_does_not_name_the_issue() -> None:
    assert taken("browser/react_boundary-03").title().startswith("TypeError: Cannot read")
    assert tags("browser/react_boundary-03")["component"] == "cart"


def test_errors_that_were_handled_and_errors_that_were_not() -> None:
    for name in (
        "python/uncaught",
        "node/uncaught-02",
        "browser/checkout_error-03",
        "browser/rejection-03",
    ):
        assert tags(name)["handled"] == "no", name
    assert tags("python/chained-01")["handled"] == "yes"
    assert write("node/uncaught-02").event.level == "fatal"


def test_a_request_section() -> None:
    event = taken("python/django_app-01").event()
    assert (event.request_url, event.request_method) == (
        "http://shop.example.com/orders/77/",
        "GET",
    )
    assert event.transaction == "/orders/{oid}/"


def test_sentry_cli_lets_the_server_fill_in() -> None:
    event = taken("sentry-cli/send_event").event()
    assert taken("sentry-cli/send_event").title() == "Deploy eu-1 failed"
    assert (event.level, event.fingerprint) == ("error", ("deploy-failed",))
    assert len(write("sentry-cli/send_envelope_raw").event.event_id) == 32


def test_weird_things_are_kept_as_they_are() -> None:
    deep = taken("python/weird-01").event()
    assert len(deep.exceptions[-1].frames) == 250 and deep.exceptions[-1].frames_omitted > 700
    event = taken("python/weird-02").event()
    assert (event.release, event.environment) == (
        "weird release / ünïcode@1.0+build.7", "qa env",
    )  # fmt: skip
    assert [taken(f"python/weird-0{n}").title() for n in (3, 4, 5, 6)] == [
        "NoMsg", "AssertionError", "<unlabeled event>", "bare event",
    ]  # fmt: skip
    kept = tags("python/weird-02")
    assert "none" not in kept and "line" not in kept and "num" in kept
    assert max(len(value) for value in kept.values()) == 200
    said = taken("python/weird-06")
    assert (
        said.event().happened_at
        == datetime.fromisoformat("2026-11-20T10:00:00Z").timestamp() * 1000
    )


def test_attachments_beside_an_event_do_not_cut_it() -> None:
    counted = {(it.category, it.n) for it in taken("python/attachments").work.outcomes}
    assert ("attachment", 45) in counted and ("attachment", 256) in counted
    assert taken("node/big-02").title() == "Error: with a big attachment"


def test_what_clients_lost_themselves_is_counted() -> None:
    lost = {(it.category, it.reason): it.n for it in taken("node/client_report-04").work.outcomes}
    assert lost == {("error", "before_send"): 2}


def test_feedback_before_its_event_and_sessions_are_no_events() -> None:
    for name in ("node/feedback-01", "node/sessions-01", "python/crons-01", "python/logs-02"):
        work = taken(name).work
        assert work.events == [] and work.outcomes and work.dropped == []
