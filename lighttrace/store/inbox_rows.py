"""What the inbox shows of each issue besides its impact: its row of the lists, what it came back
in, in whose trace it happened.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import issue_list
from lighttrace.store.database import Reader
from lighttrace.store.inbox import InboxQuery, Standing
from lighttrace.store.issue_list import IssueRow
from lighttrace.store.issues import short_id


@dataclass(frozen=True, slots=True)
class Around:
    """`back_in`: the release it came back in; `resolved_at`, `resolved_by`: what it came back from.
    `worse`: short id of the issue in whose trace it happened.
    """

    back_in: str | None = None
    resolved_at: int | None = None
    resolved_by: str | None = None
    worse: str | None = None


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


def _around(db: Reader, standings: Sequence[Standing]) -> dict[int, Around]:
    back = _back(db, [it.issue_id for it in standings if it.facts.regressed])
    worse = _short_ids(db, {it.issue_id: it.worse_id for it in standings if it.worse_id})
    nothing = (None, None, None)
    return {it: Around(*back.get(it, nothing), worse.get(it)) for it in back.keys() | worse.keys()}


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
