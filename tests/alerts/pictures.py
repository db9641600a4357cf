"""Mails as people get them, out of a database with a story in it."""

import json
import secrets
from typing import Any

from lighttrace.alerts import news
from lighttrace.alerts.compose import compose
from lighttrace.alerts.message import Mail
from lighttrace.event.model import Json
from lighttrace.store.outbox import Message
from lighttrace.store.writes import EventWrite
from tests.store.make import NOON, an_event
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
    issue_id: int,
    payload: dict[str, Json] | None = None,
    *,
    at: int = NOON,
    now_ms: int = NOON + 1_100,
) -> Mail:
    """The mail of that kind about an issue, to Ada."""
    message = Message(
        *(7, kind, "ada@shop.example", issue_id, at, now_ms, now_ms, 1),
        *("<0123456789abcdef@shop.example>", payload or {}),
    )
    told = news.read(shelf.db, message, message.payload, URL, now_ms)
    assert told is not None
    return compose(told, message, now_ms)
