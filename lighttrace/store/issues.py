"""Issues: what people work on. One at a time here; lists are in `issue_list.py`. The writer makes
issues and lets them follow their events, people change them in `triage.py`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.event.model import Json
from lighttrace.store import archiving, assignees, branches, events, owners, releases, spikes
from lighttrace.store.archiving import Archive
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader
from lighttrace.store.owners import Owner
from lighttrace.store.sight import Sight
from lighttrace.store.spikes import Spike
from lighttrace.store.states import State, Substate

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing to misread
MOST_SHORT_DIGITS = 9


@dataclass(frozen=True, slots=True)
class EnvCount:
    """How an issue fares in one environment; the empty name is "none"."""

    env: str
    n: int
    people: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Issue:
    """Times are ms; `first_at` and `last_at` go by when events happened. `env_counts`: most events
    first. `tags_hint`: what its latest event says about whose it may be. `archive`: what ends its
    being archived. `acknowledged_by` is a name; None: a script, or somebody who is gone.
    """

    id: int
    short_id: str
    project_id: int
    project_slug: str
    title: str
    value: str
    culprit: str
    level: int
    category: str
    platform: str | None
    unhandled: bool
    state: State
    substate: Substate
    state_at: int
    n_ever: int
    people_ever: int
    first_at: int
    last_at: int
    first_release: str | None
    last_release: str | None
    tags_hint: tuple[tuple[str, str], ...]
    metadata: dict[str, Json]
    created_at: int
    archive: Archive
    acknowledged_at: int | None
    acknowledged_by: str | None
    assignee: Assignee | None
    env_counts: tuple[EnvCount, ...]
    owner: Owner | None = None  # by the rules
    spike: Spike | None = None  # that it is in


GET = """
select i.id, j.short_prefix, i.short, i.project_id, j.slug, i.title, i.value, i.culprit, i.level,
  i.category, i.platform, i.unhandled, i.state, i.substate, i.state_at, e.n, e.people, e.first_at,
  e.last_at, e.first_release, e.last_release, e.last_event, i.metadata, i.created_at,
  i.archive, i.acknowledged_at, a.name, u.id, u.name, u.email, t.id, t.slug
  from issue i join project j on j.id = i.project_id and j.deleted_at is null
  join issue_env e on e.env_id = 0 and e.issue_id = i.id
  left join user a on a.id = i.acknowledged_by
  left join user u on u.id = i.assignee_user left join team t on t.id = i.assignee_team
 where i.id = ?
"""


def get(db: Reader, issue_id: int, sight: Sight) -> Issue | None:
    """The issue of an id; of one that was merged, the issue it went into."""
    row = db.execute(GET, (issue_id,)).fetchone()
    if row is None and (top := branches.root(db, issue_id)) != issue_id:
        return get(db, top, sight)
    if row is None or not sight.sees(row[3]):
        return None
    id_, prefix, short, project_id, slug, title, value, culprit, level, *row = row
    category, platform, unhandled, state, substate, state_at, n, people, first_at, *row = row
    last_at, first_release, last_release, last_event, metadata, created_at, archive, *row = row
    acknowledged_at, acknowledged_by, *assignee = row
    versions = releases.names(db, (it for it in (first_release, last_release) if it))
    hints = events.hints(db, [last_event])
    return Issue(
        *(id_, short_id(prefix, short), project_id, slug, title, value or "", culprit or ""),
        *(level, category, platform, bool(unhandled), State(state), Substate(substate), state_at),
        *(n, people, first_at, last_at, versions.get(first_release), versions.get(last_release)),
        *(hints.get(last_event, ()), json.loads(metadata), created_at),
        *(archiving.decode(archive), acknowledged_at, acknowledged_by),
        assignees.of_columns(*assignee, sees=not assignees.blind(db, [issue_id])),
        _env_counts(db, issue_id),
        owner=owners.of_issues(db, [issue_id]).get(issue_id),
        spike=spikes.of_issues(db, [issue_id]).get(issue_id),
    )


ENV_COUNTS = """
select v.name, e.n, e.people, e.last_at from environment v
 cross join issue_env e on e.env_id = v.id and e.issue_id = ?
"""


def _env_counts(db: Reader, issue_id: int) -> tuple[EnvCount, ...]:
    rows = db.execute(ENV_COUNTS, (issue_id,))
    return tuple(sorted((EnvCount(*row) for row in rows), key=lambda it: (-it.n, it.env)))


def short_id(prefix: str, number: int) -> str:
    """`SHOP-WEB-4F`: the project, and its counter in Crockford's base 32."""
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = CROCKFORD[digit] + digits
    return f"{prefix}-{digits or '0'}"


def _number(digits: str) -> int | None:
    """The counter in a short id, as people write it: any case, O for 0, I and L for 1."""
    number = 0
    for digit in digits.upper().replace("O", "0").replace("I", "1").replace("L", "1"):
        place = CROCKFORD.find(digit)
        if place < 0:
            return None
        number = number * 32 + place
    return number


BY_SHORT = """
select i.id, i.merged_into from project j join issue i on i.project_id = j.id and i.short = ?
 where j.short_prefix = ? and j.deleted_at is null
"""


def id_of_short(db: Reader, short_id: str) -> int | None:
    """The id of the issue with that short id, in any case; of one that was merged, the id of the
    issue it went into.
    """
    prefix, dash, digits = short_id.strip().rpartition("-")
    if not dash or not 0 < len(digits) <= MOST_SHORT_DIGITS or not short_id.isascii():
        return None
    row = db.execute(BY_SHORT, (_number(digits), prefix.upper())).fetchone()
    return None if row is None else branches.root(db, row[0]) if row[1] else int(row[0])


def by_short_id(db: Reader, short_id: str, sight: Sight) -> Issue | None:
    issue_id = id_of_short(db, short_id)
    return None if issue_id is None else get(db, issue_id, sight)


VISIBLE = """
select distinct i.id, i.project_id from json_each(?) w cross join issue i on i.id = w.value
 where i.merged_into is null
"""


def visible(db: Reader, issue_ids: Sequence[int], sight: Sight) -> list[int]:
    """Those of the issues that somebody sees."""
    rows = db.execute(VISIBLE, (json.dumps(list(issue_ids)),))
    return [issue_id for issue_id, project_id in rows if sight.sees(project_id)]


IN_PROJECTS = """
select distinct i.id from json_each(:issue_ids) w cross join issue i on i.id = w.value
 where i.project_id in (select value from json_each(:project_ids)) and i.merged_into is null
"""


def in_projects(db: Reader, issue_ids: Sequence[int], project_ids: Sequence[int]) -> list[int]:
    """Those of the issues that belong to one of the projects."""
    values = {
        "issue_ids": json.dumps(list(issue_ids)),
        "project_ids": json.dumps(list(project_ids)),
    }
    return [row[0] for row in db.execute(IN_PROJECTS, values)]
