"""Who is told of a cause: one outbox row per target, in one transaction with "this cause is done
with". How a target is told, and when, is decided at the gate.
"""

from collections.abc import Sequence

from lighttrace.alerts import gate
from lighttrace.alerts.quiet import Quiet
from lighttrace.store import causes, outbox
from lighttrace.store.database import Transaction

BATCH = 200  # causes a transaction; the writer's other work waits meanwhile


def expand_due(
    tx: Transaction, targets: Sequence[str], hours: Quiet | None, host: str, now_ms: int
) -> int:
    """Turn waiting causes into messages; returns how many causes were done. `hours`: in which
    nobody is to be disturbed, unless they chose otherwise; `host` goes into Message-IDs.
    """
    waiting = causes.due(tx, BATCH)
    for cause in waiting:
        for target in targets if cause.issue_id is not None else ():  # of a project: only by a rule
            draft = outbox.Draft(
                dedupe=f"cause:{cause.id}:{target}",
                kind=cause.kind,
                target=target,
                issue_id=cause.issue_id,
                caused_at=cause.at,
                payload={**cause.said, "event_row": cause.event_row},
            )
            outbox.add(tx, draft, host, now_ms)
        causes.mark_expanded(tx, cause.id, now_ms)
    gate.open_for_all(tx, hours, host, now_ms)
    return len(waiting)
