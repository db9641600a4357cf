"""What mails say, from a real database: facts, the same in both parts, and nothing that a stranger
could turn into markup, a header or a link.
"""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.alerts.compose import compose
from lighttrace.alerts.message import MOST_BYTES, SUBJECT_LENGTH, Mail, message_of, subject_line
from lighttrace.alerts.news import Terms
from lighttrace.event.impact import Weights
from lighttrace.event.scrub import ScrubRules
from lighttrace.event.source_links import Rules
from lighttrace.ingest.errors import event_write
from lighttrace.ingest.origin import Origin
from lighttrace.store import commits, feedback, triage, users
from lighttrace.store.commits import Commit
from lighttrace.store.database import transaction
from lighttrace.store.states import State
from lighttrace.store.writes import FeedbackWrite
from tests.alerts.pictures import LATER, URL, a_story, an_error, every_news, told_of
from tests.store.make import DAY, MINUTE, NOON
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "checkout") as shelf:
        yield shelf


class Parts(HTMLParser):
    """The words of a page without those it hides, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def test_a_new_issue_says_whom_it_met_where_it_is_and_what_was_deployed(shelf: Shelf) -> None:
    shelf.receive(an_error(at=NOON - 18 * MINUTE, group="b", release="web@3.18.2"))
    issue = shelf.receive_one(an_error(user="u0", release="web@3.18.2"))
    for n in range(1, 38):
        shelf.receive(an_error(at=NOON + n * 1000, user=f"u{n}", release="web@3.18.2"))
    mail = told_of(shelf, "new", issue, now_ms=NOON + 38_000)
    assert mail.subject == "New in checkout: TypeError, 38 users so far"
    for fact in (
        "38 users in 38 s",
        "38 events",
        "18 min after web@3.18.2",
        "Began with web@3.18.2, 18 min",
    ):
        assert fact in mail.text
    assert "processPayment in src/checkout.tsx:145" in mail.text
    assert '>   145  track("order_placed", {id: order.orderId});' in mail.text
    assert "I'm on it: https://errors.example/lt/issues/CHECKOUT-2?focus=acknowledge" in mail.text
    assert "Left 38 s after the event arrived." in mail.text


def test_an_issue_that_is_back_says_who_had_resolved_it(shelf: Shelf) -> None:
    issue = shelf.receive_one(an_error(at=NOON - 22 * DAY, release="api@2.3.5"))
    jonas = users.add(shelf.db, "jonas@shop.example", "Jonas", "member", None, NOON)
    triage.set_state(shelf.db, [issue], State.RESOLVED, jonas.id, NOON - 17 * DAY)
    shelf.receive(an_error(release="api@2.4.1"), an_error(at=NOON + 500, release="api@2.4.1"))
    mail = told_of(shelf, "regression", issue, {"event_row": 2}, at=NOON + 500)
    assert mail.subject == "Back in api@2.4.1: TypeError"
    assert "Came back in api@2.4.1" in mail.text
    assert "Resolved by Jonas on 7 November, quiet for 17 d." in mail.text
    assert "2 events since 12:00 UTC" in mail.text
    assert "\n" + "·" * 7 + "▅" + "·" * 21 + "█\n" in mail.text  # the day it began, and today


def test_an_issue_that_is_back_says_what_is_different_now(shelf: Shelf) -> None:
    a_story(shelf)
    mail = told_of(shelf, "regression", 1)
    assert "3 releases began since, the first web@3.18.1, the newest web@3.18.3." in mail.text
    assert "Jonas wrote then: “the session kept an old order”" in mail.text
    assert "resolved on 7 November, the highest is 9 events" in mail.text


def test_with_one_release_or_none_since_it_says_that(shelf: Shelf) -> None:
    one = shelf.receive_one(an_error(at=NOON - 2 * DAY, release="api@1"))
    triage.set_state(shelf.db, [one], State.RESOLVED, None, NOON - DAY)
    shelf.receive(an_error(at=NOON, release="api@1"))
    assert "No release began since." in told_of(shelf, "regression", one).text
    triage.set_state(shelf.db, [one], State.RESOLVED, None, NOON + DAY)
    shelf.receive(an_error(at=NOON + 2 * DAY, release="api@2"))
    mail = told_of(shelf, "regression", one, at=NOON + 2 * DAY, now_ms=NOON + 2 * DAY)
    assert "One release began since: api@2." in mail.text


def test_a_spike_says_how_many_people_are_usual(shelf: Shelf) -> None:
    a_story(shelf)
    spike = {"reason": "61 per h, usually 4", "since_at": NOON}
    mail = told_of(shelf, "spike", 4, spike, now_ms=NOON + 60 * MINUTE)
    assert "61 users, usually 3\n" in mail.text


def test_a_spike_says_how_loud_since_when_and_what_its_events_share(shelf: Shelf) -> None:
    other = {"group": "b", "release": "f@1.9.0", "tags": (("host", "db-2"),)}
    shelf.receive(*(an_error(at=NOON - DAY + n, **other) for n in range(60)))
    issue = shelf.receive_one(an_error(at=NOON - 2 * DAY, release="f@1.9.0"))
    loud = [
        an_error(at=NOON + n * 1000, user=f"u{n}", release="f@1.9.0", tags=(("host", "db-1"),))
        for n in range(61)
    ]
    shelf.receive(*loud)
    payload = {
        "rate": {"count": 61, "window_min": 60, "usual": 4.3},
        "reason": "61 per h, usually 4",
        "since_at": NOON,
    }
    mail = told_of(shelf, "spike", issue, payload, now_ms=NOON + 54 * MINUTE)
    assert mail.subject == "14× more: TypeError in checkout"
    for fact in (
        "Spiking, 14× more",
        "61 per h, usually 4",
        "61 users, usually none",
        "54 min since 12:00 UTC",
        "No release began within 30 minutes before. The nearest is f@1.9.0, 2 d earlier.",
        "- host: db-1: 100 %",
        "known for 2 d",
    ):
        assert fact in mail.text


def test_what_a_rule_has_counted_is_said_in_its_words(shelf: Shelf) -> None:
    shelf.receive(*(an_error(at=NOON - n * 1000, user=f"u{n % 3}") for n in range(53)))
    payload = {"n": 53, "minutes": 5, "reason": "53 events in 5 min"}
    payload |= {"reasons": ["checkout is burning: 53 events in 5 min"]}
    mail = told_of(shelf, "volume", 1, payload)
    assert mail.subject == "53 events in 5 min: TypeError in checkout"
    assert "53 events in 5 min\n3 users since 11:55 UTC\n\n" in mail.text
    assert "gets this: checkout is burning: 53 events in 5 min." in mail.text


def test_what_comes_next_is_said_as_far_as_it_is_known(shelf: Shelf) -> None:
    issue = shelf.receive_one(an_error())
    assert "comes if it gets loud, or comes back." in told_of(shelf, "new", issue).text
    mail = told_of(shelf, "new", issue, {"rules": ["only what is new"]})
    assert "comes when a rule speaks of it again." in mail.text


def test_what_is_new_and_loud_is_called_so(shelf: Shelf) -> None:
    shelf.receive(*(an_error(at=NOON + n) for n in range(50)))
    payload = {"n": 50, "of": "events", "minutes": 5, "reason": "50 events in 5 min"}
    mail = told_of(shelf, "volume", 1, payload)
    assert mail.subject == "New and loud, 50 events in 5 min: TypeError in checkout"
    assert "▁" not in mail.text, "there is nothing yet to compare with"


def test_a_rule_that_counts_nothing_says_that_it_happened_again(shelf: Shelf) -> None:
    mail = told_of(shelf, "volume", shelf.receive_one(an_error()), {"reasons": ["all: an event"]})
    assert mail.subject == "Again: TypeError in checkout"
    assert "Loud since" not in mail.text


def test_what_a_user_says_stands_first_in_its_mail(shelf: Shelf) -> None:
    event_id = "ab" * 16
    for later in (False, True):
        report = FeedbackWrite(1, event_id, "Bea", "", "It broke\n\n\nwhen I <paid>.", NOON)
        feedback.save(shelf.db, report)
        payload = {"report": [1, event_id], "project": "checkout", "words": "checkout: feedback"}
        issue = shelf.receive_one(an_error(event_id=event_id)) if later else None
        mail = told_of(shelf, "feedback", issue, payload)
        assert mail.subject.startswith("Feedback in checkout: “It broke when I <paid>.”")
        assert "Feedback from Bea" in mail.text and "> It broke\n>\n> when I <paid>." in mail.text
        assert "&lt;paid&gt;" in mail.html
        assert "Left 1.1 s after it was said." in mail.text


def test_a_mail_says_how_much_it_matters_by_the_weights_of_the_file(shelf: Shelf) -> None:
    issue = shelf.receive_one(an_error())
    assert "New error · impact 40" in told_of(shelf, "new", issue).text
    heavy = Terms(Weights(new=77))
    assert "New error · impact 77" in told_of(shelf, "new", issue, terms=heavy).text
    triage.set_state(shelf.db, [issue], State.RESOLVED, None, NOON)
    assert "impact" not in told_of(shelf, "new", issue).text


def test_a_mail_leads_to_the_line_at_the_host_that_the_file_names(shelf: Shelf) -> None:
    issue = shelf.receive_one(an_error(release="web@3.18.2+a41f9c2"))
    assert "Code at" not in told_of(shelf, "new", issue).text
    own = Terms(sources={"checkout": Rules("https://git.example/shop/{commit}/{path}#L{line}")})
    mail = told_of(shelf, "new", issue, terms=own)
    url = "https://git.example/shop/a41f9c2/src/checkout.tsx#L145"
    assert f"Code at a41f9c2: {url}\n" in mail.text
    assert url in Parts(mail.html).links and "Code at a41f9c2" in Parts(mail.html).text


def test_a_new_issue_says_which_commit_may_have_brought_it(shelf: Shelf) -> None:
    issue = shelf.receive_one(an_error(release="web@3.18.2"))
    assert "Suspect" not in told_of(shelf, "new", issue).text
    with transaction(shelf.db) as tx:
        row = tx.execute("select id from release where version = 'web@3.18.2'").fetchone()
        paths = (("M", "apps/web/src/checkout.tsx"),)
        some = [Commit("a41f9c2" + "0" * 33, None, "Retry\nmore", "Tove", None, None, paths)]
        commits.put(tx, row[0], some, NOON)
    mail = told_of(shelf, "new", issue)
    touched = "touched apps/web/src/checkout.tsx, frame 1."
    for said in (mail.text, Parts(mail.html).text):
        assert f"Suspect commit a41f9c2 by Tove: Retry, {touched}" in said
    assert "Suspect" not in told_of(shelf, "spike", issue).text


def test_what_an_event_says_is_a_link_leads_nowhere_in_a_mail(shelf: Shelf) -> None:
    frame = {"source_link": "https://evil.example/x", "filename": "/x.js", "abs_path": "/x.js"}
    mail = told_of(shelf, "new", shelf.receive_one(an_error(frame=frame)))
    assert "evil.example" not in mail.text + mail.html


def test_a_password_in_the_code_around_it_leaves_in_no_mail(shelf: Shelf) -> None:
    lines = {"context_line": 'connect(host, password="hunter2")', "pre_context": ["pepper = 'x1'"]}
    issue = shelf.receive_one(an_error(frame=lines))
    mail = told_of(shelf, "new", issue)
    assert "hunter2" not in mail.text + mail.html and "connect(host, " in mail.text
    assert "pepper = 'x1'" in mail.text
    own = Terms(scrub={"checkout": ScrubRules(extra_keys=("pepper",))})
    assert "x1" not in told_of(shelf, "new", issue, terms=own).text


def test_lines_of_code_are_lines_and_hide_nothing(shelf: Shelf) -> None:
    lines = {"context_line": "\tif\u202e user\n\n\nevil():\r\n", "pre_context": ["\tx\n"]}
    mail = told_of(shelf, "new", shelf.receive_one(an_error(frame=lines)))
    assert "    144    x\n>   145    if  user   evil():" in mail.text


@pytest.mark.parametrize("kind", ["new", "regression", "escalating", "spike", "spike_escalated"])
def test_both_parts_name_the_same_facts_and_link_to_us_only(shelf: Shelf, kind: str) -> None:
    issue = shelf.receive_one(an_error(unhandled=True))
    rate = {"count": 9, "window_min": 5, "usual": 1.0}
    payload = {"rate": rate, "reason": "9 in 5 min, usually 1"}
    mail = told_of(shelf, kind, issue, payload if "spike" in kind else {})
    page = Parts(mail.html)
    assert all(link.startswith(f"{URL}/") for link in page.links)
    assert all(link.startswith(f"{URL}/") for link in re.findall(r"https?://\S+", mail.text))
    text = " ".join(mail.text.split())
    for words in ("unhandled", "processPayment", "src/checkout.tsx:145", "order_placed",
                  "Mail settings", "Why ada@shop.example gets this"):  # fmt: skip
        assert words in page.text and words in text
    for number in re.findall(r"\d[\d,]*(?: users?| events?| min| d)", page.text):
        assert number in text


def test_both_parts_say_it_in_the_same_order(shelf: Shelf) -> None:
    a_story(shelf)
    marks = {
        "new": ("impact", "PaymentError", "processPayment", "38", "41", "3 min", "Began with"),
        "regression": ("Came back", "known for", "9", "Resolved by Jonas", "3 releases", "one bar"),
        "spike": ("Spiking", "61", "usually 4", "31 min", "Loud since", "one bar", "host: db-1"),
    }
    last = ("takePendingOrder", "Just before", "I.m on it", "Why ada@", "The next mail", "Left ")
    told = every_news(shelf)
    for name, first in marks.items():
        one, message = told[name]
        mail = compose(one, message, LATER)
        for words in (mail.text, Parts(mail.html).text):
            order = ".*?".join((*map(re.escape, first), *last))
            assert re.search(order, words, re.DOTALL), (name, words)


def test_what_a_stranger_wrote_is_never_markup(shelf: Shelf) -> None:
    evil = "</style><script>alert(1)</script><img src=x onerror=1>\r\nBcc: all@evil.example"
    frame = {"function": evil, "filename": evil, "context_line": evil}
    write = an_error(title=evil, value=evil, frame=frame, release="r@1", environment="<b>prod")
    issue = shelf.receive_one(write)
    mail = told_of(shelf, "new", issue)
    page = Parts(mail.html)
    assert not page.tags & {"script", "img", "iframe", "b>prod"}
    assert "\n" not in mail.subject and "\r" not in mail.subject
    message = as_sent(mail)
    assert message["Bcc"] is None
    assert message["Subject"].startswith("New in checkout: </style>")


def test_a_secret_that_came_with_an_event_leaves_in_no_mail(shelf: Shelf) -> None:
    frame = {"function": "f", "filename": "a.py", "lineno": 1, "context_line": "pay()"}
    exception = {"type": "E", "value": "password=hunter2", "stacktrace": {"frames": [frame]}}
    steps = [{"message": "GET https://ada:hunter2@x.example/?token=hunter2"}]
    sent = {"exception": {"values": [exception]}, "breadcrumbs": steps}
    sent["request"] = {"url": "https://a:hunter2@x.example/", "cookies": "sid=hunter2"}
    write = event_write(json.dumps(sent).encode(), Origin(1, 1, NOON))
    mail = told_of(shelf, "new", shelf.receive_one(write))
    assert "[Filtered]" in mail.text
    assert "hunter2" not in mail.subject + mail.text + mail.html


def test_a_mail_of_the_largest_there_is_stays_small_and_its_lines_short(shelf: Shelf) -> None:
    frame = {"function": "大" * 2000, "filename": "<" * 2000, "context_line": "&" * 5000}
    frame |= {"pre_context": ["&" * 5000] * 5, "post_context": ["&" * 5000] * 5}
    issue = shelf.receive_one(an_error(title="大" * 5000, value="&" * 9000, frame=frame))
    raw = bytes(message_of(told_of(shelf, "new", issue), "lt@shop.example"))
    assert len(raw) <= MOST_BYTES
    assert max(map(len, raw.split(b"\n"))) <= 998


@given(st.text(max_size=300))
def test_a_subject_is_one_short_line_whatever_an_error_calls_itself(title: str) -> None:
    words = subject_line(f"New in shop: {title}")
    assert 0 < len(words) <= SUBJECT_LENGTH
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\ud800-\udfff]", words)
    mail = Mail("ada@shop.example", words, "t", "<p>", "<1@h>", "<i@h>", NOON)
    assert as_sent(mail)["Subject"].startswith("New in shop:")


def test_programs_see_a_list_that_is_left_on_a_page_and_answer_nothing(shelf: Shelf) -> None:
    message = as_sent(told_of(shelf, "new", shelf.receive_one(an_error())))
    assert message["List-Id"] == "LightTrace <alerts.shop.example>"
    assert message["List-Unsubscribe"] == f"<{URL}/account#messages>"
    assert message["List-Unsubscribe-Post"] is None  # nothing is switched off without signing in
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "list"
    assert message["To"] == "ada@shop.example"


def test_mails_of_an_issue_are_one_thread(shelf: Shelf) -> None:
    issue = shelf.receive_one(an_error())
    first, second = (as_sent(told_of(shelf, kind, issue)) for kind in ("new", "spike"))
    assert first["References"] == second["References"] == "<issue-checkout-1@shop.example>"
    assert first["In-Reply-To"] == first["References"]


def as_sent(mail: Mail) -> Any:
    raw = bytes(message_of(mail, "lt@shop.example"))
    return message_from_bytes(raw, policy=policy.default)
