"""An issue is deleted: it is gone at once, all that it left goes after it, nothing else does."""

from pathlib import Path

import pytest

from lighttrace.alerts import expand
from lighttrace.alerts.rules import Policy
from lighttrace.clock import FixedClock
from lighttrace.event.query.tree import Word
from lighttrace.store import deleting, doctor, events, feedback, issue_list, issues, merging
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.sight import ALL
from lighttrace.store.store import Store
from lighttrace.store.writes import FeedbackWrite, Stored
from tests.store.make import DAY, NOON, an_event, one, rows, running

# every table that has something of a hash, by the statement that counts it
OF_HASH = {
    table: f"select count(*) from {table} where hash_id = ?"
    for table in ("event", "hash_person", "count_minute", "count_hour", "count_day", "group_text")
}


async def receive(store: Store, **over: object) -> Stored:
    return await store.submit(an_event(**over))


async def hash_of(store: Store, issue_id: int) -> int:
    return int(await one(store, "select id from grouphash where issue_id = ?", issue_id))


async def delete(store: Store, *issue_ids: int, discard: bool = False) -> list[int]:
    return await store.write(deleting.delete, issue_ids, NOON, discard=discard)


async def test_an_issue_is_gone_at_once_and_the_rest_follows(store: Store) -> None:
    first = await receive(store, group="a", user="ada", title="GoneError")
    for n in range(5):
        await receive(store, group="a", user=f"user{n}", at=NOON - n * DAY, environment=f"env{n}")
    other = await receive(store, group="b", user="ada")
    said = FeedbackWrite(1, await event_id(store, first.event_row), "Ada", "", "It broke", NOON)
    await store.write(feedback.save, said)
    hash_id = await hash_of(store, first.issue_id or 0)
    kept = {table: await one(store, f"select count(*) from {table}") for table in OF_HASH}
    of_it = {table: await one(store, sql, hash_id) for table, sql in OF_HASH.items()}
    assert all(of_it.values())

    assert await delete(store, first.issue_id or 0) == [first.issue_id]
    assert await store.read(issues.get, first.issue_id or 0, ALL) is None
    page = await store.read(issue_list.search, IssueQuery(now_ms=NOON))
    assert [it.id for it in page.rows] == [other.issue_id]
    assert await store.read(events.of_rows, [first.event_row]) == []
    searched = await store.read(issue_list.search, IssueQuery(now_ms=NOON, what=Word("GoneError")))
    assert searched.rows == ()
    assert await store.read(doctor.disagreements) == []  # in the middle of it, too

    await deleting.sweep(store)
    for table, sql in OF_HASH.items():
        assert await one(store, sql, hash_id) == 0
        assert await one(store, f"select count(*) from {table}") == kept[table] - of_it[table]
    assert await one(store, "select count(*) from event_body") == 1
    assert await one(store, "select count(*) from feedback") == 0
    assert await one(store, "select count(*) from grouphash") == 1
    assert await store.read(doctor.disagreements) == []
    assert await deleting.sweep(store) == 0


async def event_id(store: Store, row: int) -> str:
    return str(await one(store, "select lower(hex(event_id)) from event where id = ?", row))


async def test_an_event_that_comes_after_is_a_new_issue_with_nothing_of_the_old(
    store: Store,
) -> None:
    old = await receive(store, user="ada")
    await delete(store, old.issue_id or 0)
    new = await receive(store, user="ada")
    assert new.new_issue and new.issue_id != old.issue_id and new.event_row > old.event_row
    await deleting.sweep(store)
    found = await store.read(issues.get, new.issue_id or 0, ALL)
    assert found is not None
    assert (found.n_ever, found.people_ever, found.short_id) == (1, 1, "SHOP-2")
    assert await store.read(doctor.disagreements) == []


async def test_what_is_discarded_is_dropped_and_counted(store: Store) -> None:
    old = await receive(store, title="Noise", value="of a toolbar")
    await delete(store, old.issue_id or 0, discard=True)
    for _ in range(3):
        assert (await receive(store)).issue_id is None
    count = "select n from outcome_hour where outcome = 'filtered' and reason = 'discarded'"
    assert await one(store, count) == 3
    await deleting.sweep(store)
    assert (await receive(store)).issue_id is None
    (it,) = await store.read(deleting.discarded, 1)
    assert (it.title, it.value, it.at) == ("Noise", "of a toolbar", NOON)
    assert await store.read(deleting.discarded, 2) == []


async def test_what_is_discarded_can_be_kept_again(store: Store) -> None:
    old = await receive(store)
    await delete(store, old.issue_id or 0, discard=True)
    await deleting.sweep(store)
    (it,) = await store.read(deleting.discarded, 1)
    assert not await store.write(deleting.undiscard, it.id, 2)  # of another project
    assert await store.write(deleting.undiscard, it.id, 1)
    assert (await receive(store)).new_issue
    assert await store.read(deleting.discarded, 1) == []
    assert await store.read(doctor.disagreements) == []


async def test_what_was_merged_into_it_goes_with_it(store: Store) -> None:
    a, b = await receive(store, group="a"), await receive(store, group="b")
    c = await receive(store, group="c")
    ids = [it.issue_id or 0 for it in (a, b, c)]
    await store.write(merging.merge, ids[0], [ids[1]], None, NOON)
    assert await delete(store, ids[1]) == []  # a merged issue goes only with the whole
    assert await delete(store, ids[0], ids[0], 77) == [ids[0]]
    assert await rows(store, "select id from issue") == [(ids[2],)]
    assert await store.read(issues.id_of_short, "SHOP-2") is None
    assert (await receive(store, group="b")).new_issue
    await deleting.sweep(store)
    assert await store.read(doctor.disagreements) == []


async def test_no_row_is_given_out_twice_after_the_newest_event_went(
    tmp_path: Path, clock: FixedClock
) -> None:
    path = tmp_path / "again.db"
    async with running(path, clock) as store:
        await receive(store, group="a")
        newest = await receive(store, group="b")
        await delete(store, newest.issue_id or 0)
        await deleting.sweep(store)
        assert await store.read(doctor.disagreements) == []
    async with running(path, clock) as store:
        assert (await receive(store, group="c")).event_row > newest.event_row


@pytest.mark.parametrize("count", [0, 1])
async def test_many_events_go_in_bites(
    store: Store, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(deleting, "EVENTS", 2)
    monkeypatch.setattr(deleting, "ROWS", 2)
    monkeypatch.setattr(deleting, "HASHES", 1 + count)
    found = [await receive(store, group=f"g{n % 2}", user=f"user{n}") for n in range(9)]
    await delete(store, *{it.issue_id or 0 for it in found})
    await deleting.sweep(store)
    for table in ("event", "event_body", "hash_person", "count_day", "grouphash", "group_text"):
        assert await one(store, f"select count(*) from {table}") == 0


async def test_no_mail_is_sent_of_a_deleted_issue(store: Store) -> None:
    it = await receive(store)
    await store.write(expand.expand_due, Policy(fallback=("ops@example.com",)), None, "host", NOON)
    assert await one(store, "select count(*) from outbox") == 1
    await delete(store, it.issue_id or 0)
    assert await one(store, "select count(*) from outbox") == 0
    assert await one(store, "select count(*) from cause") == 0
