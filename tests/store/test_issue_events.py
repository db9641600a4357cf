"""The events of an issue as a list: there and back, oldest or newest first, answering a text."""

import pytest

from lighttrace.store import issue_events
from lighttrace.store.issue_events import EventQuery
from tests.store.make import MINUTE, NOON, an_event
from tests.store.shelf import Shelf


def fill(shelf: Shelf, count: int) -> int:
    """Events a minute apart, the last one at noon: every third in Chrome, every fifth of staging;
    and as many of another issue between them. Returns the issue.
    """
    writes = []
    for at in range(count):
        same = {
            "at": NOON - (count - 1 - at) * MINUTE,
            "tags": (("browser", "Chrome" if at % 3 == 0 else "Firefox"),),
            "environment": "staging" if at % 5 == 0 else "production",
        }
        writes += [an_event(group="a", value=f"number {at}", **same), an_event(group="b", **same)]
    for start in range(0, len(writes), 500):
        stored = shelf.receive(*writes[start : start + 500])
    issue = shelf.db.execute("select issue_id from grouphash order by id").fetchone()[0]
    assert stored
    return int(issue)


def walked(shelf: Shelf, issue: int, **over: object) -> list[int]:
    """All rows, page by page, having gone back from each page to the one before it."""
    rows: list[int] = []
    page = issue_events.page(shelf.db, issue, EventQuery(limit=7, **over))
    assert page.before is None
    while True:
        rows += [it.row for it in page.rows]
        if page.after is None:
            return rows
        there = issue_events.page(shelf.db, issue, EventQuery(limit=7, cursor=page.after, **over))
        assert there.before is not None
        back = issue_events.page(
            shelf.db, issue, EventQuery(limit=7, cursor=there.before, back=True, **over)
        )
        assert back.rows == page.rows
        page = there


@pytest.mark.parametrize("oldest_first", [False, True])
def test_one_walks_there_and_back(shelf: Shelf, oldest_first: bool):
    issue = fill(shelf, 60)
    every = walked(shelf, issue, oldest_first=oldest_first)
    assert len(every) == 60
    assert every == sorted(every, reverse=not oldest_first)
    chrome = walked(shelf, issue, text="browser:Chrome", oldest_first=oldest_first)
    assert len(chrome) == 20 and chrome == [row for row in every if row in set(chrome)]
    both = walked(shelf, issue, text="browser:Chrome", env="staging", oldest_first=oldest_first)
    assert len(both) == 4 and set(both) < set(chrome)
    assert walked(shelf, issue, text="number 17") == walked(shelf, issue, text="17") != []
    assert len(walked(shelf, issue, since_ms=NOON - 9 * MINUTE, env="production")) == 8
    assert walked(shelf, issue, text="nothing says this") == []
    assert walked(shelf, issue, env="nowhere") == []


def test_a_search_that_cannot_be_understood_is_said(shelf: Shelf):
    found = issue_events.page(shelf.db, fill(shelf, 3), EventQuery(text="brwser:Chrome"))
    assert found.rows == () and "Did you mean browser:?" in str(found.mistake)
