"""Messages on their way to people: one row per cause and target, kept until it is delivered or
given up.

The road of a row: it is `held` until it is decided how it is told (`lanes.py`). Alone: `due` →
claimed → `done`, or back to `due` later, or `failed`. With others: it stays `held`, `told_by` names
the message that tells of it, and `done_at` says since when. `message_id` is fixed when the row is
made, so a row that goes out twice, after a crash between the channel's yes and our COMMIT, is one
message to whoever reads it.
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
    kind: str  # of its cause; or mention, digest, held, failed, weekly, alive
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
    payload: dict[str, Json]


ADD = """
insert into outbox(dedupe, kind, target, issue_id, caused_at, made_at, due_at, state, message_id,
  payload)
values (:dedupe, :kind, :target, :issue_id, :caused_at, :now_ms, :now_ms, 'held', :message_id,
  :payload)
on conflict(dedupe) do nothing returning id
"""


def add(tx: Transaction, draft: Draft, host: str, now_ms: int) -> int | None:
    """Put a message into the outbox, where it is held until it is decided how it is told; returns
    its id. None if it was there already. `host` is the right side of its Message-ID.
    """
    values = {
        "dedupe": draft.dedupe,
        "kind": draft.kind,
        "target": draft.target,
        "issue_id": draft.issue_id,
        "caused_at": draft.caused_at,
        "now_ms": now_ms,
        "message_id": f"<{secrets.token_hex(16)}@{host}>",
        "payload": json.dumps(draft.payload),
    }
    row = tx.execute(ADD, values).fetchone()
    return None if row is None else int(row[0])


RELEASE = """
update outbox set state = 'due', due_at = :now_ms, released_at = :now_ms,
  payload = iif(:more > 0, json_set(payload, '$.more', :more), payload)
 where id = :id and state = 'held' and done_at is null
"""


def release(tx: Transaction, message_id: int, now_ms: int, more: int = 0) -> bool:
    """Let a held message go out alone; it says that `more` are held. False if that was decided
    already.
    """
    values = {"id": message_id, "now_ms": now_ms, "more": more}
    return tx.execute(RELEASE, values).rowcount == 1


GATHER = """
update outbox set told_by = :by, done_at = :now_ms
 where id = :id and state = 'held' and done_at is null
"""


def gather(
    tx: Transaction, draft: Draft, members: Sequence[int], host: str, now_ms: int
) -> int | None:
    """Let one message tell of those that are held, and go out; returns its id. None if it was made
    before.
    """
    made = add(tx, draft, host, now_ms)
    if made is not None:
        values = [{"id": it, "by": made, "now_ms": now_ms} for it in members]
        tx.executemany(GATHER, values)
        release(tx, made, now_ms)
    return made


SAY = "update outbox set payload = json_patch(payload, ?) where id = ?"


def say(tx: Transaction, message_id: int, more: dict[str, Json]) -> None:
    """Let a message that was just made say more."""
    tx.execute(SAY, (json.dumps(more), message_id))


REASONS = """
select r.value from json_each(:ids) w cross join outbox o on o.id = w.value,
  json_each(o.payload, '$.reasons') r order by w.key, r.key
"""
REASONED = "update outbox set payload = json_set(payload, '$.reasons', json(?)) where id = ?"


def join(tx: Transaction, message_id: int, others: Sequence[int], now_ms: int) -> None:
    """Let a held message tell of others about the same issue: it says their reasons after its
    own.
    """
    if not others:
        return
    ids = json.dumps([message_id, *others])
    reasons = dict.fromkeys(row[0] for row in tx.execute(REASONS, {"ids": ids}))
    tx.execute(REASONED, (json.dumps(list(reasons)), message_id))
    tx.executemany(GATHER, [{"id": it, "by": message_id, "now_ms": now_ms} for it in others])


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


# No try is put off for longer than this. What wants to go later was made before the clock was put
# back.
MOST_AHEAD_MS = 25 * 60 * 60 * 1000
BRING_BACK = "update outbox set due_at = :now_ms where state = 'due' and due_at > :too_late"


def bring_back(tx: Transaction, now_ms: int) -> int:
    """Let what waits for a time that was put off by the clock go now."""
    values = {"now_ms": now_ms, "too_late": now_ms + MOST_AHEAD_MS}
    return tx.execute(BRING_BACK, values).rowcount


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


UNCLAIM = "update outbox set claimed_at = null where state = 'due' and claimed_at is not null"


def release_claims(tx: Transaction) -> int:
    """At start: whoever claimed these is dead, as one server at a time holds the lock."""
    return tx.execute(UNCLAIM).rowcount


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
    """It is never sent. Whoever should hear of that: `alerts/fallback.py`."""
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


def _message(row: Sequence[Any]) -> Message:
    id_, kind, target, issue_id, caused_at, *rest, payload = row
    made_at, due_at, attempts, message_id = rest
    times = (caused_at, made_at, due_at)
    return Message(id_, kind, target, issue_id, *times, attempts, message_id, json.loads(payload))
