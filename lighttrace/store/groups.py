"""Hash → issue: which group an event belongs to, and the making of a new one.

The rules are docs/grouping.md, "Hashes, issues, versions": a hash once issued keeps its issue, a
new version of the grouping attaches to the issue of the previous version's hash.
"""

from dataclasses import dataclass

from lighttrace.event.title import Titles
from lighttrace.store import text_index
from lighttrace.store.database import Transaction, among
from lighttrace.store.learned import Learned
from lighttrace.store.states import EventFlag, State, Substate, level_number
from lighttrace.store.writes import EventWrite

MOST_TITLE = 300  # characters of `event.title`, for lists; the page of an event reads its body
HashKey = tuple[int, bytes, int]  # project, hash, grouping version


@dataclass(slots=True)
class Group:
    """A hash as the writer knows it. `said` marks title and value of its `group_text`."""

    hash_id: int
    issue_id: int | None
    discard: bool
    said: int


@dataclass(frozen=True, slots=True)
class Project:
    id: int
    grouping_previous: int | None
    transition_until: int | None
    first_event_at: int | None

    def previous_version(self, now_ms: int) -> int | None:
        """The grouping version whose hashes still count, while the project changes over."""
        in_transition = self.transition_until is not None and now_ms < self.transition_until
        return self.grouping_previous if in_transition else None


PROJECTS = """
with wanted(id) as ({values})
select p.id, p.grouping_previous, p.transition_until, p.first_event_at
  from wanted w cross join project p on p.id = w.id
"""


def projects(tx: Transaction, ids: set[int]) -> dict[int, Project]:
    return {row[0]: Project(*row) for row in among(tx, PROJECTS, [(i,) for i in ids])}


FIND = """
with wanted(project_id, hash, version) as ({values})
select g.project_id, g.hash, g.version, g.id, g.issue_id, g.discard, t.title, t.value
  from wanted w cross join grouphash g
    on g.project_id = w.project_id and g.hash = w.hash and g.version = w.version
  left join group_text t on t.hash_id = g.id
"""


class Groups:
    """The groups of the hashes that were seen of late. The rest is one look-up away."""

    def __init__(self) -> None:
        self.cache: Learned[HashKey, Group] = Learned(20_000)  # about 6 MB

    def find(self, tx: Transaction, keys: set[HashKey]) -> dict[HashKey, Group]:
        """Those of the keys that are known."""
        found: dict[HashKey, Group] = {}
        missing = []
        for key in keys:
            group = self.cache.get(key)
            if group is None:
                missing.append(key)
            else:
                found[key] = group
        for project_id, hash_, version, hash_id, issue_id, discard, title, value in among(
            tx, FIND, missing
        ):
            key = (project_id, hash_, version)
            group = Group(hash_id, issue_id, bool(discard), said(title, value))
            found[key] = group
            self.cache.add(key, group)
        return found


def said(title: str | None, value: str | None) -> int:
    """A mark that is equal for equal texts, within this process."""
    return hash((title, value))


ADD_HASH = """
insert into grouphash(project_id, hash, version, issue_id, discard, explain, created_at, home_issue)
values(?, ?, ?, ?, ?, ?, ?, (select home_issue from grouphash where id = ?)) returning id
"""
POINT_HASH = "update grouphash set issue_id = ? where id = ?"
NEXT_SHORT = "update project set next_short = next_short + 1 where id = ? returning next_short - 1"
# Pages and undo name issues by id, so that of a deleted one is not given out again (`deleting.py`).
NEXT_ISSUE = """
(select 1 + max(coalesce((select max(id) from issue), 0),
  coalesce((select cast(value as integer) from setting where key = 'newest_deleted_issue'), 0)))
"""
ADD_ISSUE = f"""
insert into issue(id, project_id, short, category, title, value, culprit, level, platform,
  unhandled, state, substate, state_at, created_at)
values({NEXT_ISSUE}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id
"""


def add_issue(tx: Transaction, write: EventWrite, now_ms: int) -> int:
    """A new issue, called after its first event. The short id is never used again."""
    short = tx.execute(NEXT_SHORT, (write.project_id,)).fetchone()[0]
    event, titles = write.event, write.titles
    values = (
        *(write.project_id, short, write.category, titles.title, titles.value, titles.culprit),
        *(level_number(event.level), event.platform, event.unhandled),
        *(State.UNRESOLVED, Substate.NEW, now_ms, now_ms),
    )
    return int(tx.execute(ADD_ISSUE, values).fetchone()[0])


def add_hash(
    tx: Transaction,
    write: EventWrite,
    issue_id: int | None,
    now_ms: int,
    *,
    discard: bool = False,
    former_id: int | None = None,
) -> Group:
    """A hash nobody has seen: of a new issue, or of the issue of its previous version, which is
    `former_id`.
    """
    values = (
        *(write.project_id, write.hash, write.grouping_version, issue_id, discard),
        *(write.explain.decode("utf-8", "replace"), now_ms, former_id),
    )
    hash_id = int(tx.execute(ADD_HASH, values).fetchone()[0])
    titles = write.titles
    text_index.add_group(tx, hash_id, titles.title, titles.value, write.search_frames)
    return Group(hash_id, issue_id, discard, said(titles.title, titles.value))


def join(
    tx: Transaction, write: EventWrite, other: Group, now_ms: int, *, former_id: int | None = None
) -> Group:
    """A hash nobody has seen, which goes where another one is."""
    discard = other.discard
    return add_hash(tx, write, other.issue_id, now_ms, discard=discard, former_id=former_id)


NEWEST = "select max(id) from event where hash_id = ?"
WHEN = "select received_at from event where id = ?"


def heard_since(tx: Transaction, group: Group, since_ms: int) -> bool:
    """Whether the hash has had an event since."""
    row = tx.execute(NEWEST, (group.hash_id,)).fetchone()
    when = tx.execute(WHEN, (row[0],)).fetchone() if row[0] is not None else None
    return when is not None and when[0] >= since_ms


def point(tx: Transaction, group: Group, issue_id: int) -> Group:
    """Give a hash without an issue one."""
    tx.execute(POINT_HASH, (issue_id, group.hash_id))
    return Group(group.hash_id, issue_id, group.discard, group.said)


def flags(write: EventWrite) -> int:
    return EventFlag.UNHANDLED if write.event.unhandled else 0


def event_title(titles: Titles, group: Group) -> str | None:
    """What `event.title` holds: None where the event says what its `group_text` says."""
    if said(titles.title, titles.value) == group.said:
        return None
    text = f"{titles.title}: {titles.value}" if titles.value else titles.title
    return text[:MOST_TITLE]


def key_of(write: EventWrite) -> HashKey:
    return (write.project_id, write.hash, write.grouping_version)
