"""Messages on their way to people: one row per cause and target, kept until it is delivered or
given up.

The road of a row: `due` → claimed → `done`, or back to `due` later, or `failed`. `held` rows are
over the hourly cap of their target: a summary tells of them (`done_at` says when). `message_id` is
fixed when the row is made, so a row that goes out twice, after a crash between the channel's yes
and our COMMIT, is one message to whoever reads it.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.event.model import Json
from lighttrace.store.database import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed or due row. `payload` is what the composer needs besides the issue."""

    id: int
    kind: str  # new | regression | held | mention
    target: str
    issue_id: int | None
    caused_at: int
    made_at: int
    due_at: int
    attempts: int
    message_id: str
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be. `dedupe` makes it unique for ever: adding it again changes nothing."""

    dedupe: str
    kind: str
    target: str
    issue_id: int | None
    caused_at: int
    due_at: int
    held: bool
    payload: dict[str, Json]


ADD = """
insert into outbox(dedupe, kind, target, issue_id, caused_at, made_at, due_at, state, message_id,
payload) values (:dedupe, :kind, :target, :issue_id, :caused_at, :now_ms, :due_at, :state,
:message_id, :payload) on conflict(dedupe) do nothing
"""


def add(tx: Transaction, draft: Draft, host: str, now_ms: int) -> bool:
    """Put a message into the outbox. False if it was there already. `host` is the right side of its
    Message-ID.
    """
    values = {
        "dedupe": draft.dedupe,
        "kind": draft.kind,
        "target": draft.target,
        "issue_id": draft.issue_id,
        "caused_at": draft.caused_at,
        "now_ms": now_ms,
        "due_at": draft.due_at,
        "state": "held" if draft.held else "due",
        "message_id": f"<{secrets.token_hex(16)}@{host}>",
        "payload": json.dumps(draft.payload),
    }
    return tx.execute(ADD, values).rowcount == 1


SENT_SINCE = "select count(*) from outbox where target = ? and made_at > ? and state <> 'held'"


def sent_since(db: Reader, target: str, since_ms: int) -> int:
    """How many messages to `target` were made after `since_ms`; those held back do not count."""
    return int(db.execute(SENT_SINCE, (target, since_ms)).fetchone()[0])


COLUMNS = "id, kind, target, issue_id, caused_at, made_at, due_at, attempts, message_id, payload"
# What is to go the way of one channel: a webhook has its own, all people share the mail.
OF_CHANNEL = """
case when :channel = 'mail' then target not like 'webhook:%' else target = :channel end
"""
DUE = f"""
select {COLUMNS} from outbox
 where state = 'due' and due_at <= :now_ms and claimed_at is null and {OF_CHANNEL}
 order by due_at, id limit :limit
"""


def due(db: Reader, now_ms: int, limit: int, channel: str = "mail") -> list[Message]:
    """The oldest messages for a channel: "mail", or "webhook:NAME"."""
    values = {"channel": channel, "now_ms": now_ms, "limit": limit}
    return [_message(row) for row in db.execute(DUE, values)]


NEXT_DUE = """
select case when target like 'webhook:%' then target else 'mail' end, min(due_at) from outbox
 where state = 'due' and claimed_at is null group by 1
"""


def next_due_at(db: Reader) -> dict[str, int]:
    """When the next message of each channel wants to go."""
    return dict(db.execute(NEXT_DUE).fetchall())


CLAIM = """
update outbox set claimed_at = :now_ms, attempts = attempts + 1
 where id = :id and state = 'due' and claimed_at is null
"""


def claim(tx: Transaction, message_id: int, now_ms: int) -> bool:
    """Take a message. False if somebody else has it or it is gone."""
    return tx.execute(CLAIM, {"id": message_id, "now_ms": now_ms}).rowcount == 1


RELEASE = "update outbox set claimed_at = null where state = 'due' and claimed_at is not null"


def release_claims(tx: Transaction) -> int:
    """At start: whoever claimed these is dead, as one server at a time holds the lock."""
    return tx.execute(RELEASE).rowcount


DELIVERED = "update outbox set state = 'done', done_at = :now_ms, error = null where id = :id"
POSTPONED = "update outbox set due_at = :due_at, claimed_at = null, error = :error where id = :id"
FAILED = "update outbox set state = 'failed', done_at = :now_ms, error = :error where id = :id"
ATTEMPT = "insert into delivery(outbox_id, at, ok, code, took_ms, answer) values (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a channel said: SMTP code or exception name, the time it took, its words."""

    at: int
    code: str
    took_ms: int
    answer: str


def record_delivered(tx: Transaction, message_id: int, attempt: Attempt) -> None:
    tx.execute(DELIVERED, {"id": message_id, "now_ms": attempt.at})
    tx.execute(ATTEMPT, (message_id, attempt.at, 1, attempt.code, attempt.took_ms, attempt.answer))


def postpone(tx: Transaction, message_id: int, attempt: Attempt, due_at: int) -> None:
    tx.execute(POSTPONED, {"id": message_id, "due_at": due_at, "error": attempt.answer})
    tx.execute(ATTEMPT, (message_id, attempt.at, 0, attempt.code, attempt.took_ms, attempt.answer))


def give_up(tx: Transaction, message_id: int, attempt: Attempt) -> None:
    tx.execute(FAILED, {"id": message_id, "now_ms": attempt.at, "error": attempt.answer})
    tx.execute(ATTEMPT, (message_id, attempt.at, 0, attempt.code, attempt.took_ms, attempt.answer))


PUT_OFF = f"""
update outbox set due_at = :until
 where state = 'due' and claimed_at is null and due_at <= :now_ms and {OF_CHANNEL}
"""


def put_off(tx: Transaction, channel: str, now_ms: int, for_ms: int) -> int:
    """Let everything wait that is due and goes through this channel: it is down."""
    values = {"channel": channel, "now_ms": now_ms, "until": now_ms + for_ms}
    return tx.execute(PUT_OFF, values).rowcount


FORSAKE = """
update outbox set state = 'failed', done_at = :now_ms, error = :error
 where state = 'due' and claimed_at is null and target = :channel
"""


def forsake(tx: Transaction, channel: str, error: str, now_ms: int) -> int:
    """Give up everything for a webhook that is no more; `error` says so."""
    values = {"channel": channel, "now_ms": now_ms, "error": error}
    return tx.execute(FORSAKE, values).rowcount


UNTOLD_TARGETS = """
select target, min(id) from outbox where state = 'held' and done_at is null group by target
"""


def untold(db: Reader) -> list[tuple[str, int]]:
    """Who has messages held back that no summary has told of, with the first of them."""
    return [(row[0], row[1]) for row in db.execute(UNTOLD_TARGETS)]


SUMMARY_ISSUES = 20  # more would be a page, not a mail; the mail links to the list
HELD = f"""
select {COLUMNS} from outbox where target = ? and state = 'held' and done_at is null order by id
"""
TELL = "update outbox set done_at = ? where id = ?"
FREEZE = "update outbox set payload = ? where id = ?"


def tell(tx: Transaction, summary: Message, now_ms: int) -> dict[str, Json]:
    """Put what is held back now into a summary, once, and return its payload.

    A summary that is sent again says the same.
    """
    if "issues" in summary.payload:
        return summary.payload
    held = [_message(row) for row in tx.execute(HELD, (summary.target,))]
    tx.executemany(TELL, [(now_ms, message.id) for message in held])
    payload = {
        **summary.payload,
        "count": len(held),
        "issues": [message.issue_id for message in held][:SUMMARY_ISSUES],
    }
    tx.execute(FREEZE, (json.dumps(payload), summary.id))
    return payload


def _message(row: Sequence[Any]) -> Message:
    id_, kind, target, issue_id, caused_at, *rest, payload = row
    made_at, due_at, attempts, message_id = rest
    times = (caused_at, made_at, due_at)
    return Message(id_, kind, target, issue_id, *times, attempts, message_id, json.loads(payload))
