"""The numbers of a search against plain counting, event by event: how many, for how many people,
since when and until when, in every order, with nothing left out.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lighttrace.event.query.read import parse
from lighttrace.event.query.tree import And, Node, Not, Or, Term, Word
from lighttrace.event.version import sort_key
from lighttrace.store import deleting, issue_list, text_index
from lighttrace.store.counters import Period
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.issue_order import SORTS, Sort
from lighttrace.store.search import classes, compile, narrowed, span
from lighttrace.store.states import LEVEL_NUMBERS
from lighttrace.store.writes import EventWrite
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

BROWSERS = ("Firefox 150", "Chrome 130", "Chrome 131", "Safari 18")
ENVIRONMENTS = ("production", "production", "production", "staging", None)
RELEASES = ("shop@1.0.0", "shop@1.2.0", "shop@1.2.1", "shop@2.0.0")
LEVELS = ("error", "error", "warning", "fatal")


@dataclass(frozen=True)
class Seen:
    """One event as the test remembers it."""

    group: int
    at: int
    happened_at: int
    env: str
    release: str
    level: str
    tags: dict[str, str]
    user: str | None
    value: str


@dataclass(frozen=True)
class World:
    shelf: Shelf
    events: tuple[Seen, ...]
    issue_of: dict[int, int]  # group → issue
    tags: frozenset[str]
    says: dict[int, str]  # group → type, message of its first event, function, file


def group_words(group: int) -> tuple[str, str]:
    return f"Type{group % 7}Error", f"handle_{group % 5}\nshop/part{group % 4}.py\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    rng = random.Random(11)
    events: list[Seen] = []
    with pytest.MonkeyPatch.context() as patch, a_shelf(tmp_path_factory.mktemp("world")) as shelf:
        patch.setattr(text_index, "ROWS_SHIFT", 11)  # several tables
        patch.setattr(text_index, "ROW_MASK", (1 << 11) - 1)
        writes = []
        says: dict[int, str] = {}

        def happens(group: int, at: int) -> Seen:
            tags = {"browser": rng.choice(BROWSERS)}
            if rng.random() < 0.4:
                tags["component"] = rng.choice(("checkout", "invoice", "cart"))
            late = (
                rng.choice((0, 300, 2_000, 2_000, 3 * HOUR, 5 * DAY)) if rng.random() < 0.2 else 50
            )
            order = f"order {rng.randrange(30)} failed" if group % 3 == 0 else "no price"
            return Seen(
                group, at, at - late, rng.choice(ENVIRONMENTS) or "", rng.choice(RELEASES),
                rng.choice(LEVELS), tags,
                f"u{int(60 * rng.random() ** 2)}" if rng.random() < 0.8 else None, order,
            )  # fmt: skip

        def written(seen: Seen) -> EventWrite:
            name, frames = group_words(seen.group)
            return an_event(
                group=str(seen.group), received_at=seen.at, happened_at=seen.happened_at,
                environment=seen.env or None, release=seen.release, level=seen.level,
                tags=(("level", seen.level), ("release", seen.release), *seen.tags.items()),
                user=seen.user, title=name, value=seen.value, search_frames=frames,
            )  # fmt: skip

        for at in sorted(NOON - int(40 * DAY * rng.random() ** 2) for _ in range(5000)):
            events.append(happens(int(50 * rng.random() ** 2), at))
            name, frames = group_words(events[-1].group)
            says.setdefault(events[-1].group, f"{name} {events[-1].value} {frames}")
            writes.append(written(events[-1]))
        for start in range(0, len(writes), 97):
            shelf.receive(*writes[start : start + 97])
        for into, other in ((3, 5), (11, 12)):  # merged
            shelf.db.execute("update grouphash set issue_id = ? where issue_id = ?", (into, other))
            for row in shelf.db.execute(
                "select env_id, first_event, first_at, last_event, last_at from issue_env"
                " where issue_id = ?", (other,)
            ).fetchall():  # fmt: skip
                shelf.db.execute(
                    "update issue_env set first_event = min(first_event, ?2), first_at = min("
                    " first_at, ?3), last_event = max(last_event, ?4), last_at = max(last_at, ?5)"
                    " where env_id = ?1 and issue_id = ?6", (*row, into)
                )  # fmt: skip
                shelf.db.execute(
                    "insert or ignore into issue_env select env_id, ?, project_id, state, n,"
                    " people, first_at, last_at, first_event, last_event, first_release,"
                    " last_release from issue_env where env_id = ? and issue_id = ?",
                    (into, row[0], other),
                )  # fmt: skip
            shelf.db.execute("delete from issue_env where issue_id = ?", (other,))
        shelf.db.execute(
            "update issue_env set (n, people) = (select count(*), count(distinct person_id)"
            " from event e join grouphash g on g.id = e.hash_id"
            " where g.issue_id = issue_env.issue_id and issue_env.env_id in (0, e.env_id))"
        )
        shelf.db.execute("update issue_env set state = 1 where issue_id % 5 = 0")
        shelf.db.execute("update issue set state = 1 where id % 5 = 0")
        _take_the_place_of_a_deleted_one(shelf, written, happens, events, says)
        while text_index.settle(shelf.db):
            pass
        issue_of = {
            int(bytes(hash_).rstrip(b".")): issue_id
            for hash_, issue_id in shelf.db.execute("select hash, issue_id from grouphash")
        }
        yield World(shelf, tuple(events), issue_of, compile.tag_names(shelf.db), says)


def _take_the_place_of_a_deleted_one(
    shelf: Shelf,
    written: Callable[[Seen], EventWrite],
    happens: Callable[[int, int], Seen],
    events: list[Seen],
    says: dict[int, str],
) -> None:
    """An issue is deleted, and a new group gets the number of its group, which is in the index."""
    gone = shelf.receive(*(written(happens(900, NOON - 90 + n)) for n in range(60)))
    issue_id = gone[0].issue_id
    (hash_id,) = shelf.db.execute("select id from grouphash where issue_id = ?", (issue_id,))
    deleting.delete(shelf.db, [issue_id or 0], NOON)
    for table in ("event", "hash_person", "count_hour", "count_day", "count_minute"):
        shelf.db.execute(f"delete from {table} where hash_id = ?", hash_id)
    shelf.db.execute("delete from grouphash where id = ?", hash_id)
    text_index.remove_group(shelf.db, *hash_id)
    shelf.forget_hashes()
    new = [happens(901, NOON - 20 + n) for n in range(15)]
    (stored,) = {it.issue_id for it in shelf.receive(*map(written, new))}
    assert (hash_id,) == tuple(
        shelf.db.execute("select id from grouphash where issue_id = ?", (stored,))
    )
    events += new
    name, frames = group_words(901)
    says[901] = f"{name} {new[0].value} {frames}"


def holds(node: Node, seen: Seen, world: World) -> bool:
    """Whether an event is meant, decided without any index."""
    match node:
        case And(parts):
            return all(holds(part, seen, world) for part in parts)
        case Or(parts):
            return any(holds(part, seen, world) for part in parts)
        case Not(part):
            return not holds(part, seen, world)
        case Word(text, exact):
            own = f"Type{seen.group % 7}Error {seen.value}"
            texts = (world.says[seen.group], own, *seen.tags.values(), seen.level, seen.release)
            texts += (seen.user or "",)
            ends = "" if not exact and not text.isdigit() and len(text) > 2 else r"(?!\w)"
            pattern = re.compile(rf"(?<!\w){re.escape(text)}{ends}", re.IGNORECASE)
            return any(pattern.search(it) for it in texts)
        case Term(key, values, op, _):
            if op == "has":
                return key in seen.tags
            return any(_equal(key, op, value.text, seen, world) for value in values)


def _equal(key: str, op: str, text: str, seen: Seen, world: World) -> bool:
    match key:
        case "environment":
            return seen.env == text
        case "level":
            left, right = LEVEL_NUMBERS[seen.level], LEVEL_NUMBERS[text]
            return {"": left == right, ">=": left >= right}[op]
        case "release":
            left_key, right_key = sort_key(seen.release), sort_key(text)
            assert left_key is not None and right_key is not None
            return {"": seen.release == text, ">=": left_key >= right_key}[op]
        case "is":
            return (world.issue_of[seen.group] % 5 == 0) is (text == "resolved")
        case "user":
            return seen.user == text
        case "function":
            return f"handle_{seen.group % 5}" == text
        case _:
            found = seen.tags.get(key)
            pattern = re.escape(text).replace(r"\*", ".*")
            return found is not None and re.fullmatch(pattern, found) is not None


SEARCHES = (
    'browser:"Chrome 130"',
    "browser:Chrome*",
    "!browser:Chrome*",
    "has:component",
    "!has:component level:>=error",
    'browser:"Firefox 150" component:checkout',
    "component:[cart,invoice] release:>=1.2",
    "release:shop@1.2.0 environment:staging",
    'environment:"" component:cart',
    "user:u3",
    "order 17",
    '"order 17"',
    "Type3Error browser:Safari*",
    "handle_2 17",
    "function:handle_2",
    "function:handle_2 level:fatal",
    "function:handle_2 OR component:cart",
    "!function:handle_2 !component:cart",
    "is:resolved component:cart",
    "is:resolved OR component:cart",
    "(is:resolved OR function:handle_1) browser:Chrome*",
    "price OR order",
    "!price",
    "checkout",
    "has:component !component:cart !component:checkout",
    "release:>=1.0 !browser:Chrome*",
)
PERIODS = (3 * HOUR, 14 * DAY, None)


def plainly(
    world: World, what: Node, env: str | None, period: Period | None
) -> dict[int, tuple[int, int, int, int]]:
    """issue → (events, people, first, last)."""
    found: dict[int, list[Seen]] = defaultdict(list)
    since_ms = period.since_ms if period else 0
    for seen in world.events:
        if seen.at >= since_ms and env in (None, seen.env) and holds(what, seen, world):
            found[world.issue_of[seen.group]].append(seen)
    return {
        issue_id: (
            len(own),
            len({it.user for it in own if it.user}),
            min(it.happened_at for it in own),
            max(it.happened_at for it in own),
        )
        for issue_id, own in found.items()
    }


def pages(world: World, query: IssueQuery) -> list[issue_list.IssuePage]:
    found = [issue_list.search(world.shelf.db, query)]
    while found[-1].next_cursor:
        query = replace(query, cursor=found[-1].next_cursor)
        found.append(issue_list.search(world.shelf.db, query))
    return found


@pytest.fixture(params=["read whole", "read in part", "walked", "walked in vain"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the ways a page can be found."""
    if request.param != "read whole":
        most = 0 if "walked" in request.param else 1_500
        monkeypatch.setattr(narrowed, "MOST_READ", most)
        monkeypatch.setattr(narrowed, "MOST_COUNTED", most)
        monkeypatch.setattr(narrowed, "NEWEST", 200)
        monkeypatch.setattr(narrowed, "LOUD", 30)
        monkeypatch.setattr(narrowed, "WALKED_AT_ONCE", 3)
        monkeypatch.setattr(classes, "FEW_EVENTS", 0)
        monkeypatch.setattr(span, "FEW_GROUPS", 2)
    if request.param == "walked in vain":
        monkeypatch.setattr(narrowed, "MOST_WALKED", 6)


@pytest.mark.parametrize("text", SEARCHES)
@pytest.mark.usefixtures("way")
def test_every_number_is_what_plain_counting_says(world: World, text: str) -> None:
    what = parse(text, world.tags)
    for env in (None, "production", ""):
        for period_ms in PERIODS:
            period = Period.last(period_ms, NOON) if period_ms else None
            expected = plainly(world, what, env, period)
            query = IssueQuery(what=what, env=env, period_ms=period_ms, limit=100, now_ms=NOON)
            page = issue_list.search(world.shelf.db, query)
            found = {it.id: (it.n, it.people, it.first_at, it.last_at) for it in page.rows}
            assert found == expected, (env, period_ms)
            assert page.total in (None, len(expected))
            assert all(sum(it.spark) == it.n for it in page.rows if period)
            assert set(issue_list.ids(world.shelf.db, query, 1000)) == expected.keys()
            totals = issue_list.totals(world.shelf.db, query)
            assert totals is not None and sum(totals.values()) == len(expected)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "text", ["browser:Chrome*", "component:cart", "order 17", "!price", "function:handle_2"]
)
@pytest.mark.usefixtures("way")
def test_pages_follow_each_other_there_and_back(world: World, sort: Sort, text: str) -> None:
    what = parse(text, world.tags)
    keys: dict[str, Callable[[Any], Any]] = {
        "last_seen": lambda row: (row.key, row.id),
        "first_seen": lambda row: (row.key, row.id),
        "events": lambda row: (row.n, row.id),
        "users": lambda row: (row.people, row.id),
    }
    for env, period_ms in ((None, 14 * DAY), ("production", None)):
        period = Period.last(period_ms, NOON) if period_ms else None
        expected = plainly(world, what, env, period)
        query = IssueQuery(what=what, env=env, period_ms=period_ms, sort=sort, limit=7, now_ms=NOON)
        found = pages(world, query)
        rows = [row for page in found for row in page.rows]
        assert {row.id: (row.n, row.people) for row in rows} == {
            issue_id: it[:2] for issue_id, it in expected.items()
        }
        assert len(rows) == len(expected)
        assert rows == sorted(rows, key=keys[sort], reverse=True)
        page = found[-1]
        for before in reversed(found[:-1]):
            page = issue_list.search(world.shelf.db, replace(query, cursor=page.prev_cursor))
            assert page.rows == before.rows and page.first_index == before.first_index


def test_states_and_projects_narrow_what_events_narrowed(world: World) -> None:
    what = parse("component:cart", world.tags)
    expected = plainly(world, what, None, None)
    query = IssueQuery(what=what, state=1, limit=100, now_ms=NOON)  # type: ignore[arg-type]
    rows = issue_list.search(world.shelf.db, query).rows
    assert {row.id for row in rows} == {it for it in expected if it % 5 == 0}
    nowhere = replace(query, project_ids=(2,), state=None)
    assert issue_list.search(world.shelf.db, nowhere).rows == ()


def test_people_may_be_said_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    query = IssueQuery(what=parse("browser:Chrome*", world.tags), people_later=True, now_ms=NOON)
    assert all(it.people is not None for it in issue_list.search(world.shelf.db, query).rows)
    monkeypatch.setattr(narrowed, "MOST_LOOKED_AT", 10)
    assert all(it.people is None for it in issue_list.search(world.shelf.db, query).rows)


@pytest.mark.parametrize("sort", SORTS)
def test_an_issue_that_nobody_is_known_to_have_met_has_its_place(
    tmp_path: Path, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LOUD", 1), ("MOST_READ", 0), ("MOST_COUNTED", 0), ("NEWEST", 1)):
        monkeypatch.setattr(narrowed, name, value)
    with a_shelf(tmp_path) as shelf:
        for at in range(6):
            shelf.receive(an_event(at=NOON - HOUR + at, user=None, title="QuietError"))
        what = parse("type:QuietError")
        query = IssueQuery(what=what, period_ms=DAY, sort=sort, now_ms=NOON)
        (row,) = issue_list.search(shelf.db, query).rows
        assert (row.n, row.people, sum(row.spark)) == (6, 0, 6)
        assert (row.first_at, row.last_at) == (NOON - HOUR, NOON - HOUR + 5)
