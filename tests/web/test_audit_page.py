"""The audit log as a page and as CSV: for owners and admins, in words."""

import csv
import io

import pytest

from lighttrace.store import audit, users
from lighttrace.store.audit import Actor, Entry
from lighttrace.web.audit_words import WORDS, said
from tests.web.served import Site

HOUR_MS = 3_600_000


def note(site: Site, action: str, subject: str, hours_ago: int = 0, **detail: object) -> None:
    me = site.read(users.by_email, "mira@example.com")
    at = site.clock.now_ms() - hours_ago * HOUR_MS
    by = Actor(me.id, "192.0.2.7")
    site.write(lambda tx: audit.note(tx, by, action, subject, at, **detail))  # type: ignore[arg-type]


def test_it_reads_as_sentences_by_day(mira: Site):
    note(mira, "key.add", "shop", 30, key="mobile web")
    note(mira, "user.role", "bob@example.com", was="viewer", now="member")
    page = mira.client.get("/settings/audit").text
    assert "made <b>bob@example.com</b> member" in page and "was viewer" in page
    assert page.index("Today") < page.index("bob@example.com") < page.index("made a key of")
    assert "192.0.2.7" in page


def test_it_is_filtered_and_paged_by_its_address(mira: Site):
    for number in range(60):
        note(mira, "key.add", f"project-{number}")
    note(mira, "team.add", "billing", 100)
    first = mira.client.get("/settings/audit?kind=key").text
    assert "project-59" in first and "project-9<" not in first and "billing" not in first
    older = first.split('class="push btn sm" href="')[1].split('"')[0].replace("&amp;", "&")
    assert older.startswith("/settings/audit?kind=key&before=")
    second = mira.client.get(older).text
    assert "project-9<" in second and "project-59" not in second and "Newest" in second
    assert "billing" not in mira.client.get("/settings/audit?period=24h").text
    assert "billing" in mira.client.get("/settings/audit?period=7d&kind=team&person=1").text
    assert "Nothing was changed" in mira.client.get("/settings/audit?person=99").text


@pytest.mark.parametrize(
    "query", ["person=x", "kind=<b>", "period=9y", "before=-1", "before=" + "9" * 40]
)
def test_nonsense_in_the_address_is_left_out(mira: Site, query: str):
    note(mira, "key.add", "shop")
    page = mira.client.get(f"/settings/audit?{query}")
    assert page.status_code == 200 and "<b>shop</b>" in page.text and "kind=&lt;" not in page.text


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_bob_must_not_read_it(mira: Site, role: str):
    note(mira, "key.add", "shop")
    mira.user("bob@example.com", role, "Bob")
    mira.client.cookies.clear()
    mira.sign_in("bob@example.com")
    for path in ("/settings/audit", "/settings/audit.csv"):
        answer = mira.client.get(path)
        assert answer.status_code == 403 and "shop" not in answer.text.split("<main")[1]


def test_as_csv_it_has_every_row_and_no_formula(mira: Site):
    for number in range(1200):
        note(mira, "key.add", f"=HYPERLINK({number})")
    answer = mira.client.get("/settings/audit.csv?kind=key")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head == ["time", "person", "address", "action", "subject", "detail"]
    assert len(rows) == 1200 and rows[0][4] == "'=HYPERLINK(1199)"
    assert rows[0][:4] == ["2026-11-24T06:00:00+00:00", "Mira", "192.0.2.7", "key.add"]


def test_what_comes_from_outside_is_escaped(mira: Site):
    note(mira, "sign_in.failed", "<script>alert(1)</script>", agent="<i>x")
    page = mira.client.get("/settings/audit").text
    assert "<script>alert" not in page and "<i>x" not in page


def entry(action: str, user: str | None = None, ip: str | None = None, **detail: str) -> Entry:
    return Entry(1, 0, None, user, None, ip, action, "it", dict(detail))


def test_every_action_that_is_documented_has_words():
    assert audit.__doc__ is not None
    named = {word for word in audit.__doc__.split() if "." in word and word.strip(".") == word}
    assert named == set(WORDS)


def test_who_did_it_is_a_person_the_command_line_or_nobody_known():
    assert said(entry("key.add")).who == "command line"
    assert said(entry("key.add", ip="192.0.2.7")).who == "somebody"
    assert said(entry("key.add", user="Mira", ip="192.0.2.7")).who == "Mira"
    strange = said(entry("moon.shot", why="it is there"))
    assert (strange.before, strange.how) == ("moon: shot", "why it is there")
