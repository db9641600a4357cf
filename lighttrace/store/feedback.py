"""What people said about an event: in the report dialog, or through their SDK. One report an event;
a later one replaces the earlier.
"""

from dataclasses import dataclass

from lighttrace.store import causes, events
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.writes import FeedbackWrite

MOST_READ = 2_000  # reports of a project, the newest, among which those of an issue are found
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Feedback:
    event_id: str  # 32 hex; the event may not have come, or be gone
    received_at: int
    name: str
    email: str
    message: str


SAVE = """
insert into feedback(project_id, event_id, received_at, name, email, message)
values (?, ?, ?, ?, ?, ?)
on conflict(event_id, project_id) do update set received_at = excluded.received_at,
  name = excluded.name, email = excluded.email, message = excluded.message
"""


def save(tx: Transaction, write: FeedbackWrite) -> None:
    """Keep it, with a cause for those who want to hear of it: of its issue, or if the event has not
    come yet, of the project. What replaces it later is no news.
    """
    uuid = bytes.fromhex(write.event_id)
    values = (write.project_id, uuid, write.received_at, write.name, write.email, write.message)
    tx.execute(SAVE, values)
    found = events.by_event_id(tx, write.event_id, write.project_id)
    causes.note(
        tx,
        "feedback",
        write.received_at,
        issue_id=found.issue_id if found else None,
        project_id=write.project_id,
        event_row=found.row if found else None,
        said={"report": [write.project_id, write.event_id]},
        dedupe=f"feedback:{write.project_id}:{write.event_id}",
    )


COLUMNS = "lower(hex(f.event_id)), f.received_at, coalesce(f.name, ''), coalesce(f.email, '')"
OF_EVENT = f"""
select {COLUMNS}, f.message from feedback f where f.event_id = ? and f.project_id = ?
"""


def of_event(db: Reader, event_id: str, project_id: int) -> Feedback | None:
    row = db.execute(OF_EVENT, (bytes.fromhex(event_id), project_id)).fetchone()
    return Feedback(*row) if row else None


# A report is about an event and knows no issue: it may come before its event, and events move
# between issues. So the reports are walked and their events looked up.
OF_ISSUE = f"""
select {COLUMNS}, f.message from (
    select * from feedback where project_id = (select project_id from issue where id = :issue_id)
     order by id desc limit {MOST_READ}) f
 cross join event e on e.event_id = f.event_id and e.project_id = f.project_id
 cross join grouphash g on g.id = e.hash_id
 where g.issue_id = :issue_id order by f.received_at desc limit {MOST_SHOWN}
"""


def of_issue(db: Reader, issue_id: int) -> list[Feedback]:
    """The newest MOST_SHOWN reports on events of an issue, newest first."""
    return [Feedback(*row) for row in db.execute(OF_ISSUE, {"issue_id": issue_id})]
