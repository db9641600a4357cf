"""Who is told that a comment addresses them: one message for each person and comment, whatever
becomes of the comment later. It counts for the hourly cap as every other mail does.
"""

from collections.abc import Iterable

from lighttrace.alerts.expand import HOUR_MS, is_held
from lighttrace.store import outbox
from lighttrace.store.database import Transaction


def tell(
    tx: Transaction, issue_id: int, note_id: int, targets: Iterable[str], host: str, now_ms: int
) -> None:
    """Put a message into the outbox for each e-mail. `host` goes into Message-IDs."""
    for target in targets:
        sent = outbox.sent_since(tx, target, now_ms - HOUR_MS)
        draft = outbox.Draft(
            dedupe=f"note:{note_id}:{target}",
            kind="mention",
            target=target,
            issue_id=issue_id,
            caused_at=now_ms,
            due_at=now_ms,
            held=is_held(sent),
            payload={"note": note_id},
        )
        outbox.add(tx, draft, host, now_ms)
