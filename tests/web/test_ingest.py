"""Posting as SDKs do: who is let in, what is answered, and what is stored when it is."""

import asyncio
import base64
import gzip
import json
import os
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import brotli
import pytest

from lighttrace.clock import FixedClock
from lighttrace.event.scrub import ScrubRules
from lighttrace.ingest import pipeline
from lighttrace.ingest.body import zstd
from lighttrace.store import bodies, feedback, keys, projects, store
from lighttrace.store.database import Transaction
from lighttrace.web.state import ProjectOptions
from tests.web.posting import (
    CLIENT,
    DISABLED,
    KEY,
    NOW_MS,
    PEER,
    SECOND,
    UNKNOWN,
    Posting,
    envelope,
    message,
    posting,
    stored_events,
)

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
DAY_MS = 86_400_000
ONE = envelope(("event", message()), event_id=ID)


@pytest.fixture
async def sdk(tmp_path: Path) -> AsyncIterator[Posting]:
    async with posting(tmp_path) as running:
        yield running


# Getting in


async def test_an_event_is_stored_before_it_is_acknowledged(sdk: Posting) -> None:
    answer = await sdk.post(ONE)
    assert (answer.status_code, answer.json()) == (200, {"id": ID})
    stored = await sdk.event(ID)
    assert stored is not None and stored.received_at == NOW_MS
    assert await sdk.counted() == {("error", "accepted", ""): 1}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/1/envelope/", {"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=7"}),
        ("/api/1/envelope/", {"authorization": f"Sentry sentry_key={KEY}"}),
        ("/api/1/envelope/", {"authorization": f"DSN http://{KEY}@host/1"}),
        ("/api/1/envelope/", {"authorization": f"Bearer {KEY}"}),
        (f"/api/1/envelope/?sentry_key={KEY}&sentry_version=7&sentry_client=x%2F1", {}),
        (f"/api/1/envelope?sentry_key={KEY}", {}),
        (f"/api/1/envelope?sentry_key={KEY}", {"authorization": "Basic cHJveHk6cHc="}),
    ],
)
async def test_every_form_of_the_key_lets_in(
    sdk: Posting, path: str, headers: dict[str, str]
) -> None:
    assert (await sdk.post(ONE, path, key=None, headers=headers)).json() == {"id": ID}


async def test_a_tunnel_brings_the_key_in_the_envelope_alone(sdk: Posting) -> None:
    body = envelope(("event", message()), event_id=ID, dsn=f"http://{KEY}@shop.example/1")
    assert (await sdk.post(body, key=None)).json() == {"id": ID}
    body = envelope(("event", message()), dsn=f"http://{UNKNOWN}@shop.example/1")
    assert (await sdk.post(body, key=None)).status_code == 403
    assert (
        await sdk.post(gzip.compress(ONE), key=None, headers={"content-encoding": "gzip"})
    ).status_code == 401


async def test_the_old_store_endpoint_takes_the_project_from_the_key(sdk: Posting) -> None:
    for path in ("/api/store/", "/api/store", "/api/1/store/", "/api/1/store"):
        answer = await sdk.post(json.dumps(message()).encode(), path)
        assert answer.status_code == 200 and len(answer.json()["id"]) == 32
    as_envelope = await sdk.post(
        ONE, "/api/1/store/", headers={"content-type": "application/x-sentry-envelope"}
    )
    assert as_envelope.json() == {"id": ID}


async def test_a_path_prefix_is_served_stripped_and_unstripped(tmp_path: Path) -> None:
    toml = '[server]\nurl = "https://example.com/errors"\n'
    async with posting(tmp_path, toml=toml) as sdk:
        assert (await sdk.post(ONE, "/errors/api/1/envelope/")).status_code == 200
        assert (await sdk.post(ONE, "/api/1/envelope/")).status_code == 200
        assert "x-pages" in (await sdk.post(ONE, "/other/api/1/envelope/")).headers


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/api/1/envelope/", UNKNOWN),
        ("/api/1/envelope/", SECOND),
        ("/api/1/envelope/", DISABLED),
        ("/api/99/envelope/", KEY),
        ("/api/1/store/", UNKNOWN),
        ("/api/store/", UNKNOWN),
    ],
)
async def test_a_wrong_key_and_a_wrong_project_are_told_the_same(
    sdk: Posting, path: str, key: str
) -> None:
    answer = await sdk.post(ONE, path, key=key)
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "There is no such project and key here. Compare the DSN with the project's settings."
    )
    assert await sdk.store.read(stored_events) == 0


async def test_two_keys_that_differ_are_refused(sdk: Posting) -> None:
    assert (await sdk.post(ONE, f"/api/1/envelope/?sentry_key={SECOND}")).status_code == 403
    body = envelope(("event", message()), dsn=f"http://{SECOND}@h/1")
    assert (await sdk.post(body)).status_code == 403


async def test_no_key_is_401_and_a_malformed_one_400(sdk: Posting) -> None:
    assert (await sdk.post(ONE, key=None)).status_code == 401
    assert (await sdk.post(b"{}", "/api/1/store/", key=None)).status_code == 401
    assert (await sdk.post(b"{}", "/api/1/security/", key=None)).status_code == 401
    assert (await sdk.post(ONE, key="short")).status_code == 400
    assert (await sdk.post(ONE, "/api/shop/envelope/")).status_code == 400
    assert (await sdk.post(ONE, f"/api/{'9' * 30}/envelope/")).status_code == 400
    assert (await sdk.post(ONE, "/api/envelope/")).status_code == 404


async def test_a_refusal_is_left_for_the_projects_people(sdk: Posting) -> None:
    await sdk.post(ONE, key=UNKNOWN[:-4] + "c0de")
    await sdk.post(ONE, key=SECOND)
    await sdk.post(ONE, "/api/2/envelope/", key=DISABLED)
    await sdk.post(ONE, key=DISABLED)
    await sdk.post(ONE, key=None)
    found = [(row.reason, row.detail, row.ip, row.sdk) for row in reversed(await sdk.refused())]
    assert found[0] == ("wrong_key", "The key in the DSN there ends in …c0de.", PEER, CLIENT)
    assert found[1][:2] == (
        "wrong_project",
        "The key in the DSN there ends in …bbbb and belongs to another project.",
    )
    assert found[2][0] == "disabled_key"
    assert found[3][0] == "no_key"
    assert [row.reason for row in await sdk.refused(2)] == ["wrong_project"]


async def test_a_project_that_keeps_no_addresses_keeps_none_of_refusals(tmp_path: Path) -> None:
    careful = ProjectOptions(ScrubRules(keep_addresses=False), keep_addresses=False)
    async with posting(tmp_path, options={1: careful}) as sdk:
        await sdk.post(ONE, key=UNKNOWN)
        body = envelope(("event", message(user={"ip_address": "{{auto}}"})), ("event", b"x"))
        await sdk.post(body)
        assert [row.ip for row in await sdk.refused()] == [None, None]
        (issue,) = await sdk.issues()
        assert issue.people_ever == 0


async def test_an_archived_project_takes_nothing_and_counts_what_it_refuses(sdk: Posting) -> None:
    assert await sdk.store.write(projects.archive, 1, NOW_MS)
    answer = await sdk.post(ONE)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("There is no such project and key here.")
    assert await sdk.store.read(stored_events) == 0
    assert await sdk.counted() == {("error", "invalid", "project_archived"): 1}
    [refusal] = await sdk.refused()
    assert (refusal.reason, refusal.detail) == (
        "project_archived",
        "The project is archived, so it takes no events.",
    )
    assert (await sdk.post(ONE, "/api/2/envelope/", key=SECOND)).status_code == 200
    assert await sdk.store.write(projects.unarchive, 1)
    assert (await sdk.post(ONE)).status_code == 200


async def test_a_replaced_key_works_on_until_its_day_and_not_longer(sdk: Posting) -> None:
    def rotate(tx: Transaction) -> keys.Key:
        return keys.rotate(tx, keys.of_project(tx, 1)[0], NOW_MS + 7 * DAY_MS, NOW_MS)

    made = await sdk.store.write(rotate)
    assert made.label == "default" and made.public != KEY
    assert (await sdk.post(ONE, key=made.public)).status_code == 200
    assert (await sdk.post(ONE)).status_code == 200
    clock = sdk.services.clock
    assert isinstance(clock, FixedClock)
    clock.advance(7 * DAY_MS)
    assert (await sdk.post(ONE)).status_code == 403
    assert (await sdk.post(ONE, key=made.public)).status_code == 200


async def test_a_deleted_project_takes_nothing_from_then_on(sdk: Posting) -> None:
    assert (await sdk.post(ONE)).status_code == 200
    await sdk.store.write(projects.delete, 1, NOW_MS)
    assert (await sdk.post(ONE)).status_code == 403


async def test_a_key_notes_when_it_was_used(sdk: Posting) -> None:
    await sdk.post(ONE)
    await sdk.flushed()
    used = await sdk.store.read(
        lambda db: db.execute("select used_at from project_key where public = ?", (KEY,)).fetchone()
    )
    assert used == (NOW_MS,)


# Being read by browsers


async def test_a_preflight_is_answered_without_a_key(sdk: Posting) -> None:
    for path in ("/api/1/envelope/", "/api/1/store", "/api/1/security/", "/api/embed/error-page/"):
        answer = await sdk.client.options(path)
        assert answer.status_code == 204 and answer.content == b""
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "POST" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"]
        for name in ("x-sentry-auth", "content-encoding", "sentry-trace", "baggage", "traceparent"):
            assert name in allowed
        assert answer.headers["access-control-max-age"] == "3600"


async def test_other_methods_are_refused_readably(sdk: Posting) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = await sdk.client.request(method, "/api/1/envelope/")
        assert answer.status_code == 405
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "POST" in answer.headers["allow"]


async def test_what_is_not_ours_goes_to_the_pages(sdk: Posting) -> None:
    for path in (
        "/",
        "/issues",
        "/api/0/",
        "/api/1/envelopes/",
        "/api/1/envelope/x",
        "/api/embed/",
    ):
        assert "x-pages" in (await sdk.post(b"", path)).headers


async def test_the_content_type_of_an_envelope_does_not_matter(sdk: Posting) -> None:
    for kind in (
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json",
        "application/x-sentry-envelope",
    ):
        assert (await sdk.post(ONE, headers={"content-type": kind})).status_code == 200


# Bodies


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(ONE)),
        ("gzip", gzip.compress(ONE[:40]) + gzip.compress(ONE[40:])),
        ("deflate", zlib.compress(ONE)),
        ("deflate", zlib.compress(ONE)[2:-4]),
        ("br", brotli.compress(ONE)),
        ("zstd", zstd.compress(ONE)),
        ("", ONE),
        ("identity", ONE),
        ("utf-8", ONE),
    ],
)
async def test_every_encoding_is_understood(sdk: Posting, encoding: str, body: bytes) -> None:
    answer = await sdk.post(body, headers={"content-encoding": encoding})
    assert answer.json() == {"id": ID}


async def test_old_clients_send_base64_of_zlib(sdk: Posting) -> None:
    body = base64.b64encode(zlib.compress(json.dumps(message("old", event_id=ID)).encode()))
    headers = {"content-type": "application/octet-stream"}
    assert (await sdk.post(body, "/api/1/store/", headers=headers)).json() == {"id": ID}


async def test_a_body_may_come_in_pieces_without_a_length(sdk: Posting) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(ONE), 7):
            yield ONE[start : start + 7]

    assert (await sdk.post(pieces())).json() == {"id": ID}


async def test_a_body_that_is_not_what_it_says_is_400(sdk: Posting) -> None:
    for encoding in ("gzip", "br", "zstd", "deflate"):
        answer = await sdk.post(b"{}\n not compressed", headers={"content-encoding": encoding})
        assert answer.status_code == 400
    assert sum((await sdk.counted()).values()) == 4


async def test_a_body_beyond_the_limit_is_413_before_and_after_unpacking(tmp_path: Path) -> None:
    async with posting(tmp_path, compressed_body=2000, envelope=3000) as sdk:
        declared = await sdk.post(b"x" * 2001)
        assert declared.status_code == 413

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield b"x" * 100

        assert (await sdk.post(pieces())).status_code == 413
        bomb = gzip.compress(b"{}\n" + bytes(100_000))
        assert len(bomb) < 2000
        assert (await sdk.post(bomb, headers={"content-encoding": "gzip"})).status_code == 413
        assert (await sdk.counted())["error", "too_large", "too_large"] == 3


async def test_a_large_body_is_worked_on_beside_the_loop(sdk: Posting) -> None:
    big = envelope(("event", message("big", extra={"dump": "x" * 700_000})), event_id=ID)
    assert (await sdk.post(big)).json() == {"id": ID}
    row = await sdk.event(ID)
    assert row is not None
    body = await sdk.store.read(bodies.of_event, row.row)
    assert body is not None and len(body.body) > 700_000


async def test_an_event_that_is_too_large_is_413_unless_another_was_kept(tmp_path: Path) -> None:
    async with posting(tmp_path, event=1000) as sdk:
        large = ("event", message("x" * 2000))
        refused = await sdk.post(envelope(large))
        assert refused.status_code == 413
        assert "1,000" in refused.json()["detail"]
        kept = await sdk.post(envelope(large, ("event", message("small"))))
        assert kept.status_code == 200 and kept.json()["id"]
        reported = await sdk.post(envelope(("client_report", {"discarded_events": [
            {"reason": "before_send", "category": "error", "quantity": 1}]}), large))  # fmt: skip
        assert reported.status_code == 413
        assert (await sdk.counted())["error", "too_large", "too_large"] == 3


async def test_a_client_that_drips_is_cut_off_and_told(tmp_path: Path) -> None:
    async with posting(tmp_path, body_read_s=0.02) as sdk:

        async def drip() -> AsyncIterator[bytes]:
            yield b"{}\n"
            await asyncio.Event().wait()

        answer = await sdk.post(drip())
        assert answer.status_code == 408
        assert answer.headers["connection"] == "close"
        assert (await sdk.counted())["error", "invalid", "slow_body"] == 1


async def test_bodies_together_are_bounded_and_who_does_not_fit_is_told_when_to_come_back(
    tmp_path: Path,
) -> None:
    async with posting(tmp_path, in_flight=20_000, in_flight_wait_s=0.02) as sdk:
        release = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield envelope(("event", message("first"))) + b"\n" * 9_000
            await release.wait()

        first = asyncio.create_task(sdk.post(slow()))
        for _ in range(20):
            await asyncio.sleep(0)
        busy = await sdk.post(ONE + b"\n" * 2_000)
        assert busy.status_code == 429
        assert busy.headers["retry-after"] == "5"
        assert busy.headers["x-sentry-rate-limits"] == "5::organization:overloaded"
        release.set()
        assert (await first).status_code == 200
        assert (await sdk.post(ONE)).status_code == 200


# Items


async def test_a_broken_frame_is_400_but_what_came_before_is_kept(sdk: Posting) -> None:
    answer = await sdk.post(ONE + b'\n{"type":"attachment","length":99}\nabc')
    assert answer.status_code == 400
    assert "length" in answer.json()["detail"]
    assert await sdk.event(ID) is not None
    assert await sdk.counted() == {
        ("error", "accepted", ""): 1,
        ("error", "invalid", "envelope"): 1,
    }


async def test_a_bad_payload_in_an_envelope_is_200_and_at_the_store_endpoint_400(
    sdk: Posting,
) -> None:
    answer = await sdk.post(envelope(("event", b"{not json")))
    assert (answer.status_code, answer.json()) == (200, {})
    refused = await sdk.post(b"{not json", "/api/1/store/")
    assert refused.status_code == 400
    assert "JSON" in refused.json()["detail"]
    assert (await sdk.counted())["error", "invalid", "invalid"] == 2
    assert {row.reason for row in await sdk.refused()} == {"invalid"}


async def test_nothing_in_an_envelope_is_fine(sdk: Posting) -> None:
    answer = await sdk.post(b"{}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert await sdk.counted() == {}


async def test_the_same_event_counts_once(sdk: Posting) -> None:
    for _ in range(3):
        assert (await sdk.post(ONE)).json() == {"id": ID}
    elsewhere = await sdk.post(ONE, "/api/2/envelope/", key=SECOND)
    assert elsewhere.json() == {"id": ID}
    (issue,) = await sdk.issues()
    assert issue.n_ever == 1
    assert await sdk.counted() == {
        ("error", "accepted", ""): 1,
        ("error", "duplicate", ""): 2,
    }
    assert await sdk.counted(2) == {("error", "accepted", ""): 1}


async def test_several_events_in_one_envelope_each_count(sdk: Posting) -> None:
    body = envelope(*(("event", message(f"number {n}")) for n in range(5)))
    assert (await sdk.post(body)).status_code == 200
    assert (await sdk.counted())["error", "accepted", ""] == 5


async def test_families_nobody_keeps_are_told_to_stop_on_a_200(sdk: Posting) -> None:
    answer = await sdk.post(
        envelope(("replay_event", {}), ("replay_recording", b"x"), ("event", message()))
    )
    assert answer.status_code == 200
    assert answer.headers["x-sentry-rate-limits"] == "3600:replay:organization:unsupported"
    quiet = await sdk.post(envelope(("transaction", {}), ("session", {})))
    assert quiet.status_code == 200 and "x-sentry-rate-limits" not in quiet.headers
    assert (await sdk.counted())["transaction", "unsupported", ""] == 1


async def test_client_reports_are_folded_in_as_the_clients(sdk: Posting) -> None:
    lost = [{"reason": "before_send", "category": "error", "quantity": 37}]
    await sdk.post(envelope(("client_report", {"discarded_events": lost})))
    await sdk.flushed()
    rows = await sdk.store.read(
        lambda db: db.execute(
            "select category, outcome, reason, source, n from outcome_hour"
        ).fetchall()
    )
    assert [tuple(row) for row in rows] == [
        ("error", "client_discard", "before_send", "client", 37)
    ]


async def test_what_a_person_wrote_is_kept_with_the_event(sdk: Posting) -> None:
    report = {"event_id": ID, "name": "Dana", "email": "d@example.com", "comments": "It froze."}
    assert (await sdk.post(envelope(("user_report", report)))).status_code == 200
    said = await sdk.store.read(feedback.of_event, ID, 1)
    assert said is not None and (said.name, said.message) == ("Dana", "It froze.")
    assert (await sdk.counted())["feedback", "accepted", ""] == 1


async def test_endpoints_of_families_that_are_not_kept_yet_are_answered(sdk: Posting) -> None:
    headers = {"content-type": "application/x-protobuf"}
    otlp = await sdk.post(b"\x0a\x00", "/api/1/integration/otlp/v1/traces/", headers=headers)
    assert (otlp.status_code, otlp.content) == (200, b"")
    assert otlp.headers["content-type"] == "application/x-protobuf"
    assert (await sdk.post(b"x", "/api/1/minidump/")).status_code == 200
    counted = await sdk.counted()
    assert counted["span", "unsupported", ""] == 1
    assert counted["error", "unsupported", ""] == 1
    assert (await sdk.post(b"x", "/api/1/minidump/", key=None)).status_code == 401


# Reports of browsers

CSP = {
    "document-uri": "https://shop.example/cart",
    "effective-directive": "img-src",
    "blocked-uri": "https://evil.example/x.png",
}


async def test_a_csp_report_is_an_event_with_release_and_environment(sdk: Posting) -> None:
    path = f"/api/1/security/?sentry_key={KEY}&sentry_release=shop@1&sentry_environment=live"
    headers = {"content-type": "application/csp-report", "user-agent": "Mozilla/5.0 Firefox/145.0"}
    answer = await sdk.post(json.dumps({"csp-report": CSP}), path, key=None, headers=headers)
    assert (answer.status_code, answer.content) == (201, b"")
    body = {
        "effectiveDirective": "img-src",
        "blockedURL": "https://evil.example/y.png",
        "documentURL": "https://shop.example/",
    }
    listed = [{"type": "csp-violation", "body": body}]
    for name in ("csp-report", "security", "nel"):
        answer = await sdk.post(json.dumps(listed), f"/api/1/{name}?sentry_key={KEY}", key=None)
        assert answer.status_code == 201
    (issue,) = await sdk.issues()
    assert (issue.title, issue.category, issue.n_ever) == (
        "Blocked 'img-src' from 'evil.example'",
        "csp",
        4,
    )
    assert issue.first_release == "shop@1"
    assert await sdk.counted() == {("security", "accepted", ""): 4}


async def test_reports_of_extensions_are_filtered_and_nonsense_is_400(sdk: Posting) -> None:
    extension = {**CSP, "source-file": "moz-extension"}
    extension["source-file"] = "moz-extension://abc/content.js"
    assert (
        await sdk.post(json.dumps({"csp-report": extension}), "/api/1/security/")
    ).status_code == 201
    assert (await sdk.post(b"not json", "/api/1/security/")).status_code == 400
    assert (await sdk.post(b" " * 200_000, "/api/1/security/")).status_code == 413
    assert await sdk.counted() == {
        ("security", "filtered", "browser_extension"): 1,
        ("security", "invalid", "invalid"): 1,
        ("security", "too_large", "too_large"): 1,
    }


# Trouble


async def test_a_full_queue_is_429_with_headers_every_sdk_understands(
    sdk: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_QUEUED", 0)
    answer = await sdk.post(ONE)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"
    limits = answer.headers["x-sentry-rate-limits"]
    assert limits == "3:error;default;security:organization:queue_full"
    assert await sdk.counted() == {("error", "rate_limited", "queue_full"): 1}


async def test_a_queue_that_fills_in_the_middle_keeps_what_fitted(
    sdk: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_QUEUED", 1)
    answer = await sdk.post(envelope(("event", message("a")), ("event", message("b"))))
    assert answer.status_code == 200
    assert answer.headers["x-sentry-rate-limits"].startswith("3:error;default")
    assert await sdk.counted() == {
        ("error", "accepted", ""): 1,
        ("error", "rate_limited", "queue_full"): 1,
    }


async def test_a_full_disk_is_503_and_ends_by_itself(sdk: Posting) -> None:
    await sdk.post(ONE)
    await sdk.store.write(_fill_the_disk)
    refused = await sdk.post(
        envelope(("event", message("x", extra={"a": os.urandom(50_000).hex()})))
    )
    assert refused.status_code == 503
    assert "disk" in refused.json()["detail"]
    assert "retry-after" not in refused.headers
    said = {"event_id": ID, "comments": os.urandom(4000).hex() * 10}
    for _ in range(20):
        answer = await sdk.post(
            envelope(("user_report", {**said, "event_id": os.urandom(16).hex()}))
        )
    assert answer.status_code == 503
    # what needs no new page can be written again, and everything once there is room
    await sdk.store.write(lambda tx: tx.execute("pragma max_page_count = 1000000") and None)
    assert (await sdk.post(envelope(("event", message("y"))))).status_code == 200
    assert (await sdk.counted())["error", "rate_limited", "unavailable"] == 1


def _fill_the_disk(tx: Transaction) -> None:
    """As full as it is now: no page can be added."""
    pages = tx.execute("pragma page_count").fetchone()[0]
    tx.execute(f"pragma max_page_count = {pages}")


async def test_one_row_the_database_refuses_costs_only_itself(sdk: Posting) -> None:
    await sdk.store.write(
        lambda tx: (
            tx.execute(
                "create trigger refuse before insert on issue when new.title = 'poison' "
                "begin select raise(abort, 'no'); end"
            )
            and None
        )
    )
    body = envelope(("event", message("poison")), ("event", message("fine")))
    answer = await sdk.post(body)
    assert answer.status_code == 200 and answer.json()["id"]
    assert await sdk.counted() == {
        ("error", "accepted", ""): 1,
        ("error", "invalid", "refused_by_database"): 1,
    }


async def test_a_mistake_of_ours_is_500_that_browsers_can_read(
    sdk: Posting, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "of_envelope", lambda *_: 1 / 0)
    answer = await sdk.post(ONE)
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text


async def test_a_mistake_with_one_event_costs_only_that_event(
    sdk: Posting, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "event_write", lambda *_, **__: 1 / 0)
    report = ("user_report", {"event_id": ID, "comments": "It froze."})
    answer = await sdk.post(envelope(("event", message()), report))
    assert (answer.status_code, answer.json()) == (200, {})
    assert await sdk.counted() == {
        ("error", "invalid", "internal"): 1,
        ("feedback", "accepted", ""): 1,
    }
    assert "ZeroDivisionError" in caplog.text


async def test_a_store_that_has_stopped_is_503(tmp_path: Path) -> None:
    async with posting(tmp_path) as sdk:
        await sdk.store.close()
        assert (await sdk.post(ONE)).status_code == 503
