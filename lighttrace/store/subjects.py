"""What rules ask of an event and its issue, read from the tables (`event/query/subject.py`)."""

from collections.abc import Callable, Sequence
from functools import partial

from lighttrace.event.query import subject
from lighttrace.event.query.subject import Group, Subject, Who
from lighttrace.store import events, issues, releases
from lighttrace.store.database import Reader, among
from lighttrace.store.events import EventRow
from lighttrace.store.search import releases as versions
from lighttrace.store.states import level_name
from lighttrace.store.watching import Seen

STATES: tuple[subject.State, ...] = ("unresolved", "resolved", "archived")
SUBSTATES: tuple[subject.Substate, ...] = ("new", "ongoing", "regressed", "escalating")

GROUP = "select title, value, frames from group_text where hash_id = ?"


def group(db: Reader, hash_id: int) -> Group:
    row = db.execute(GROUP, (hash_id,)).fetchone()
    return Group(*row) if row else Group()


ISSUE = """
select j.short_prefix, i.short, i.state, i.substate, i.acknowledged_at is not null,
  i.spike_factor is not null, i.unhandled, u.name, u.email, t.slug, o.name, o.email, w.slug,
  e.n, e.people, e.first_at, e.last_at, e.first_release, e.last_release
  from issue i cross join project j on j.id = i.project_id
  cross join issue_env e on e.env_id = 0 and e.issue_id = i.id
  left join user u on u.id = i.assignee_user left join team t on t.id = i.assignee_team
  left join user o on o.id = i.owner_user left join team w on w.id = i.owner_team
 where i.id = ?
"""


def issue(db: Reader, issue_id: int) -> subject.Issue:
    """An issue as rules see it; one that is gone has nothing that could be asked for."""
    row = db.execute(ISSUE, (issue_id,)).fetchone()
    if row is None:
        return subject.Issue()
    prefix, short, state, substate, acknowledged, spiking, unhandled, *row = row
    name, email, slug, owner, owner_email, owner_slug, n, people, first_at, last_at, *ids = row
    names = releases.names(db, (it for it in ids if it))
    first, last = ids
    return subject.Issue(
        short_id=issues.short_id(prefix, short),
        state=STATES[state],
        substate=SUBSTATES[substate],
        acknowledged=bool(acknowledged),
        spiking=bool(spiking),
        unhandled=bool(unhandled),
        assignee=_who(name, email, slug),
        owner=_who(owner, owner_email, owner_slug),
        events=n,
        users=people,
        first_at=first_at,
        last_at=last_at,
        first_release=names.get(first),
        last_release=names.get(last),
    )


def _who(name: str | None, email: str | None, slug: str | None) -> Who | None:
    if email is not None:
        return Who("user", name or "", email)
    return Who("team", slug) if slug is not None else None


def latest(db: Reader, project_id: int) -> frozenset[str]:
    """The latest releases of a project, one of each package."""
    return frozenset(versions.latest(db, (project_id,)).values())


FACTS = """
with wanted(id) as ({values})
select e.id, e.hash_id, e.received_at, j.slug, i.platform, i.category, i.culprit,
  e.title is not null
  from wanted w cross join event e on e.id = w.id cross join grouphash g on g.id = e.hash_id
  cross join issue i on i.id = g.issue_id cross join project j on j.id = i.project_id
"""


def of_rows(db: Reader, rows: Sequence[int]) -> dict[int, Subject]:
    """Stored events, each as of when it was received; those that are gone are left out. Platform,
    category and culprit are those of the issue. Who met it and which SDK sent it is in the body,
    which is not read here.
    """
    facts = {row[0]: row[1:] for row in among(db, FACTS, [(row,) for row in rows])}
    return {
        it.row: _subject(db, it, *facts[it.row])
        for it in events.of_rows(db, rows)
        if it.row in facts
    }


def _subject(
    db: Reader,
    it: EventRow,
    hash_id: int,
    received_at: int,
    slug: str,
    platform: str | None,
    category: str,
    culprit: str | None,
    says_more: int,
) -> Subject:
    issue_id, project_id = it.issue_id or 0, it.project_id
    return Subject(
        at_ms=received_at,
        project_id=project_id,
        project=slug,
        event_id=it.event_id,
        environment=it.env or "",
        level=level_name(it.level),
        release=it.release,
        platform=platform,
        category=category,
        culprit=culprit or "",
        trace=it.trace_id,
        tag_pairs=it.tags,
        shown=it.person or "",
        own=_own(it.title) if says_more else None,
        find_group=partial(group, db, hash_id),
        find_issue=partial(issue, db, issue_id),
        find_latest=partial(latest, db, project_id),
    )


def _own(title: str) -> tuple[str, str]:
    """Type and message of what `event.title` keeps as one text."""
    first, _, rest = title.partition(": ")
    return first, rest


def of_write(
    seen: Seen,
    project: str,
    find_group: Callable[[], Group],
    find_issue: Callable[[], subject.Issue],
    find_latest: Callable[[], frozenset[str]],
) -> Subject:
    """An event that is just being stored. `project`: the slug."""
    write, event, titles = seen.write, seen.write.event, seen.write.titles
    return Subject(
        at_ms=event.received_at,
        project_id=write.project_id,
        project=project,
        event_id=event.event_id,
        environment=event.environment or "",
        level=event.level,
        release=event.release,
        platform=event.platform,
        category=write.category,
        culprit=titles.culprit,
        sdk=event.sdk_name,
        trace=event.trace_id,
        user=event.user,
        tag_pairs=write.tags,
        shown=write.person_shown or "",
        own=(titles.title, titles.value) if seen.says_more else None,
        find_group=find_group,
        find_issue=find_issue,
        find_latest=find_latest,
    )
