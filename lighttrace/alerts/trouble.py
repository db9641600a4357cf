"""Trouble with what a project sends: much of it is refused, or it is more than can be taken. Looked
for once a minute, told once an hour.
"""

import asyncio
from collections.abc import Callable

from lighttrace.alerts.rules import Policy
from lighttrace.clock import Clock
from lighttrace.event.model import Json
from lighttrace.store import causes, outcomes
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store

LOOK_S = 60.0
HOUR_MS = 3_600_000
LEAST_REFUSED = 50  # in the hour
LEAST_SHARE = 0.2  # of all that came


async def watch(
    store: Store,
    policy: Callable[[], Policy],
    wake: Callable[[], None],
    clock: Clock,
    beat: Callable[[], None],
) -> None:
    """For ever. Nobody who wants to hear of it: nobody looks."""
    while True:
        beat()
        wanted = any(it.is_of_project for rule in policy().rules for it in rule.when)
        if wanted and await store.write(look, clock.now_ms()) > 0:
            wake()
        await asyncio.sleep(LOOK_S)


def look(tx: Transaction, now_ms: int) -> int:
    """Write the causes of this hour, and what is left of the hour before; returns how many."""
    made = 0
    for hour in (now_ms // HOUR_MS - 1, now_ms // HOUR_MS):
        for it in outcomes.of_projects(tx, hour):
            share = it.refused / (it.refused + it.accepted) if it.refused else 0.0
            if it.refused >= LEAST_REFUSED and share >= LEAST_SHARE:
                said = {"n": it.refused, "share": round(share * 100)}
                made += _note(tx, "ingest", it.project_id, hour, said, now_ms)
            if it.limited:
                made += _note(tx, "quota", it.project_id, hour, {"n": it.limited}, now_ms)
    return made


def _note(
    tx: Transaction,
    kind: causes.Kind,
    project_id: int,
    hour: int,
    said: dict[str, Json],
    now_ms: int,
) -> bool:
    dedupe = f"{kind}:{project_id}:{hour}"
    return causes.note(tx, kind, now_ms, project_id=project_id, said=said, dedupe=dedupe)
