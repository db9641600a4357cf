"""Whose issues are by the rules of the file, which rule said so, and what is left to be judged.
What a judgement becomes is `judging.py`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from lighttrace.store import settings
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.states import State

NAMES_KNOWN = "owners_names"  # the setting that remembers who there was at the last look


@dataclass(frozen=True, slots=True)
class Owner:
    """`rule`: the words of the rule, or `team:billing` where the tag alone says it."""

    kind: Literal["team", "user"]
    id: int
    name: str  # of a team its slug
    rule: str

    @property
    def shown(self) -> str:
        return f"#{self.name}" if self.kind == "team" else self.name

    @property
    def by_tag(self) -> bool:
        return self.rule.startswith("team:")


OF_ISSUES = """
select i.id, i.owner_rule, t.id, t.slug, u.id, u.name
  from json_each(?) w cross join issue i on i.id = w.value
  left join team t on t.id = i.owner_team
  left join user u on u.id = i.owner_user and u.disabled_at is null
"""


def of_issues(db: Reader, issue_ids: Iterable[int]) -> dict[int, Owner]:
    """The owners of those that have one."""
    found = {}
    for issue_id, rule, team_id, slug, user_id, name in db.execute(
        OF_ISSUES, (json.dumps(list(issue_ids)),)
    ):
        if team_id is not None:
            found[issue_id] = Owner("team", team_id, slug, rule or "")
        elif user_id is not None:
            found[issue_id] = Owner("user", user_id, name, rule or "")
    return found


NOTE_VALUE = "update issue set high_value = ? where id = ? and high_value is null"


def note_values(tx: Transaction, found: dict[int, str]) -> None:
    """Issues that matter most, and by which rule: the first that said so stays."""
    tx.executemany(NOTE_VALUE, [(rule, issue_id) for issue_id, rule in found.items()])


# Judging again


@dataclass(frozen=True, slots=True)
class Names:
    """Who can own anything: slugs of teams and addresses, as rules write them."""

    owners: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.blake2b("\n".join(self.owners).encode(), digest_size=16).hexdigest()


NAMES = """
select '#' || slug from team union all select lower(email) from user where disabled_at is null
"""


def names(db: Reader) -> Names:
    return Names(tuple(sorted(name for (name,) in db.execute(NAMES))))  # teams come first: # < a


def names_changed(db: Reader) -> bool:
    """Whether somebody came or went since open issues were last judged by all who there were."""
    return settings.get(db, NAMES_KNOWN) != names(db).digest


FORGET = """
update issue set owner_judged = null where owner_judged is not null
   and id in (select issue_id from issue_env where env_id = 0 and state = ?)
"""


def take_names(tx: Transaction) -> None:
    """Have all open issues judged again by who there is now."""
    tx.execute(FORGET, (State.UNRESOLVED,))
    settings.put(tx, NAMES_KNOWN, names(tx).digest)


OPEN = """
select i.id, i.project_id, i.owner_judged, i.high_value from issue_env e
 cross join issue i on i.id = e.issue_id
 where e.env_id = 0 and e.state = ? order by e.last_at desc
"""


@dataclass(frozen=True, slots=True)
class Unjudged:
    issue_id: int
    project_id: int
    high_value: str | None


def unjudged(db: Reader, mark_of: Callable[[int], int], limit: int) -> list[Unjudged]:
    """Open issues that other rules than today's have judged, or none at all; the liveliest first.
    `mark_of` a project: that of its rules.
    """
    found = []
    for issue_id, project_id, mark, high_value in db.execute(OPEN, (State.UNRESOLVED,)):
        if mark != mark_of(project_id):
            found.append(Unjudged(issue_id, project_id, high_value))
            if len(found) == limit:
                break
    return found


SET_VALUE = "update issue set high_value = ? where id = ? and high_value is ?"


def set_value(tx: Transaction, issue_id: int, before: str | None, after: str | None) -> None:
    """What an event has said since `before` was read stays."""
    if before != after:
        tx.execute(SET_VALUE, (after, issue_id, before))


KEEP = "update issue set owner_judged = ? where id = ?"


def keep(tx: Transaction, issue_id: int, mark: int) -> None:
    """There is nothing left to judge the issue by: whoever owns it does."""
    tx.execute(KEEP, (mark, issue_id))


# What the rules have done


DECIDED = """
select iif(i.owner_user is null and i.owner_team is null, null, i.owner_rule), i.high_value,
  count(*)
  from issue_env e cross join issue i on i.id = e.issue_id
 where e.env_id = 0 and e.project_id = ? and e.last_at >= ? group by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """Of the issues seen since some time: how many there are, and how many each rule decided."""

    issues: int
    owners: dict[str, int]  # words of a rule → issues; `team:…` for tags
    high_value: dict[str, int]

    @property
    def owned(self) -> int:
        return sum(self.owners.values())

    @property
    def valued(self) -> int:
        return sum(self.high_value.values())


def decided(db: Reader, project_id: int, since_ms: int) -> Decided:
    total = 0
    owners: dict[str, int] = {}
    values: dict[str, int] = {}
    for owner, value, n in db.execute(DECIDED, (project_id, since_ms)):
        total += n
        if owner is not None:
            owners[owner] = owners.get(owner, 0) + n
        if value is not None:
            values[value] = values.get(value, 0) + n
    return Decided(total, owners, values)
