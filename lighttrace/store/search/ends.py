"""When the first and the last of some events happened, without a look at all of them.

Rows are in the order of receipt, and an event happened shortly before it; those that did not bear a
token (`text_index.ODD_TIME`) and are given apart.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from lighttrace.store import text_index
from lighttrace.store.database import Reader

Times: TypeAlias = Iterable[tuple[int, int]]  # (received at, happened at)
LOOKS = 8


def ends(forward: Times, backward: Times, odd: Times) -> tuple[int, int]:
    """The earliest and the latest `happened_at` of events that are given from both ends."""
    happened = [at for _, at in odd]
    first, last = min(happened, default=2**62), max(happened, default=-(2**62))
    for received_at, at in forward:
        first = min(first, at)
        if received_at - text_index.USUAL_DELAY_MS > first:
            break
    for received_at, at in backward:
        last = max(last, at)
        if received_at <= last:
            break
    return first, last


TIMES = """
select e.received_at, e.happened_at from json_each(:rows) w cross join event e on e.id = w.value
 where :envs is null or e.env_id in (select value from json_each(:envs))
"""


def of_rows(
    db: Reader, rows: Sequence[int], envs: Sequence[int] | None = None
) -> Iterator[tuple[int, int]]:
    """In the order that is given, a few at a time."""
    for start in range(0, len(rows), LOOKS):
        some = json.dumps(rows[start : start + LOOKS])
        yield from db.execute(TIMES, {"rows": some, "envs": _json(envs)}).fetchall()


OF_GROUP = """
select e.received_at, e.happened_at from event e
 where e.hash_id = :hash_id and e.id >= :since
   and (:envs is null or e.env_id in (select value from json_each(:envs))) order by e.id {way}
"""


def of_group(
    db: Reader, hash_id: int, since: int, envs: Sequence[int] | None, way: str
) -> Iterator[tuple[int, int]]:
    """All of a group from a row on, oldest first (`asc`) or newest first (`desc`)."""
    values = {"hash_id": hash_id, "since": since, "envs": _json(envs)}
    yield from db.execute(OF_GROUP.format(way=way), values)


def _json(envs: Sequence[int] | None) -> str | None:
    return None if envs is None else json.dumps(list(envs))
