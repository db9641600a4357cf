"""Who is told that a comment addresses them: one message for each person and comment, whatever
becomes of the comment later. It passes the gate as every other message does.
"""

from collections.abc import Iterable

from lighttrace.store import outbox
from lighttrace.store.database import Transaction


def tell(
    tx: Transaction, issue_id: int, note_id: int, targets: Iterable[str], host: str, now_ms: int
) -> None:
    """Put a message into the outbox for each e-mail. `host` goes into Message-IDs."""
    for target in targets:
        draft = outbox.Draft(
            dedupe=f"note:{note_id}:{target}",
            kind="mention",
            target=target,
            issue_id=issue_id,
            caused_at=now_ms,
            payload={"note": note_id},
        )
        outbox.add(tx, draft, host, now_ms)
