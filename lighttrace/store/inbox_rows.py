"""What the inbox shows of each issue besides its impact: its row of the lists, who has it, who
acknowledged it, what it came back in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lighttrace.store import issue_list
from lighttrace.store.database import Reader
from lighttrace.store.inbox import InboxQuery, Standing
from lighttrace.store.issue_list import IssueRow
from lighttrace.store.issues import short_id


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an issue, or would by the rules. `rule`: the one that says so; None: assigned."""

    kind: Literal["user", "team"]
    id: int
    name: str  # of a team, its slug
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """`acknowledged_by` None with a time: somebody who is gone. `back_in`: the release it came
    back in; `resolved_at`, `resolved_by`: what it came back from.
    """

    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    holder: Holder | None = None
    back_in: str | None = None
    resolved_at: int | None = None
    resolved_by: str | None = None
    worse: str | None = None  # short id of the issue in whose trace it happened


@dataclass(frozen=True, slots=True)
class InboxRow:
    standing: Standing
    issue: IssueRow
    around: Around


def rows(db: Reader, query: InboxQuery, standings: Sequence[Standing]) -> list[InboxRow]:
    """The rows of these issues, in this order."""
    ranked = [(it.facts.users, it.issue_id) for it in standings]
    found = issue_list.of_ranked(db, ranked, query.env, query.period_ms, query.now_ms)
    around = _around(db, standings)
    by_id = {it.id: it for it in found}
    return [
        InboxRow(it, by_id[it.issue_id], around.get(it.issue_id, Around()))
        for it in standings
        if it.issue_id in by_id
    ]


AROUND = """
select i.id, i.acknowledged_at, k.name, a.id, a.name, t.id, t.slug, o.id, o.name, s.id, s.slug,
  i.owner_rule
  from json_each(?) w cross join issue i on i.id = w.value
  left join user k on k.id = i.acknowledged_by
  left join user a on a.id = i.assignee_user
  left join team t on t.id = i.assignee_team
  left join user o on o.id = i.owner_user
  left join team s on s.id = i.owner_team
"""


def _around(db: Reader, standings: Sequence[Standing]) -> dict[int, Around]:
    back = _back(db, [it.issue_id for it in standings if it.facts.regressed])
    worse = _short_ids(db, {it.issue_id: it.worse_id for it in standings if it.worse_id})
    found = {}
    ids = json.dumps([it.issue_id for it in standings])
    for issue_id, at, by, user_id, user, team_id, team, *owner, rule in db.execute(AROUND, (ids,)):
        owner_id, owner_name, owner_team_id, owner_team = owner
        holder = None
        if user_id is not None:
            holder = Holder("user", user_id, user)
        elif team_id is not None:
            holder = Holder("team", team_id, team)
        elif owner_id is not None:
            holder = Holder("user", owner_id, owner_name, rule or "")
        elif owner_team_id is not None:
            holder = Holder("team", owner_team_id, owner_team, rule or "")
        found[issue_id] = Around(
            at, by, holder, *back.get(issue_id, (None, None, None)), worse.get(issue_id)
        )
    return found


BACK = """
select w.value, b.detail, r.at, u.name from json_each(?) w
  left join activity b on b.id = (select id from activity where issue_id = w.value
    and kind = 'regressed' order by at desc, id desc limit 1)
  left join activity r on r.id = (select id from activity where issue_id = w.value
    and kind = 'resolved' and at <= b.at order by at desc, id desc limit 1)
  left join user u on u.id = r.user_id
"""


def _back(
    db: Reader, issue_ids: Sequence[int]
) -> dict[int, tuple[str | None, int | None, str | None]]:
    """issue → release it came back in, when it had been resolved, by whom."""
    if not issue_ids:
        return {}
    return {
        issue_id: (json.loads(detail or "{}").get("release"), at, by)
        for issue_id, detail, at, by in db.execute(BACK, (json.dumps(issue_ids),))
    }


SHORT_IDS = """
select w.key, j.short_prefix, i.short from json_each(?) w cross join issue i on i.id = w.value
 cross join project j on j.id = i.project_id
"""


def _short_ids(db: Reader, wanted: dict[int, int]) -> dict[int, str]:
    rows = db.execute(SHORT_IDS, (json.dumps(wanted),))
    return {int(key): short_id(prefix, number) for key, prefix, number in rows}
