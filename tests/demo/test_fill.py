"""The made-up shop: the same each time, refused where there is something already, and true."""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from lighttrace.clock import FixedClock
from lighttrace.demo import rules
from lighttrace.demo.events import DAY_MS, Sending, history
from lighttrace.demo.faults import FAULTS, MESSAGES, PROJECTS
from lighttrace.demo.fill import EMAIL, Filled, fill
from lighttrace.errors import StartError
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.pipeline import of_store
from lighttrace.limits import LIMITS
from lighttrace.store import issues as issues_store
from lighttrace.store import similar
from lighttrace.store.database import Reader
from lighttrace.store.doctor import disagreements
from lighttrace.store.sight import ALL
from lighttrace.store.store import Store
from lighttrace.store.writes import EventWrite
from tests.conftest import NOW_MS

T = TypeVar("T")


async def asked(path: Path, ask: Callable[[Reader], T]) -> T:
    store = Store.open(path, clock=FixedClock(NOW_MS))
    await store.start()
    try:
        return await store.read(ask)
    finally:
        await store.close()


def issues(db: Reader) -> list[tuple[object, ...]]:
    return db.execute(
        "select i.id, i.title, i.value, i.culprit, i.state, e.n, e.people, e.first_at, e.last_at"
        " from issue i join issue_env e on e.issue_id = i.id and e.env_id = 0 order by i.id"
    ).fetchall()


@pytest.mark.slow
async def test_the_shop_is_the_same_each_time_and_its_counters_agree(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = [tmp_path / name / "lighttrace.sqlite3" for name in ("one", "two")]
    filled = [
        await fill(path, NOW_MS, lambda done, of: told.append((done, of)), days=1) for path in paths
    ]
    first, second = [await asked(path, issues) for path in paths]
    assert first == second and filled[0] == filled[1] == Filled(4, len(first), told[-1][1])
    assert told[-1][0] == told[-1][1]
    assert await asked(paths[0], disagreements) == []
    assert await asked(paths[0], look) == {
        "events": filled[0].events, "signs in": EMAIL, "role": "owner", "to be mailed": 0,
        "archived": "AbortError", "whose the checkout is": "storefront",
        "of high value": "tags.component:checkout", "comments": 7,
    }  # fmt: skip
    assert await asked(paths[0], alike) == ["same caller"]
    assert (tmp_path / "one/lighttrace.toml").read_text() == rules.TEXT


def look(db: Reader) -> dict[str, object]:
    return {name: db.execute(sql).fetchone()[0] for name, sql in LOOK.items()}


def alike(db: Reader) -> list[str]:
    """Why other issues look like that of the checkout."""
    issue_id = db.execute(CHECKOUT.format("id")).fetchone()[0]
    issue = issues_store.get(db, issue_id, ALL)
    assert issue is not None
    return [it.reason for it in similar.of_issue(db, issue)]


CHECKOUT = "select {} from issue where value like '%orderId%'"
LOOK = {
    "whose the checkout is": f"select slug from team where id = ({CHECKOUT.format('owner_team')})",
    "of high value": CHECKOUT.format("high_value"),
    "comments": "select count(*) from note",
    "events": "select count(*) from event",
    "signs in": "select email from user order by id",
    "role": "select role from user order by id",
    "to be mailed": "select count(*) from outbox where state = 'due' and target like '%@%'",
    "archived": "select title from issue where state = 2",
}


@cache
def shop() -> list[Sending]:
    return list(history(NOW_MS))


def kind(sending: Sending) -> tuple[str, str, str]:
    """Which fault or message of the shop an event was made of."""
    payload = sending.payload
    if "logentry" in payload:
        return sending.project, "message", payload["logentry"]["message"]
    return sending.project, payload["exception"]["values"][-1]["type"], payload["transaction"]


def taken(sendings: Iterable[Sending]) -> list[EventWrite]:
    origin = Origin(project_id=1, key_id=1, received_at=NOW_MS)
    works = (of_store(msgspec.json.encode(one.payload), origin, LIMITS) for one in sendings)
    return [write for work in works for write in work.events]


def test_each_fault_of_two_weeks_is_one_issue() -> None:
    sendings = shop()[::3]  # a third tells as much
    hashes: dict[tuple[str, str, str], set[bytes]] = {}
    for sending, write in zip(sendings, taken(sendings), strict=True):
        hashes.setdefault(kind(sending), set()).add(write.hash)
    assert all(len(found) == 1 for found in hashes.values())
    every = set().union(*hashes.values())
    assert len(every) == len(hashes) == len(FAULTS) + len(MESSAGES)


def test_history_is_in_order_within_two_weeks_and_a_seed_makes_another() -> None:
    first, other = shop(), history(NOW_MS, seed=8)
    assert first[:300] == list(islice(history(NOW_MS), 300)) != list(islice(other, 300))
    times = [sending.at for sending in first]
    assert times == sorted(times) and times[0] >= NOW_MS - 14 * DAY_MS and times[-1] <= NOW_MS
    assert {sending.project for sending in first} == {project.slug for project in PROJECTS}
    assert len({sending.payload["event_id"] for sending in first}) == len(first)


def test_the_secrets_of_the_shop_are_made_up_and_kept_by_nobody() -> None:
    bodies = b"".join(write.body for write in taken(shop()[::20]))
    for secret in (b"sk_live_51Hx", b"correct horse", b"eyJhbGciOi", b"4242 4242"):
        assert secret not in bodies
    assert b"[Filtered]" in bodies


@pytest.mark.parametrize("content", [b"", b"not even a database"])
async def test_what_is_there_is_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lighttrace.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StartError, match="exists already"):
        await fill(path, NOW_MS, days=1)
    assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]
