"""The event that a rule is tried on, on the pages of a project's settings."""

from dataclasses import dataclass

from lighttrace.event.model import Event
from lighttrace.store import events, issues, reread
from lighttrace.store.database import Reader
from lighttrace.store.events import EventRow
from lighttrace.store.sight import Sight


@dataclass(frozen=True, slots=True)
class Example:
    """`short_id`: of its issue, or nothing where that is not seen."""

    row: EventRow
    event: Event
    short_id: str


def find(db: Reader, name: str, project_id: int, sight: Sight) -> Example | None:
    """The event of that id, or the newest of that issue; without a name the newest of the project.
    None if there is none of this project.
    """
    row = None
    if not name:
        newest, _ = events.list_of_project(db, project_id, None, 1)
        row = newest[0] if newest else None
    elif issue := issues.by_short_id(db, name, sight):
        row = events.chosen(db, issue.id, "latest") if issue.project_id == project_id else None
    else:
        row = events.by_event_id(db, name.lower(), project_id)
    event = reread.event(db, row.row) if row else None
    if row is None or event is None:
        return None
    home = issues.get(db, row.issue_id, sight) if row.issue_id is not None else None
    return Example(row, event, home.short_id if home else "")
