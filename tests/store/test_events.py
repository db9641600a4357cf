"""Which event of an issue is shown, what stands around it, and what its client sent."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.store import bodies, environments, events, feedback, hashes, tag_stats
from lighttrace.store.writes import FeedbackWrite
from tests.store.make import HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "api") as made:
        yield made


def merge(shelf: Shelf, into: int, other: int) -> None:
    """Give the hashes of one issue to another."""
    shelf.db.execute("update grouphash set issue_id = ? where issue_id = ?", (into, other))
    shelf.forget_hashes()


def ids(n: int) -> str:
    return f"{n:032x}"


def shown(shelf: Shelf, which: str, env: str | None = None, issue_id: int = 1) -> str | None:
    found = events.chosen(shelf.db, issue_id, which, env)
    return found.event_id if found else None


def test_an_event_is_read_with_the_names_of_everything(shelf: Shelf) -> None:
    write = an_event(user="ada", trace_id=TRACE, tags=(("os", "Linux"), ("team", "billing")))
    shelf.receive(write)
    found = events.by_event_id(shelf.db, write.event.event_id, 1)
    assert found is not None
    assert (found.env, found.release, found.level) == ("production", "shop@1.0.0", 40)
    assert (found.title, found.trace_id, found.person) == ("KeyError: 'price'", TRACE, "ada")
    assert found.tags == (("os", "Linux"), ("team", "billing"))
    assert (found.issue_id, found.project_id, found.received_at) == (1, 1, NOON)


def test_an_event_that_says_something_else_than_the_first_keeps_its_own_title(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(1)), an_event(event_id=ids(2), value="'stock'"))
    titles = [it.title for it in events.list_of_issue(shelf.db, 1, None, 10)[0]]
    assert titles == ["KeyError: 'stock'", "KeyError: 'price'"]


def test_the_same_id_in_two_projects_is_two_events(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(7)), an_event(event_id=ids(7), project_id=2))
    here, there = (events.by_event_id(shelf.db, ids(7), pid) for pid in (1, 2))
    assert here is not None and there is not None
    assert (here.issue_id, there.issue_id) == (1, 2)
    assert events.by_event_id(shelf.db, ids(7), 3) is None
    assert shown(shelf, ids(7), issue_id=1) == shown(shelf, ids(7), issue_id=2) == ids(7)


@pytest.mark.parametrize("text", ["", "latest?", "zz" * 16, "ab", "ü" * 32, ids(1) + "00"])
def test_what_is_no_id_of_an_event_finds_nothing(shelf: Shelf, text: str) -> None:
    shelf.receive(an_event(event_id=ids(1)))
    assert events.by_event_id(shelf.db, text, None) is None
    assert shown(shelf, text) is None


def test_latest_and_first_go_by_arrival(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(1)))
    shelf.receive(an_event(event_id=ids(2), happened_at=NOON - HOUR))  # was offline
    assert (shown(shelf, "first"), shown(shelf, "latest")) == (ids(1), ids(2))


def test_an_environment_has_its_own_first_and_latest(shelf: Shelf) -> None:
    for n, env in enumerate(("production", "staging", None, "staging", "production")):
        shelf.receive(an_event(event_id=ids(n), environment=env))
    assert [shown(shelf, which, "staging") for which in ("first", "latest")] == [ids(1), ids(3)]
    assert shown(shelf, "latest", "") == ids(2)
    assert shown(shelf, "latest", "nowhere") is None


def test_an_environment_whose_noted_events_are_gone_still_has_the_others(shelf: Shelf) -> None:
    for n in range(6):
        shelf.receive(an_event(event_id=ids(n), environment="staging" if n % 2 else "production"))
    shelf.db.execute(
        "delete from event where event_id in (?, ?)", (bytes(15) + b"\1", bytes(15) + b"\5")
    )
    assert [shown(shelf, which, "staging") for which in ("first", "latest")] == [ids(3), ids(3)]


def test_recommended_is_the_newest_that_tells_most(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(1), user="ada", trace_id=TRACE))
    shelf.receive(an_event(event_id=ids(2), user="ada", trace_id=TRACE))
    shelf.receive(an_event(event_id=ids(3), user="ada"))
    shelf.receive(an_event(event_id=ids(4), tags=()))
    assert shown(shelf, "recommended") == ids(2)


def test_recommended_looks_at_the_newest_fifty(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(1), user="ada", trace_id=TRACE))
    shelf.receive(*(an_event(event_id=ids(n)) for n in range(2, 53)))
    assert shown(shelf, "recommended") == ids(52)
    assert shown(shelf, "recommended", "nowhere") is None


def test_an_issue_without_events_has_none_to_show(shelf: Shelf) -> None:
    shelf.receive(an_event())
    shelf.db.execute("delete from event")
    assert [shown(shelf, it) for it in ("recommended", "latest", "first")] == [None] * 3
    assert tag_stats.of_issue(shelf.db, 1, None) == ()


def test_the_navigator_knows_neighbours_and_position_across_hashes(shelf: Shelf) -> None:
    for n in range(1, 8):
        shelf.receive(an_event(event_id=ids(n), group="a" if n % 2 else "b"))
    shelf.receive(an_event(event_id=ids(9), group="else"))
    merge(shelf, into=1, other=2)
    row = events.chosen(shelf.db, 1, ids(4))
    assert row is not None
    around = events.around(shelf.db, 1, row.row)
    assert (around.older, around.newer) == (ids(3), ids(5))
    assert (around.position, around.total) == (4, 7)
    assert (around.first, around.latest) == (ids(1), ids(7))
    last = events.chosen(shelf.db, 1, "latest")
    assert last is not None
    assert events.around(shelf.db, 1, last.row).newer is None


def test_events_of_an_issue_come_page_by_page_newest_first(shelf: Shelf) -> None:
    for n in range(1, 8):
        shelf.receive(an_event(event_id=ids(n), group="a" if n % 3 else "b"))
    merge(shelf, into=1, other=2)
    seen, cursor = [], None
    while True:
        page, cursor = events.list_of_issue(shelf.db, 1, cursor, 3)
        seen.append([int(it.event_id, 16) for it in page])
        if cursor is None:
            break
    assert seen == [[7, 6, 5], [4, 3, 2], [1]]


def test_events_of_a_project_come_without_those_of_others(shelf: Shelf) -> None:
    for n in range(1, 10):
        shelf.receive(an_event(event_id=ids(n), project_id=1 + n % 2))
    page, cursor = events.list_of_project(shelf.db, 2, None, 3)
    assert [int(it.event_id, 16) for it in page] == [9, 7, 5]
    rest, end = events.list_of_project(shelf.db, 2, cursor, 3)
    assert [int(it.event_id, 16) for it in rest] == [3, 1] and end is None
    assert events.list_of_project(shelf.db, 5, None, 3) == ([], None)


def test_a_body_comes_back_as_it_was_sent_with_its_arrival(shelf: Shelf) -> None:
    write = an_event(body=b'{"message": "K\xc3\xa4se"}')
    row = shelf.receive(write)[0].event_row
    stored = bodies.of_event(shelf.db, row)
    assert stored is not None
    assert stored.body == write.body and stored.arrival.received_at == NOON
    assert bodies.of_event(shelf.db, row + 1) is None


def test_tags_are_counted_over_the_newest_events(shelf: Shelf) -> None:
    for n in range(6):
        shelf.receive(
            an_event(tags=(("os", f"Linux {n // 2}"), *((("x", "y"),) if n == 5 else ())))
        )
    os, x = tag_stats.of_issue(shelf.db, 1, None, sample=5)
    assert (os.key, os.total, os.distinct) == ("os", 5, 3)
    assert os.values == (("Linux 2", 2), ("Linux 1", 2), ("Linux 0", 1))
    assert (x.key, x.total, x.values) == ("x", 1, (("y", 1),))


def test_tags_of_one_environment_and_only_the_ten_commonest_values(shelf: Shelf) -> None:
    for n in range(12):
        shelf.receive(an_event(environment="staging", tags=(("n", str(n)),)))
    shelf.receive(an_event(tags=(("n", "other"),)))
    (stat,) = tag_stats.of_issue(shelf.db, 1, "staging")
    assert (stat.total, stat.distinct, len(stat.values)) == (12, 12, 10)
    assert tag_stats.of_issue(shelf.db, 1, "nowhere") == ()


def test_values_beyond_the_bound_are_shown_as_others(shelf: Shelf) -> None:
    shelf.receive(an_event(tags=(("id", "1"),)), an_event(tags=(("id", "2"),)))
    shelf.db.execute("update tag_value set value = char(0) || value")
    (stat,) = tag_stats.of_issue(shelf.db, 1, None)
    assert stat.values == (("(other)", 2),)


def test_the_hashes_of_an_issue_say_how_many_events_they_hold(shelf: Shelf) -> None:
    shelf.receive(an_event(group="a"), an_event(group="b"), an_event(group="b"))
    merge(shelf, into=1, other=2)
    one, two = hashes.of_issue(shelf.db, 1)
    assert (one.n, two.n) == (1, 2) and bytes.fromhex(two.hash).startswith(b"b..")
    assert one.explain == b'{"why":"by hand"}' and one.version == 1


def a_report(event_id: str, message: str, project_id: int = 1, at: int = NOON) -> FeedbackWrite:
    return FeedbackWrite(project_id, event_id, "Ada", "ada@example.com", message, at)


def test_a_later_report_replaces_the_earlier(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(1)))
    feedback.save(shelf.db, a_report(ids(1), "It broke."))
    feedback.save(shelf.db, a_report(ids(1), "It broke twice."))
    said = feedback.of_event(shelf.db, ids(1), 1)
    assert said is not None and said.message == "It broke twice."
    assert feedback.of_event(shelf.db, ids(1), 2) is None
    assert feedback.of_issue(shelf.db, 1) == [said]


def test_reports_of_an_issue_are_those_on_its_events(shelf: Shelf) -> None:
    shelf.receive(an_event(event_id=ids(1)), an_event(event_id=ids(2), group="b"))
    shelf.receive(an_event(event_id=ids(1), project_id=2))
    feedback.save(shelf.db, a_report(ids(1), "here"))
    feedback.save(shelf.db, a_report(ids(2), "elsewhere"))
    feedback.save(shelf.db, a_report(ids(1), "another project", project_id=2))
    feedback.save(shelf.db, a_report(ids(9), "its event never came"))
    assert [it.message for it in feedback.of_issue(shelf.db, 1)] == ["here"]


def test_environments_are_named_and_none_is_one_of_them(shelf: Shelf) -> None:
    shelf.receive(an_event(), an_event(environment=None))
    assert [name for _, name in environments.names(shelf.db)] == ["", "production"]
    assert environments.scope(shelf.db, None) == environments.ALL
    assert environments.scope(shelf.db, "") == environments.find(shelf.db, "")
    assert environments.scope(shelf.db, "nowhere") is None


@given(st.lists(st.sampled_from((0, 0, 1, 5, 1000, 10**6)), min_size=1, max_size=40), st.data())
@settings(max_examples=200, deadline=None)
def test_a_moment_leads_to_the_first_row_from_it_on(gaps: list[int], data: st.DataObject) -> None:
    """However unevenly events came, and with rows that are gone."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create table event(id integer primary key, received_at integer)")
        times = list(accumulate(gaps))
        kept = data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times)))
        rows = [
            (row, at) for row, (at, keep) in enumerate(zip(times, kept, strict=True), 1) if keep
        ]
        db.executemany("insert into event values(?, ?)", rows)
        moment = data.draw(st.integers(-1, times[-1] + 1))
        found = events.first_row_since(db, moment)
        assert [it for it in rows if it[0] >= found] == [it for it in rows if it[1] >= moment]
