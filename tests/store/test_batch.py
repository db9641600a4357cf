"""What one event does to the tables."""

import asyncio
from pathlib import Path

from lighttrace.clock import FixedClock
from lighttrace.store import text_index
from lighttrace.store.database import Transaction
from lighttrace.store.doctor import disagreements
from lighttrace.store.states import State, Substate
from lighttrace.store.store import Store
from lighttrace.store.writes import Stored
from tests.store.make import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    a_hash,
    add_project,
    an_event,
    held,
    one,
    rows,
    running,
)


async def test_the_first_event_makes_an_issue_the_second_joins_it(store: Store) -> None:
    first = await store.submit(an_event())
    second = await store.submit(an_event())
    assert first == Stored(1, 1, new_issue=True)
    assert second == Stored(2, 1)
    assert await rows(store, "select kind, issue_id, event_row from cause") == [("new", 1, 1)]


async def test_concurrent_first_events_of_one_issue_make_one_issue(store: Store) -> None:
    async with held(store):
        futures = [store.submit(an_event()) for _ in range(50)]
    answers = await asyncio.gather(*futures)
    assert {it.issue_id for it in answers} == {1}
    assert [it.new_issue for it in answers] == [True] + [False] * 49
    assert await one(store, "select count(*) from cause") == 1


async def test_an_event_sent_again_counts_once(store: Store) -> None:
    write = an_event(user="ann")
    first = await store.submit(write)
    again = await store.submit(write)
    assert again == Stored(first.event_row, first.issue_id, duplicate=True)
    assert await rows(store, "select n, people from issue_env where env_id = 0") == [(1, 1)]
    assert await rows(store, "select outcome, n from outcome_hour order by 1") == [
        ("accepted", 1),
        ("duplicate", 1),
    ]
    assert await store.read(disagreements) == []


async def test_an_event_sent_twice_in_one_batch_counts_once(store: Store) -> None:
    write = an_event(user="ann")
    async with held(store):
        futures = [store.submit(write) for _ in range(3)]
    answers = await asyncio.gather(*futures)
    assert [(it.event_row, it.duplicate) for it in answers] == [(1, False), (1, True), (1, True)]
    assert await one(store, "select count(*) from cause") == 1
    assert await store.read(disagreements) == []


async def test_the_same_id_in_another_project_is_another_event(store: Store) -> None:
    await store.write(add_project, 2, slug="other")
    event_id = "ab" * 16
    for project_id in (1, 2):
        stored = await store.submit(an_event(event_id=event_id, project_id=project_id))
        assert not stored.duplicate and stored.new_issue


async def test_a_duplicate_is_known_after_a_restart(tmp_path: Path, clock: FixedClock) -> None:
    write = an_event(user="ann")
    async with running(tmp_path / "lighttrace.db", clock) as store:
        await store.submit(write)
    async with running(tmp_path / "lighttrace.db", clock) as store:
        assert (await store.submit(write)).duplicate
        assert (await store.submit(an_event(user="ann"))).issue_id == 1
        assert await store.read(disagreements) == []


async def test_short_ids_count_up_within_a_project(store: Store) -> None:
    await store.write(add_project, 2, slug="other")
    for group, project_id in (("a", 1), ("b", 1), ("a", 2), ("c", 1)):
        await store.submit(an_event(group=group, project_id=project_id))
    found = await rows(store, "select project_id, short from issue order by 1, 2")
    assert found == [(1, 1), (1, 2), (1, 3), (2, 1)]


async def test_the_issue_is_called_as_its_latest_event(store: Store) -> None:
    await store.submit(an_event(title="KeyError", value="'a'", level="error"))
    await store.submit(an_event(title="KeyError", value="'b'", level="fatal", unhandled=True))
    ((value, level, unhandled),) = await rows(store, "select value, level, unhandled from issue")
    assert (value, level, unhandled) == ("'b'", 50, 1)
    await store.submit(an_event(title="KeyError", value="'c'", level="warning"))
    ((value, level, unhandled),) = await rows(store, "select value, level, unhandled from issue")
    assert (value, level, unhandled) == ("'c'", 30, 1)  # any event so far was unhandled


async def test_a_placeholder_never_takes_the_place_of_a_title(store: Store) -> None:
    await store.submit(an_event(title="<unknown>", value="", placeholder=True))
    assert await one(store, "select title from issue") == "<unknown>"
    await store.submit(an_event(title="KeyError", value="'a'"))
    await store.submit(an_event(title="<unknown>", value="", placeholder=True))
    assert await rows(store, "select title, value from issue") == [("KeyError", "'a'")]


async def test_an_event_keeps_its_own_title_when_the_issue_moves_on(store: Store) -> None:
    await store.submit(an_event(title="KeyError", value="'a'"))
    await store.submit(an_event(title="KeyError", value="'b'"))
    found = await rows(
        store,
        "select e.title, t.title, t.value from event e join group_text t using (hash_id)",
    )
    assert found == [(None, "KeyError", "'a'"), ("KeyError: 'b'", "KeyError", "'a'")]


async def test_a_resolved_issue_that_fails_again_is_open_again(
    store: Store, clock: FixedClock
) -> None:
    await store.submit(an_event(environment="production"))
    await store.submit(an_event(environment="dev"))
    await store.write(set_state, State.RESOLVED)
    clock.advance(HOUR)
    write = an_event(environment="production", at=NOON + HOUR)
    answer = await store.submit(write)
    assert answer == Stored(3, 1, regressed=True)
    ((state, substate, at),) = await rows(store, "select state, substate, state_at from issue")
    assert (state, substate, at) == (State.UNRESOLVED, Substate.REGRESSED, NOON + HOUR)
    assert await rows(store, "select distinct state from issue_env") == [(State.UNRESOLVED,)]
    assert await rows(store, "select kind, event_row from cause order by id") == [
        ("new", 1),
        ("regression", 3),
    ]
    ((kind, detail),) = await rows(store, "select kind, detail from activity")
    assert kind == "regressed" and write.event.event_id in detail


async def test_of_a_burst_only_the_first_event_is_the_regression(store: Store) -> None:
    await store.submit(an_event())
    await store.write(set_state, State.RESOLVED)
    async with held(store):
        futures = [store.submit(an_event()) for _ in range(5)]
    assert [it.regressed for it in await asyncio.gather(*futures)] == [True] + [False] * 4
    assert await one(store, "select count(*) from cause where kind = 'regression'") == 1


async def test_an_archived_issue_stays_archived(store: Store) -> None:
    await store.submit(an_event())
    await store.write(set_state, State.ARCHIVED)
    assert not (await store.submit(an_event(environment="dev"))).regressed
    assert await rows(store, "select state, n from issue_env where env_id = 0") == [(2, 2)]
    assert await rows(store, "select distinct state from issue_env") == [(2,)]
    assert await one(store, "select count(*) from cause") == 1
    assert await store.read(disagreements) == []


def set_state(tx: Transaction, state: State) -> None:
    tx.execute("update issue set state = ?", (state,))
    tx.execute("update issue_env set state = ?", (state,))


async def test_a_discarded_group_is_counted_and_not_kept(store: Store) -> None:
    await store.submit(an_event())

    def discard(tx: Transaction) -> None:
        tx.execute("update grouphash set issue_id = null, discard = 1")

    await store.write(discard)
    write = an_event()
    async with held(store):
        futures = [store.submit(write), store.submit(write), store.submit(an_event(group="b"))]
    answers = await asyncio.gather(*futures)
    assert answers == [Stored(0, None), Stored(0, None), Stored(2, 2, new_issue=True)]
    assert await one(store, "select count(*) from event") == 2
    found = await rows(store, "select outcome, reason, n from outcome_hour order by 1")
    assert found == [("accepted", "", 2), ("filtered", "discarded", 2)]


async def test_a_hash_whose_issue_is_gone_makes_a_new_issue(store: Store) -> None:
    await store.submit(an_event())
    await store.write(lambda tx: tx.execute("update grouphash set issue_id = null").rowcount)
    answer = await store.submit(an_event())
    assert answer.new_issue and answer.issue_id == 2
    assert await rows(store, "select id, issue_id from grouphash") == [(1, 2)]


async def test_a_new_grouping_version_keeps_the_issue(store: Store) -> None:
    await store.submit(an_event(group="old"))
    await store.write(begin_transition)
    carried = await store.submit(
        an_event(group="new", grouping_version=2, previous_hash=a_hash("old"), user="ann")
    )
    assert carried == Stored(2, 1)  # the issue of the old hash; nobody is alerted
    later = await store.submit(an_event(group="new", grouping_version=2, user="ann"))
    assert later.issue_id == 1
    other = await store.submit(
        an_event(group="other", grouping_version=2, previous_hash=a_hash("never seen"))
    )
    assert other.new_issue
    assert await store.read(disagreements) == []


async def test_after_the_transition_a_hash_stands_for_itself(
    store: Store, clock: FixedClock
) -> None:
    await store.submit(an_event(group="old"))
    await store.write(begin_transition)
    clock.advance(91 * DAY)
    write = an_event(group="new", grouping_version=2, previous_hash=a_hash("old"))
    assert (await store.submit(write)).new_issue


def begin_transition(tx: Transaction) -> None:
    values = (2, 1, NOON + 90 * DAY)
    tx.execute(
        "update project set grouping_version = ?, grouping_previous = ?, transition_until = ?",
        values,
    )


async def test_counters_by_environment_and_release(store: Store) -> None:
    for environment, release in (("production", "s@1"), ("production", "s@2"), ("", None)):
        for minute in (0, 1, 61):
            await store.submit(
                an_event(environment=environment, release=release, at=NOON + minute * MINUTE)
            )
    names = dict(await rows(store, "select id, name from environment"))
    found = await rows(store, "select env_id, n from issue_env order by env_id")
    assert [(names.get(env_id, "all"), n) for env_id, n in found] == [
        ("all", 9),
        ("production", 6),
        ("", 3),
    ]
    assert await one(store, "select count(*) from count_minute") == 6
    assert await one(store, "select count(*) from count_hour") == 6
    assert await rows(store, "select distinct n from count_day") == [(3,)]
    assert await store.read(disagreements) == []


async def test_first_and_last_seen_go_by_event_time_releases_by_their_order(store: Store) -> None:
    for release, happened_at in (
        ("shop@1.10.0", NOON - HOUR),
        ("shop@1.9.0", NOON - 3 * HOUR),  # an old build, sent late
        ("shop@2.0.0-rc.1", NOON - 2 * HOUR),
    ):
        await store.submit(an_event(release=release, happened_at=happened_at))
    ((first_at, last_at, first_event, last_event, first, last),) = await rows(
        store,
        """select first_at, last_at, first_event, last_event, a.version, b.version
             from issue_env join release a on a.id = first_release
             join release b on b.id = last_release where env_id = 0""",
    )
    assert (first_at, last_at) == (NOON - 3 * HOUR, NOON - HOUR)
    assert (first_event, last_event) == (1, 3)
    assert (first, last) == ("shop@1.9.0", "shop@2.0.0-rc.1")


async def test_releases_know_their_events_and_new_issues(store: Store) -> None:
    await store.submit(an_event(group="a", release="s@1", at=NOON))
    await store.submit(an_event(group="b", release="s@1", at=NOON + 5))
    await store.submit(an_event(group="b", release="s@2", at=NOON + 7))
    found = await rows(
        store,
        """select version, first_event_at - ?1, last_event_at - ?1, new_issues
             from release_project join release on id = release_id order by 1""",
        NOON,
    )
    assert found == [("s@1", 0, 5, 2), ("s@2", 7, 7, 0)]
    assert await one(store, "select first_event_at from project") == NOON


async def test_rows_rise_with_receive_time_within_a_batch(store: Store) -> None:
    async with held(store):
        for late in (30, 10, 20):
            store.submit(an_event(at=NOON + late))
    await store.write(lambda tx: None)
    found = await rows(store, "select received_at - ? from event order by id", NOON)
    assert found == [(10,), (20,), (30,)]


async def test_the_text_of_an_event_is_found(store: Store) -> None:
    await store.submit(an_event(tags=(("city", "Łódź / Śródmieście"),), value="no_such_thing"))
    await store.submit(an_event(tags=(("city", "Kraków"),), environment="dev"))
    found = {
        query: [row[0] for row in await rows(store, MATCH, query)]
        for query in (
            text_index.token("city", "Łódź / Śródmieście"),
            text_index.presence("city"),
            text_index.token("environment", "dev"),
            text_index.token("level", "error"),
            text_index.token("release", "shop@1.0.0"),
            text_index.EVERY,
        )
    }
    assert list(found.values()) == [[1], [1, 2], [2], [1, 2], [1, 2], [1, 2]]
    said = "keyerror AND no_such_thing AND frames:cart"
    assert await rows(store, "select rowid from group_fts where group_fts match ?", said) == [(1,)]


MATCH = f"""
select rowid & {text_index.ROW_MASK} from event_fts_0 where event_fts_0 match ? order by rowid
"""


async def test_event_text_goes_on_in_a_new_table(store: Store) -> None:
    await store.submit(an_event())
    border = 1 << text_index.ROWS_SHIFT

    def move(tx: Transaction) -> None:  # as if a quarter of a million events had come
        for sql in ("event set id", "event_body set id", "issue_env set last_event"):
            tx.execute(f"update {sql} = ?", (border - 2,))

    await store.write(move)
    path, clock = store.path, FixedClock(NOON)
    await store.close()
    async with running(path, clock) as again:
        async with held(again):
            for _ in range(3):
                again.submit(an_event(tags=(("city", "Oslo"),)))
        await again.write(lambda tx: None)
        token = text_index.token("city", "Oslo")
        found = {
            name: [row[0] for row in await rows(again, MATCH.replace("event_fts_0", name), token)]
            for _, name in await again.read(text_index.tables)
        }
    assert found == {"event_fts_1": [0, 1], "event_fts_0": [border - 1]}
