"""A rule tried on the events that are there: read, grouped twice, compared. Nothing changes.

Runs in a reader's thread. How much is read is bounded by events and by bytes, so a project of huge
events is tried on fewer of them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lighttrace.event.grouping import lt1, preview
from lighttrace.event.grouping.preview import Preview
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Event
from lighttrace.store import events, hashes, issues, reread
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.sight import Sight

EVENTS = 200
OF_ONE_ISSUE = 50
LOOKED_AT = 2_000  # rows among which they are chosen
BYTES = 16_000_000  # of bodies: half a second of work at the worst
NAMED = 40  # issues that are looked up by name


@dataclass(frozen=True, slots=True)
class Tried:
    """`issues`: those that the preview names, by id."""

    preview: Preview
    issues: dict[int, Issue]
    verdict: str


def try_rules(
    db: Reader, project_id: int, issue_id: int | None, now: Rules, then: Rules, sight: Sight
) -> Tried:
    """What other rules would make of the newest events of a project, or of one of its issues."""
    if issue_id is None:
        rows = _mixed(
            hashes.issues_of_events(
                db,
                events.rows_of_project(db, project_id, None, 0, events.NO_ROW_AFTER, LOOKED_AT),
            )
        )
    else:
        rows = {row: issue_id for row in events.newest_rows(db, issue_id, EVENTS)}
    samples = [preview.sample(event, rows[row], now, then) for row, event in stored(db, list(rows))]
    asked = {one.now for one in samples} | {one.then for one in samples}
    found = preview.compare(samples, hashes.issues(db, project_id, asked, lt1.VERSION))
    places = (pile.place for pile in (*found.before[:NAMED], *found.after[:NAMED]))
    named = {
        place: issue
        for place in dict.fromkeys(places)
        if isinstance(place, int) and (issue := issues.get(db, place, sight)) is not None
    }
    verdict = found.verdict({place: issue.short_id for place, issue in named.items()})
    return Tried(found, named, verdict)


def _mixed(rows: dict[int, int]) -> dict[int, int]:
    """The newest of them, but not too many of one issue: while one storms, a rule is still tried
    on the others. Row → issue, the newest first.
    """
    taken: Counter[int] = Counter()
    found: dict[int, int] = {}
    for row, issue_id in rows.items():
        if taken[issue_id] < OF_ONE_ISSUE and len(found) < EVENTS:
            taken[issue_id] += 1
            found[row] = issue_id
    return found


def stored(db: Reader, rows: Sequence[int]) -> Iterator[tuple[int, Event]]:
    """Those of the rows whose bodies are kept and whole, with their events."""
    left = BYTES
    for row in rows:
        found = reread.with_body(db, row)
        if found is None:
            continue
        event, body = found
        left -= len(body)
        if left < 0:
            return
        yield row, event
