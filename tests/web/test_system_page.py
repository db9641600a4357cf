"""The page of the system: the way of messages, what waits, how the server is doing."""

from pathlib import Path

import pytest

from lighttrace.store import outbox
from lighttrace.store.bundles import Build
from lighttrace.store.outbox import Attempt, Draft
from lighttrace.supervise import Pulse
from tests.store.uploads import Put, put_bundle
from tests.web.sending import add_projects
from tests.web.served import NOW_MS, Site, served
from tests.web.test_issue_page import text_of

CHANNELS = """
[smtp]
host = "mail.example.com"
from = "errors@example.com"
[alerts]
to = ["ops@example.com", "webhook:chat"]
alive = "08:00 Europe/Berlin"
[[alerts.webhook]]
name = "chat"
kind = "slack"
url = "https://hooks.example.com/services/T0/B0/secretsecret"
"""


@pytest.fixture
def site(tmp_path: Path):
    with served(tmp_path, CHANNELS) as site:
        site.user()
        site.sign_in()
        yield site


def put(site: Site, name: str, target: str, kind: str = "new") -> int:
    draft = Draft(name, kind, target, None, NOW_MS - 1_000, {})
    made: int = site.write(outbox.add, draft, "host", NOW_MS - 1_000)
    site.write(outbox.release, made, NOW_MS - 1_000)
    site.write(outbox.claim, made, NOW_MS - 1_000)
    return made


def shown(site: Site) -> str:
    answer = site.client.get("/settings/system")
    assert answer.status_code == 200
    assert "secretsecret" not in answer.text
    return " ".join(text_of(answer.text).split())


def test_an_idle_server_says_so(site: Site):
    said = shown(site)
    assert "Mail 0 – – no message" in said and "Webhooks 0 – – no message" in said
    assert "nothing on the way" in said and "none in the last week" in said
    assert "90 days" in said and "the last batch took" in said


def test_mail_and_webhooks_are_told_apart_and_held_against_the_promise(site: Site):
    mail, hook = put(site, "a", "ops@example.com"), put(site, "b", "webhook:chat")
    site.write(outbox.record_delivered, mail, Attempt(NOW_MS, "250", 400, "ok"))
    site.write(outbox.record_delivered, hook, Attempt(NOW_MS + 7_000, "200", 90, "ok"))
    site.clock.set(NOW_MS + 60_000)
    said = shown(site)
    assert "Mail 1 1.0 s 1.0 s within 5 s" in said
    assert "Webhooks 1 8.0 s 8.0 s above 5 s" in said
    assert "took the last message 1 min ago , in 0.4 s" in said


def test_what_waits_and_what_was_given_up_is_said(site: Site):
    gone, waits = put(site, "a", "ops@example.com"), put(site, "b", "webhook:chat")
    site.write(outbox.give_up, gone, Attempt(NOW_MS, "550", 30, "No such mailbox."))
    refused = Attempt(NOW_MS, "503", 30, "No.")
    site.write(outbox.postpone, waits, refused, NOW_MS + 60_000)
    alive = put(site, "c", "ops@example.com", "alive")
    site.write(outbox.record_delivered, alive, Attempt(NOW_MS, "250", 30, "ok"))
    said = shown(site)
    assert "1 message on the way, the oldest made 1 s ago" in said
    assert "1 given up in 24 h" in said and "said 503 now" in said
    assert "Daily line went out now" in said


def test_a_loop_that_failed_is_named_with_its_error(site: Site):
    site.services.pulses = lambda: (
        Pulse("alerts", NOW_MS - 5_000, 1, True),
        Pulse("spikes", NOW_MS, 3, False, "DiskError: full"),
    )
    said = shown(site)
    assert "alerts turned 5 s ago" in said and "spikes DiskError: full , started 3 times" in said


def test_members_must_not_look_behind_the_server(site: Site):
    site.user("mem@example.com", "member", "Mem")
    site.sign_in("mem@example.com")
    assert site.client.get("/settings/system").status_code == 403
    assert "/settings/system" not in site.client.get("/settings").text


def test_it_says_what_uploads_take(site: Site):
    assert "Uploads no source maps yet" in shown(site)
    add_projects(site, "shop")
    files = (Put("~/a.js", "script", b"a()"), Put("~/a.js.map", "map", b"t", sources={"a.ts": "a"}))
    site.write(put_bundle, [Build(1, "shop@1")], *files)
    said = shown(site)
    assert "of source maps and sources: 3 files of 1 upload, unused ones kept for 90 days" in said
