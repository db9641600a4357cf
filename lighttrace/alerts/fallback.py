"""A message that failed for good is told once, somewhere else: `[alerts] fallback`."""

from lighttrace.store import outbox
from lighttrace.store.database import Transaction
from lighttrace.store.outbox import Attempt, Message

TRIES = 5  # at once, and after 1, 5, 30 minutes and 3 hours
# what a digest is about goes along; what an issue is about is looked up
TAKEN_ALONG = ("event_row", "project", "members", "by_kind", "issues", "count", "from", "to")
KINDS = {"digest": "a digest", "held": "a digest", "weekly": "the weekly report", "alive": "a line"}


def give_up(
    tx: Transaction, message: Message, attempt: Attempt, target: str | None, now_ms: int
) -> None:
    """Never send a message again; `target` is told of it. A message of this kind that fails too is
    not told of: there would be no end.
    """
    outbox.give_up(tx, message.id, attempt)
    if target is None or target == message.target or message.kind == "failed":
        return
    what = KINDS.get(message.kind, "a message")
    said = {key: message.payload[key] for key in TAKEN_ALONG if key in message.payload}
    draft = outbox.Draft(
        dedupe=f"failed:{message.id}",
        kind="failed",
        target=target,
        issue_id=message.issue_id,
        caused_at=message.caused_at,
        payload={
            **said,
            "words": f"Could not deliver {what} to {message.target}",
            "error": attempt.answer,
            "tries": message.attempts + 1,
        },
    )
    outbox.add(tx, draft, message.message_id.strip("<>").rpartition("@")[2], now_ms)


def forsake(
    tx: Transaction, channel: str, words: str, target: str | None, now_ms: int, limit: int
) -> int:
    """Give up what is due for a webhook that is no more, at most `limit` messages; `words` say why.
    Returns how many there were.
    """
    due = outbox.due(tx, now_ms, limit, channel)
    for message in due:
        give_up(tx, message, Attempt(now_ms, "gone", 0, words), target, now_ms)
    return len(due)
