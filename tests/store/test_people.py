"""People are counted exactly, once per issue and environment and once per issue."""

import asyncio
from pathlib import Path

from lighttrace.clock import FixedClock
from lighttrace.store.database import Transaction
from lighttrace.store.doctor import disagreements
from lighttrace.store.store import Store
from tests.store.make import HOUR, MINUTE, NOON, add_project, an_event, held, one, rows, running


async def people(store: Store) -> dict[str, int]:
    """Environment → people, over all issues; "all" for the issue as a whole."""
    return dict(
        await rows(
            store,
            """select coalesce(name, 'all'), sum(people) from issue_env
                 left join environment on id = env_id group by env_id""",
        )
    )


async def test_a_person_counts_once_per_environment_and_once_in_all(store: Store) -> None:
    for user, environment in (
        ("ann", "production"),
        ("ann", "production"),
        ("ann", "dev"),
        ("bob", "dev"),
        (None, "dev"),
    ):
        await store.submit(an_event(user=user, environment=environment))
    assert await people(store) == {"all": 2, "production": 1, "dev": 2}
    assert await store.read(disagreements) == []


async def test_in_one_batch_they_count_the_same(store: Store) -> None:
    async with held(store):
        for user, environment in (("ann", "a"), ("bob", "a"), ("ann", "b"), ("ann", "a")):
            store.submit(an_event(user=user, environment=environment))
    await store.write(lambda tx: None)
    assert await people(store) == {"all": 2, "a": 2, "b": 1}


async def test_they_count_the_same_after_a_restart(store: Store, clock: FixedClock) -> None:
    path = store.path
    await store.submit(an_event(user="ann"))
    await store.close()
    async with running(path, clock) as again:
        await again.submit(an_event(user="ann"))
        assert await people(again) == {"all": 1, "production": 1}
        assert await rows(again, "select n, capped, people from count_minute") == [(2, 2, 1)]


async def test_a_person_known_from_a_merged_hash_is_not_new(store: Store) -> None:
    await store.submit(an_event(group="a", user="ann"))
    await store.submit(an_event(group="b", user="bob"))

    def merge(tx: Transaction) -> None:
        tx.execute("update grouphash set issue_id = 1")
        tx.execute("delete from issue_env where issue_id = 2")
        tx.execute("update issue_env set n = 2, people = 2, last_event = 2")
        tx.execute("delete from issue where id = 2")
        tx.execute("delete from cause where issue_id = 2")

    await store.write(merge)
    await store.submit(an_event(group="b", user="ann"))  # met the issue by its other hash
    await store.submit(an_event(group="b", user="ann", environment="dev"))
    assert await people(store) == {"all": 2, "production": 2, "dev": 1}
    assert await store.read(disagreements) == []


async def test_two_hashes_of_one_issue_in_one_batch(store: Store) -> None:
    await store.submit(an_event(group="a"))
    await store.submit(an_event(group="b"))

    def merge(tx: Transaction) -> None:
        tx.execute("update grouphash set issue_id = 1")
        tx.execute("delete from issue_env where issue_id = 2")

    await store.write(merge)
    async with held(store):
        for group in ("a", "b"):
            store.submit(an_event(group=group, user="ann"))
    await store.write(lambda tx: None)
    assert await people(store) == {"all": 1, "production": 1}


async def test_three_events_of_one_person_count_for_a_spike_in_a_minute(store: Store) -> None:
    for user, n in (("ann", 5), ("bob", 2), (None, 4)):
        for _ in range(n):
            await store.submit(an_event(user=user))
    await store.submit(an_event(user="ann", at=NOON + MINUTE))
    found = await rows(store, "select n, capped, people from count_minute order by minute")
    assert found == [(11, 3 + 2 + 4, 2), (1, 1, 1)]


async def test_an_event_from_an_earlier_minute_is_counted_right(store: Store) -> None:
    """A clock that is put back, or a request that waited long."""
    for minute in (0, 0, 5, 9, 0, 0, 0, 5):
        await store.submit(an_event(user="ann", at=NOON + minute * MINUTE))
    found = await rows(store, "select n, capped, people from count_minute order by minute")
    assert found == [(5, 3, 1), (2, 2, 1), (1, 1, 1)]
    assert await store.read(disagreements) == []


async def test_a_person_is_one_row_however_often_they_come(store: Store) -> None:
    async with held(store):
        for minute in range(40):
            store.submit(an_event(user="ann", at=NOON + minute * MINUTE))
    await asyncio.gather(
        *(store.submit(an_event(user="ann", at=NOON + 2 * HOUR)) for _ in range(3))
    )
    assert await rows(store, "select shown, first_at, last_at from person") == [
        ("ann", NOON, NOON + 2 * HOUR)
    ]


async def test_the_same_key_in_two_projects_is_two_people(store: Store) -> None:
    await store.write(add_project, 2, slug="other")
    for project_id in (1, 2):
        await store.submit(an_event(project_id=project_id, user="ann"))
    assert await one(store, "select count(*) from person") == 2


async def test_what_was_held_back_counts_for_no_spike(store: Store) -> None:
    """A phone that was offline delivers an hour of events in one minute."""
    for late in (True, False):
        for _ in range(5):
            at = {"received_at": NOON, "happened_at": NOON - (11 if late else 9) * MINUTE}
            await store.submit(an_event(user="ann", **at))
    assert await rows(store, "select n, capped, people from count_minute") == [(10, 3, 1)]
    assert await rows(store, "select n, capped from project_minute") == [(10, 3)]
    assert await store.read(disagreements) == []


async def test_late_events_are_not_remembered_over_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        async with running(tmp_path / "lighttrace.db", FixedClock(NOON)) as again:
            for late in (MINUTE, HOUR):
                await again.submit(an_event(user="ann", received_at=NOON, happened_at=NOON - late))
            assert await again.read(disagreements) == []
    async with running(tmp_path / "lighttrace.db", FixedClock(NOON)) as again:
        assert await rows(again, "select n, capped, people from count_minute") == [(4, 2, 1)]
