"""Lists of issues: what is on them, in which order, and what each row says of its period.

The last part compares every order, period and environment with what counting all events one by one
gives.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lighttrace.event.query.read import parse
from lighttrace.store import counters, environments, issue_list, issues, triage
from lighttrace.store.counters import Period
from lighttrace.store.issue_list import IssuePage, IssueQuery
from lighttrace.store.issue_order import SORTS, Cursor, Sort
from lighttrace.store.sight import ALL
from lighttrace.store.states import State
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

ASK = IssueQuery(now_ms=NOON)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "api") as made:
        yield made


@pytest.fixture
def titles(shelf: Shelf) -> Callable[..., list[str]]:
    """The titles on the page that a query gives, in order."""

    def asked(**over: object) -> list[str]:
        page = issue_list.search(shelf.db, replace(ASK, **over))  # type: ignore[arg-type]
        return [row.title for row in page.rows]

    return asked


def pages(shelf: Shelf, query: IssueQuery) -> list[IssuePage]:
    """All pages of a query, following its cursors."""
    found = [issue_list.search(shelf.db, query)]
    while cursor := found[-1].next_cursor:
        found.append(issue_list.search(shelf.db, replace(query, cursor=cursor)))
    return found


def test_the_issue_seen_last_comes_first(shelf: Shelf, titles: Callable[..., list[str]]) -> None:
    shelf.receive(an_event(group="a", title="Old", at=NOON - HOUR))
    shelf.receive(an_event(group="b", title="Older", at=NOON - 2 * HOUR))
    assert titles() == ["Old", "Older"]
    shelf.receive(an_event(group="b", title="Older", at=NOON))
    assert titles() == ["Older", "Old"]
    assert titles(sort="first_seen") == ["Old", "Older"]


def test_states_projects_and_environments_narrow_the_list(
    shelf: Shelf, titles: Callable[..., list[str]]
) -> None:
    for write in (
        an_event(group="a", title="A"),
        an_event(group="b", title="B", environment="staging", at=NOON - 1),
        an_event(group="c", title="C", project_id=2, environment=None, at=NOON - 2),
    ):
        shelf.receive(write)
    triage.set_state(shelf.db, [1], State.RESOLVED, None, NOON)
    assert titles() == ["A", "B", "C"]
    assert titles(state=State.UNRESOLVED) == ["B", "C"]
    assert titles(state=State.RESOLVED) == ["A"]
    assert titles(project_ids=(2,)) == ["C"] and titles(project_ids=()) == []
    assert titles(env="staging") == ["B"] and titles(env="") == ["C"] and titles(env="?") == []
    assert issue_list.totals(shelf.db, ASK) == {
        State.UNRESOLVED: 2,
        State.RESOLVED: 1,
        State.ARCHIVED: 0,
    }
    assert set(issue_list.totals(shelf.db, replace(ASK, env="?")).values()) == {0}


def test_a_deleted_projects_issues_are_on_no_list(
    shelf: Shelf, titles: Callable[..., list[str]]
) -> None:
    shelf.receive(an_event(group="a", title="A"), an_event(group="b", title="B", project_id=2))
    shelf.db.execute("update project set deleted_at = 1 where id = 2")
    assert titles() == ["A"]


def test_a_period_holds_what_was_seen_in_it_and_counts_nothing_else(shelf: Shelf) -> None:
    shelf.receive(an_event(group="a", at=NOON - 40 * DAY, user="ada"))
    shelf.receive(an_event(group="a", at=NOON - 3 * DAY, user="bob"))
    shelf.receive(an_event(group="a", at=NOON - 1, user="ada"), an_event(group="a", at=NOON - 1))
    shelf.receive(an_event(group="b", at=NOON - 41 * DAY))

    def counted(period_ms: int | None) -> list[tuple[int, int]]:
        page = issue_list.search(shelf.db, replace(ASK, period_ms=period_ms))
        return [(row.n, row.people) for row in page.rows]

    assert counted(DAY) == [(2, 1)]
    assert counted(7 * DAY) == [(3, 2)]
    assert counted(None) == [(4, 2), (1, 0)]
    (row,) = issue_list.search(shelf.db, replace(ASK, period_ms=DAY)).rows
    assert (row.n_ever, row.people_ever) == (4, 2)


def test_a_row_says_what_its_issue_is(shelf: Shelf) -> None:
    shelf.receive(
        an_event(unhandled=True, release="shop@1.2.0", tags=(("team", "billing"), ("os", "Linux")))
    )
    (row,) = issue_list.search(shelf.db, ASK).rows
    issue = issues.get(shelf.db, row.id, ALL)
    assert issue is not None
    for name in ("short_id", "title", "value", "culprit", "level", "unhandled", "first_release"):
        assert getattr(row, name) == getattr(issue, name)
    assert row.tags_hint == (("team", "billing"),)
    assert (row.n, row.n_ever, sum(row.spark), len(row.spark)) == (1, 1, 1, 24)


def test_a_sparkline_of_a_day_has_a_bar_an_hour(shelf: Shelf) -> None:
    for hours, n in ((0, 3), (1, 1), (23, 2), (24, 9)):
        shelf.receive(*(an_event(at=NOON - hours * HOUR + MINUTE) for _ in range(n)))
    (row,) = issue_list.search(shelf.db, replace(ASK, period_ms=DAY)).rows
    assert row.spark == (2, *[0] * 21, 1, 3)


def test_a_sparkline_of_an_hour_has_bars_of_five_minutes(shelf: Shelf) -> None:
    now_ms = NOON + 41 * MINUTE
    for minutes, n in ((0, 2), (4, 1), (20, 3), (100, 1), (102, 9)):
        shelf.receive(*(an_event(at=now_ms - minutes * MINUTE) for _ in range(n)))
    (row,) = issue_list.search(shelf.db, replace(ASK, period_ms=HOUR, now_ms=now_ms)).rows
    assert row.spark == (1, *[0] * 15, 3, *[0] * 2, 1, 2, *[0] * 3)
    assert row.n == sum(row.spark) == 7


def test_a_sparkline_of_a_month_spreads_days_and_loses_nothing(shelf: Shelf) -> None:
    for days in range(0, 30, 3):
        shelf.receive(*(an_event(at=NOON - days * DAY) for _ in range(7)))
    (row,) = issue_list.search(shelf.db, replace(ASK, period_ms=30 * DAY)).rows
    assert (sum(row.spark), row.n) == (70, 70)
    assert all(bar >= 0 for bar in row.spark)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("period_ms", [None, 7 * DAY])
def test_a_cursor_keeps_its_place_when_issues_move(
    shelf: Shelf, sort: Sort, period_ms: int | None
) -> None:
    for n in range(9):
        some = [an_event(group=str(n), at=NOON - n * HOUR, user=f"u{k}") for k in range(9 - n)]
        shelf.receive(*some)
    query = replace(ASK, sort=sort, period_ms=period_ms, limit=3)
    first = issue_list.search(shelf.db, query)
    shelf.receive(
        *(an_event(group="new", at=NOON, user=f"u{n}", happened_at=NOON) for n in range(20))
    )
    second = issue_list.search(shelf.db, replace(query, cursor=first.next_cursor))
    assert [row.id for row in first.rows + second.rows] == [1, 2, 3, 4, 5, 6]
    assert (second.first_index, second.total) == (3, 10)
    back = issue_list.search(shelf.db, replace(query, cursor=second.prev_cursor))
    assert [row.id for row in back.rows] == [1, 2, 3]


def test_the_way_back_ends_at_a_full_first_page(shelf: Shelf) -> None:
    for n in range(5):
        shelf.receive(an_event(group=str(n), at=NOON - n))
    query = replace(ASK, limit=2, state=State.UNRESOLVED)
    second = pages(shelf, query)[1]
    triage.set_state(shelf.db, [2], State.RESOLVED, None, NOON)
    first = issue_list.search(shelf.db, replace(query, cursor=second.prev_cursor))
    assert [row.id for row in first.rows] == [1, 3]
    assert (first.first_index, first.prev_cursor) == (0, None)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "ü",
        "A" * 10_000,
        "W10",
        Cursor("last_seen", 2**70, 1, False, 0).encode(),
        Cursor("events", 5, 1, False, 25).encode(),
    ],
)
def test_a_cursor_that_is_none_of_ours_means_the_first_page(shelf: Shelf, cursor: str) -> None:
    shelf.receive(an_event())
    page = issue_list.search(shelf.db, replace(ASK, cursor=cursor))
    assert len(page.rows) == 1 and page.first_index == 0


def test_no_page_is_larger_than_the_bound(shelf: Shelf) -> None:
    shelf.receive(*(an_event(group=str(n)) for n in range(105)))
    page = issue_list.search(shelf.db, replace(ASK, limit=10**9))
    assert (len(page.rows), page.total) == (100, 105)
    assert len(issue_list.search(shelf.db, replace(ASK, limit=-1)).rows) == 1


def test_an_empty_store_has_an_empty_list(shelf: Shelf) -> None:
    for sort in SORTS:
        query = replace(ASK, sort=sort, period_ms=DAY, what=parse("word level:error"))
        assert issue_list.search(shelf.db, query) == issue_list.NOTHING


# --- every order, period and environment against plain counting ---

PERIODS = (HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, None)


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Six weeks of three environments; two issues have several hashes, people come back. Every
    third issue is in another project, every fifth is resolved, every second one speaks of stock.
    """
    rng = random.Random(2)
    with a_shelf(tmp_path_factory.mktemp("stream"), "shop", "api") as shelf:
        times = sorted(NOON - int(45 * DAY * rng.random() ** 3) for _ in range(3000))
        writes = [
            an_event(
                at=at,
                group=str(group := int(60 * rng.random() ** 2)),
                value=("no price", "no stock")[group % 2],
                environment=rng.choice(("production", "production", "production", "staging", None)),
                user=f"u{int(80 * rng.random() ** 2)}" if rng.random() < 0.9 else None,
            )
            for at in times
        ]
        shelf.receive(*writes)
        for into, others in ((3, (5, 7)), (11, (13,))):
            for other in others:
                shelf.db.execute(
                    "update grouphash set issue_id = ? where issue_id = ?", (into, other)
                )
        shelf.db.execute("update issue set project_id = 2 where id % 3 = 0")
        shelf.db.execute("update issue set state = 1 where id % 5 = 0")
        recount(shelf)
        yield shelf


def recount(shelf: Shelf) -> None:
    """Derive `issue_env` anew, as a merge does."""
    shelf.db.execute("delete from issue_env")
    for env, group in (("0", ""), ("e.env_id", "e.env_id, ")):
        shelf.db.execute(
            f"insert into issue_env(env_id, issue_id, project_id, state, n, people, first_at,"
            f" last_at, first_event, last_event) select {env}, g.issue_id, i.project_id, i.state,"
            f" count(*), count(distinct e.person_id),"
            f" min(e.happened_at), max(e.happened_at), min(e.id),"
            f" max(e.id) from event e join grouphash g on g.id = e.hash_id"
            f" join issue i on i.id = g.issue_id group by {group}g.issue_id"
        )


def plainly(shelf: Shelf, env: str | None, period: Period | None) -> dict[int, tuple[int, int]]:
    """issue → (events, people), event by event."""
    since_ms = period.since_ms if period else 0
    rows = shelf.db.execute(
        "select g.issue_id, e.person_id from event e join grouphash g on g.id = e.hash_id"
        " where e.received_at >= ?1 and (?2 is null or e.env_id = ?2)",
        (since_ms, None if env is None else environments.find(shelf.db, env)),
    ).fetchall()
    found: dict[int, tuple[int, set[int]]] = {}
    for issue_id, person_id in rows:
        n, people = found.get(issue_id, (0, set()))
        found[issue_id] = (n + 1, people | ({person_id} if person_id else set()))
    return {issue_id: (n, len(people)) for issue_id, (n, people) in found.items()}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("env", [None, "production", "staging", ""])
@pytest.mark.parametrize("period_ms", PERIODS)
def test_every_list_says_what_plain_counting_says(
    stream: Shelf, sort: Sort, env: str | None, period_ms: int | None
) -> None:
    period = Period.last(period_ms, NOON) if period_ms else None
    expected = plainly(stream, env, period)
    found = pages(stream, replace(ASK, sort=sort, env=env, period_ms=period_ms, limit=7))
    rows = [row for page in found for row in page.rows]
    assert {row.id: (row.n, row.people) for row in rows} == expected
    assert len(rows) == len(expected) == found[0].total
    keys = {
        "last_seen": lambda row: (row.last_at, row.id),
        "first_seen": lambda row: (row.first_at, row.id),
        "events": lambda row: (row.n, row.id),
        "users": lambda row: (row.people, row.id),
    }
    assert rows == sorted(rows, key=keys[sort], reverse=True)
    if period is not None:
        assert all(sum(row.spark) == row.n for row in rows)
    assert [page.first_index for page in found] == list(range(0, max(len(rows), 1), 7))
    page = found[-1]
    for before in reversed(found[:-1]):
        query = replace(ASK, sort=sort, env=env, period_ms=period_ms, limit=7)
        page = issue_list.search(stream.db, replace(query, cursor=page.prev_cursor))
        assert page.rows == before.rows and page.first_index == before.first_index


@pytest.mark.parametrize("sort", ("events", "users"))
@pytest.mark.parametrize("env", [None, "staging"])
@pytest.mark.parametrize("period_ms", PERIODS)
def test_a_narrowed_list_is_the_whole_list_without_the_others(
    stream: Shelf, sort: Sort, env: str | None, period_ms: int | None
) -> None:
    period = Period.last(period_ms, NOON) if period_ms else None
    expected = plainly(stream, env, period)
    state = {"state": State.UNRESOLVED}
    narrowings: dict[str, tuple[dict[str, Any], Callable[[int], bool]]] = {
        "state": (state, lambda it: it % 5 != 0),
        "project": ({"project_ids": (2,)}, lambda it: it % 3 == 0),
        "search": ({"what": parse("!is:resolved")}, lambda it: it % 5 != 0),
        "all": (
            {"project_ids": (1,), "what": parse("is:unresolved events:>0")},
            lambda it: it % 5 != 0 and it % 3 != 0,
        ),
    }
    for name, (narrowed, belongs) in narrowings.items():
        query = replace(ASK, sort=sort, env=env, period_ms=period_ms, limit=4, **narrowed)
        found = pages(stream, query)
        rows = [row for page in found for row in page.rows]
        keys = [(row.n if sort == "events" else row.people, row.id) for row in rows]
        assert keys == sorted(keys, reverse=True), name
        wanted = {it: counted for it, counted in expected.items() if belongs(it)}
        assert {row.id: (row.n, row.people) for row in rows} == wanted, name
        for before, after in itertools.pairwise(found):
            back = issue_list.search(stream.db, replace(query, cursor=after.prev_cursor))
            assert back.rows == before.rows, name


@pytest.mark.parametrize("scanned_row_us", [0.0, 1e9])
@pytest.mark.parametrize("period_ms", PERIODS[:-1])
def test_people_are_told_apart_alike_in_both_ways(
    stream: Shelf, monkeypatch: pytest.MonkeyPatch, scanned_row_us: float, period_ms: int
) -> None:
    monkeypatch.setattr(counters, "SCANNED_ROW_US", scanned_row_us)
    period = Period.last(period_ms, NOON)
    for env in (None, "production", "staging", ""):
        expected = plainly(stream, env, period)
        envs = counters.scopes(stream.db, env)
        every = [row[0] for row in stream.db.execute("select id from issue")]
        found = counters.people(stream.db, every, envs, period)
        assert {it: people for it, people in found.items() if people} == {
            it: people for it, (_, people) in expected.items() if people
        }
