"""Mails as people get them, out of a database with a story in it."""

import json
import secrets
from dataclasses import fields, is_dataclass, replace
from typing import Any

from lighttrace.alerts import letters, news, routine, weekly
from lighttrace.alerts.compose import compose, test_mail
from lighttrace.alerts.message import Mail
from lighttrace.alerts.news import News, Terms
from lighttrace.event.model import Json
from lighttrace.store import events, feedback, notes, outbox, triage, users
from lighttrace.store.outbox import Draft, Message
from lighttrace.store.states import State
from lighttrace.store.writes import EventWrite, FeedbackWrite
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf

URL = "https://errors.example/lt"
FRAME = {
    "function": "processPayment",
    "filename": "src/checkout.tsx",
    "lineno": 145,
    "context_line": '  track("order_placed", {id: order.orderId});',
    "pre_context": ["  const order = session.takePendingOrder();", ""],
    "post_context": ["  router.push(`/orders/${order.orderId}`);"],
    "in_app": True,
}
LATER = NOON + 31 * MINUTE
STEPS = ("click “Place order”", "POST /api/checkout 200", "click “Place order” again")


def an_error(**over: Any) -> EventWrite:
    """An event with a place in the code and a trail, in its body as well."""
    frame = FRAME | over.pop("frame", {})
    title = over.setdefault("title", "TypeError")
    value = over.setdefault("value", "Cannot read properties of undefined (reading 'orderId')")
    over.setdefault("tags", ())
    over.setdefault("release", "web@3.18.2")
    over.setdefault("environment", "production")
    exception = {"type": title, "value": value, "stacktrace": {"frames": [frame]}}
    body = {
        "event_id": over.setdefault("event_id", secrets.token_hex(16)),
        "level": "error",
        "release": over["release"],
        "environment": over["environment"],
        "exception": {"values": [exception]},
        "breadcrumbs": [{"message": step} for step in STEPS],
    }
    return an_event(**over | {"body": json.dumps(body).encode()})


def told_of(
    shelf: Shelf,
    kind: str,
    issue_id: int | None,
    payload: dict[str, Json] | None = None,
    *,
    at: int = NOON,
    now_ms: int = NOON + 1_100,
    terms: Terms = news.DEFAULT_TERMS,
) -> Mail:
    """The mail of that kind about an issue, to Ada."""
    message = Message(
        *(7, kind, "ada@shop.example", issue_id, at, now_ms, now_ms, 1),
        *("<0123456789abcdef@shop.example>", payload or {}),
    )
    told = news.read(shelf.db, message, message.payload, URL, now_ms, terms)
    assert told is not None
    return compose(told, message, now_ms)


def put(shelf: Shelf, draft: Draft) -> Message:
    """A row of the outbox."""
    made = outbox.add(shelf.db, draft, "shop.example", draft.caused_at)
    sql = f"select {outbox.COLUMNS} from outbox where id = ?"
    *row, payload = shelf.db.execute(sql, (made,)).fetchone()
    return Message(*row, json.loads(payload))


def a_story(shelf: Shelf) -> None:
    """A shop in which much happens at noon: issue 1 was resolved and is back, 4 is common and loud,
    6 is new and loud.
    """
    for days in range(22, 17, -1):
        old = {"release": "web@3.18.0", "unhandled": True}
        shelf.receive(*(an_error(at=NOON - days * DAY + n, **old) for n in range(2 + days % 3)))
    jonas = users.add(shelf.db, "jonas@shop.example", "Jonas", "member", None, NOON - 30 * DAY)
    notes.add(shelf.db, 1, jonas.id, "the session kept an old order", NOON - 17 * DAY)
    triage.set_state(shelf.db, [1], State.RESOLVED, jonas.id, NOON - 17 * DAY)
    for number, days in ((1, 9), (2, 4)):
        shelf.receive(
            an_error(group=f"{number}", release=f"web@3.18.{number}", at=NOON - days * DAY)
        )
    usual = {"group": "usual", "title": "OperationalError", "value": "statement timeout"}
    calm = usual | {"tags": (("host", "db-2"),), "release": "web@3.18.0"}
    for hour in range(24, 0, -1):
        some = (
            an_error(at=NOON - hour * HOUR + MINUTE + n, user=f"v{hour}{n % 3}", **calm)
            for n in range(4)
        )
        shelf.receive(*some)
    shelf.receive(an_error(group="3", release="web@3.18.3", at=NOON - 3 * MINUTE))
    now = {"release": "web@3.18.3", "tags": (("host", "db-1"),)}
    for n in range(61):
        shelf.receive(an_error(at=NOON + n * MINUTE // 2, user=f"u{n}", **(usual | now)))
    for n in range(9):
        shelf.receive(an_error(at=NOON + n * 1_000, user=f"u{n % 6}", unhandled=True, **now))
    fresh = {
        "group": "fresh",
        "release": "web@3.18.3",
        "title": "PaymentError",
        "value": "declined",
    }
    shelf.receive(*(an_error(at=NOON + n * 900, user=f"u{n % 38}", **fresh) for n in range(41)))


def every_news(shelf: Shelf) -> dict[str, tuple[News, Message]]:
    """All there can be to tell of `a_story`, as the courier reads it from the outbox."""
    db = shelf.db
    of_user = FeedbackWrite(1, "ab" * 16, "Bea", "bea@example.com", OPINION, NOON)
    shelf.receive(an_error(event_id=of_user.event_id, at=NOON, group="said"))
    feedback.save(db, of_user)
    ada = users.add(db, "ada@shop.example", "Ada", "owner", None, NOON)
    note = notes.add(db, 1, ada.id, "@ada can you have a look?\n\nIt is the *second* click.", NOON)
    report = {"report": [1, of_user.event_id]}
    spike = {
        "rate": {"count": 61, "window_min": 60, "usual": 4.3},
        "since_at": NOON,
        "reason": "61 per h, usually 4",
        "began": {"release": "web@3.18.3", "after_ms": 3 * MINUTE},
    }
    counted = {"n": 53, "minutes": 30, "reason": "53 events in 30 min"}
    loud = {"n": 41, "of": "events", "minutes": 5, "reason": "41 events in 5 min"}
    refused = {"words": "checkout: 120 refused within an hour, 30 % of what was sent"}
    failed = {
        "words": "Could not deliver a message to bea@shop.example",
        "error": "550 5.1.1 mail.shop.example does not know this mailbox",
    }
    gathered: dict[str, Json] = {
        "count": 4,
        "by_kind": {"spike": 1, "new": 1, "regression": 1, "quota": 1},
        "issues": [4, 6, 1],
        "members": [[4, "spike"], [6, "new"], [1, "regression"]],
        "from": NOON,
        "to": LATER,
        "night": False,
    }
    kinds: tuple[tuple[str, str, int | None, dict[str, Json]], ...] = (
        ("new", "new", 6, {"event_row": _newest(shelf, 6)}),
        ("loud", "volume", 6, loud | {"event_row": _newest(shelf, 6)}),
        ("regression", "regression", 1, {"event_row": _newest(shelf, 1)}),
        ("escalating", "escalating", 1, {"event_row": _newest(shelf, 1)}),
        ("spike", "spike", 4, spike),
        ("spike_escalated", "spike_escalated", 4, spike),
        ("volume", "volume", 4, counted),
        ("users", "users", 4, {"n": 61, "minutes": 0, "reason": "61 users"}),
        ("every", "volume", 1, {"reasons": ["what ever happens: there is an event"]}),
        ("feedback", "feedback", 7, report),
        ("feedback_alone", "feedback", None, report | {"project": "checkout", "words": "feedback"}),
        ("quota", "quota", None, refused),
        ("mention", "mention", 1, {"note": note}),
        ("failed", "failed", 1, failed),
        ("alive", "alive", None, {"words": routine.alive(db, LATER)}),
        ("digest", "digest", None, gathered),
        ("held", "held", None, gathered),
        ("weekly", "weekly", None, dict(weekly.payload(ada, NOON))),
    )
    found = {}
    for name, kind, issue, payload in kinds:
        message = put(shelf, Draft(name, kind, "ada@shop.example", issue, NOON, payload))
        told = news.read(db, message, message.payload, URL, LATER)
        assert told is not None, name
        found[name] = told, message
    return found


def poisoned(value: Any, text: str, name: str = "") -> Any:
    """The same with that text in the place of every word of a stranger."""
    if isinstance(value, str) and not name.endswith(("url", "kind", "level", "tone", "id")):
        return text
    if is_dataclass(value) and not isinstance(value, type):
        inner = {it.name: poisoned(getattr(value, it.name), text, it.name) for it in fields(value)}
        return replace(value, **inner)
    if isinstance(value, tuple):
        return tuple(poisoned(it, text, name) for it in value)
    return value


def every_mail(told: dict[str, tuple[News, Message]]) -> dict[str, Mail]:
    """One of each kind, to Ada."""
    mails = {name: compose(one, message, LATER) for name, (one, message) in told.items()}
    mails["test"] = test_mail("ada@shop.example", "<t@shop.example>", URL, NOON)
    return mails | every_letter("Mira")


def every_letter(who: str) -> dict[str, Mail]:
    to, link = "ada@shop.example", f"{URL}/invitations/x"
    message_id = "<1@shop.example>"
    return {
        "invitation": letters.invitation(to, link, who, "member", "billing", URL, message_id, NOON),
        "reset": letters.reset(to, link, URL, message_id, NOON),
    }


def _newest(shelf: Shelf, issue_id: int) -> int:
    return events.newest_rows(shelf.db, issue_id, 1)[0]


OPINION = "I clicked twice because nothing happened.\n\nNow I have paid twice, it seems!"
