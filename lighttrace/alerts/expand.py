"""Who is told of a cause: one outbox row per target, in one transaction with "this cause is done
with".

The cap: a target gets at most `HOURLY` mails in any hour. The last of them is a summary that says
what was held back, so nine single messages go out at once and the tenth speaks for all the rest.
"""

from collections.abc import Sequence

from lighttrace.store import causes, outbox
from lighttrace.store.database import Transaction

HOURLY = 10
HOUR_MS = 3_600_000
# a summary waits this long, so that it speaks for a whole burst and is still there within 5 s
GATHER_MS = 2_000
BATCH = 200  # causes a transaction; the writer's other work waits meanwhile


def is_held(sent_last_hour: int) -> bool:
    """Whether one more single message would take the place of the summary."""
    return sent_last_hour >= HOURLY - 1


def may_summarise(sent_last_hour: int) -> bool:
    return sent_last_hour < HOURLY


def expand_due(tx: Transaction, targets: Sequence[str], host: str, now_ms: int) -> int:
    """Turn waiting causes into messages; returns how many causes were done. `host` goes into
    Message-IDs.
    """
    waiting = causes.due(tx, BATCH)
    for cause in waiting:
        for target in targets if cause.issue_id is not None else ():  # of a project: only by a rule
            sent = outbox.sent_since(tx, target, now_ms - HOUR_MS)
            draft = outbox.Draft(
                dedupe=f"cause:{cause.id}:{target}",
                kind=cause.kind,
                target=target,
                issue_id=cause.issue_id,
                caused_at=cause.at,
                due_at=now_ms,
                held=is_held(sent),
                payload={**cause.said, "event_row": cause.event_row},
            )
            outbox.add(tx, draft, host, now_ms)
        causes.mark_expanded(tx, cause.id, now_ms)
    summarise(tx, host, now_ms)
    return len(waiting)


def summarise(tx: Transaction, host: str, now_ms: int) -> None:
    """Give each target with untold messages its summary, as soon as its hour has room for one."""
    for target, first_id in outbox.untold(tx):
        if not may_summarise(outbox.sent_since(tx, target, now_ms - HOUR_MS)):
            continue
        draft = outbox.Draft(
            dedupe=f"held:{target}:{first_id}",
            kind="held",
            target=target,
            issue_id=None,
            caused_at=now_ms,
            due_at=now_ms + GATHER_MS,
            held=False,
            payload={},
        )
        outbox.add(tx, draft, host, now_ms)
