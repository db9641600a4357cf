"""What an event does to the issue it belongs to: title, culprit and level follow the latest event,
a resolved issue that fails again is open again, and an archived one whose condition is met.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store import activity, archiving
from lighttrace.store.database import Transaction, among
from lighttrace.store.issue_numbers import copy_state
from lighttrace.store.states import State, Substate, level_number
from lighttrace.store.writes import EventWrite


@dataclass(slots=True)
class Face:
    """An issue as the lists show it, with what it was before this batch."""

    id: int
    state: State
    title: str
    value: str | None
    culprit: str | None
    level: int
    platform: str | None
    unhandled: int
    archive: str | None  # its condition, while it is archived
    changed: bool = False

    def follow(self, write: EventWrite) -> None:
        """Take over what the event says. A placeholder never replaces a real title."""
        titles, event = write.titles, write.event
        was = (self.title, self.value, self.culprit, self.level, self.platform, self.unhandled)
        if not titles.placeholder:
            self.title, self.value = titles.title, titles.value
        self.culprit = titles.culprit
        self.level = level_number(event.level)
        self.platform = event.platform
        self.unhandled = int(self.unhandled or event.unhandled)  # any event so far
        now = (self.title, self.value, self.culprit, self.level, self.platform, self.unhandled)
        self.changed = self.changed or now != was


FACES = """
with wanted(id) as ({values})
select i.id, i.state, i.title, i.value, i.culprit, i.level, i.platform, i.unhandled, i.archive
  from wanted w cross join issue i on i.id = w.id
"""


def faces(tx: Transaction, issue_ids: Iterable[int]) -> dict[int, Face]:
    return {
        row[0]: Face(row[0], State(row[1]), *row[2:])
        for row in among(tx, FACES, [(i,) for i in issue_ids])
    }


SAVE = """
update issue set title = ?, value = ?, culprit = ?, level = ?, platform = ?, unhandled = ?
 where id = ?
"""


def save(tx: Transaction, changed: Iterable[Face]) -> None:
    tx.executemany(
        SAVE,
        [(f.title, f.value, f.culprit, f.level, f.platform, f.unhandled, f.id) for f in changed],
    )


# Whoever had acknowledged it dealt with the time before.
REOPEN = """
update issue set state = 0, substate = ?, state_at = ?, archive = null, acknowledged_at = null,
  acknowledged_by = null
 where id = ? and state = ?
"""


def reopen(tx: Transaction, issue_id: int, write: EventWrite, now_ms: int) -> bool:
    """A resolved issue has failed again. False if it was not resolved."""
    values = (Substate.REGRESSED, now_ms, issue_id, State.RESOLVED)
    if tx.execute(REOPEN, values).rowcount == 0:
        return False
    copy_state(tx, issue_id, State.UNRESOLVED)
    said = {"event_id": write.event.event_id, "release": write.event.release}
    activity.record(tx, [issue_id], "regressed", None, now_ms, said)
    return True


def unarchive(tx: Transaction, archived: Iterable[tuple[int, str]], now_ms: int) -> list[int]:
    """Bring back the archived issues, (issue, condition), whose condition is met now that their
    events are counted; returns them.
    """
    conditions = [(issue_id, archiving.decode(condition)) for issue_id, condition in archived]
    woken = []
    for issue_id, it in archiving.met(tx, conditions, now_ms):
        values = (Substate.ESCALATING, now_ms, issue_id, State.ARCHIVED)
        if tx.execute(REOPEN, values).rowcount:
            copy_state(tx, issue_id, State.UNRESOLVED)
            said = {"archive": archiving.said(it)}
            activity.record(tx, [issue_id], "unarchived", None, now_ms, said)
            woken.append(issue_id)
    return woken
