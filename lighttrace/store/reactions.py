"""What people did about what they were told: the first thing somebody did on an issue after its
message was handed over, from the activity and the comments. Changes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight

ACTS = ("acknowledged", "assigned", "resolved", "archived")
MOST_TOLD = 500  # of the period, the newest: 8 ms

FIRST = """
select w.key, b.at, u.name, n.at, v.name
  from json_each(:asked) w
  left join activity b on b.id = (select a.id from activity a indexed by activity_issue
     where a.issue_id = w.value ->> 0 and a.at >= w.value ->> 1 and a.user_id is not null
       and a.kind in (select value from json_each(:acts)) order by a.at, a.id limit 1)
  left join user u on u.id = b.user_id
  left join note n on n.id = (select c.id from note c indexed by note_issue
     where c.issue_id = w.value ->> 0 and c.at >= w.value ->> 1 and c.user_id is not null
     order by c.at, c.id limit 1)
  left join user v on v.id = n.user_id
"""


@dataclass(frozen=True, slots=True)
class Reaction:
    """`after_ms`: after the message was handed over. `by`: nobody of that name is left if empty."""

    by: str
    after_ms: int


Message = tuple[int, int]  # (issue id, when the message was handed over in ms)


def first(db: Reader, some: Iterable[Message]) -> Mapping[Message, Reaction]:
    """The first reaction to each message; those without one are missing."""
    asked = list(dict.fromkeys(some))
    found: dict[Message, Reaction] = {}
    values = {"asked": json.dumps(asked), "acts": json.dumps(ACTS)}
    for key, acted_at, acted_by, said_at, said_by in db.execute(FIRST, values):
        acts = [(at, by) for at, by in ((acted_at, acted_by), (said_at, said_by)) if at is not None]
        if acts:
            at, by = min(acts, key=lambda it: it[0])
            found[asked[key]] = Reaction(by or "", at - asked[key][1])
    return found


TOLD = """
select near.issue_id, min(near.done_at)
  from (select * from outbox indexed by outbox_done where state = 'done' and done_at >= :since
          and issue_id is not null and kind <> 'mention'
         order by done_at desc limit :most) near
 where :project_ids is null or near.issue_id in (
   select id from issue where project_id in (select value from json_each(:project_ids)))
 group by near.issue_id, near.kind, near.caused_at
"""


@dataclass(frozen=True, slots=True)
class Reacted:
    """How many of the messages about issues somebody acted on, and after what time in the middle.
    One message to several people counts once.
    """

    n: int
    of: int
    median_ms: int | None


def reacted(db: Reader, sight: Sight, since_ms: int) -> Reacted:
    """To the messages that were handed over since a moment."""
    ids = sight.project_ids
    values = {
        "since": since_ms,
        "most": MOST_TOLD,
        "project_ids": None if ids is None else json.dumps(sorted(ids)),
    }
    told = [(issue_id, at) for issue_id, at in db.execute(TOLD, values)]
    found = first(db, told)
    took = [found[it].after_ms for it in told if it in found]
    return Reacted(len(took), len(told), int(median(took)) if took else None)
