"""Terms about an issue itself: its state, whose it is, how old and how loud."""

import json
import re
from collections.abc import Callable

from lighttrace.errors import QueryError
from lighttrace.event.query import keys, values
from lighttrace.event.query.tree import Term, Value
from lighttrace.store import events, issues, teams
from lighttrace.store.database import Reader
from lighttrace.store.search import releases
from lighttrace.store.search.asker import Asker
from lighttrace.store.search.conditions import Condition, any_of

OPEN = "e.state = 0"
MINE = """i.assignee_user = {user} or i.assignee_team in (
  select team_id from team_member where user_id = {user})"""
SEEN = "exists(select 1 from issue_seen s where s.issue_id = i.id and s.user_id = {user})"
STATES = {
    "unresolved": OPEN,
    "acknowledged": f"{OPEN} and i.acknowledged_at is not null",
    "resolved": "e.state = 1",
    "archived": "e.state = 2",
    "new": f"{OPEN} and i.substate = 0",
    "ongoing": f"{OPEN} and i.substate = 1",
    "regressed": f"{OPEN} and i.substate = 2",
    "escalating": f"{OPEN} and i.substate = 3",
    "spiking": f"{OPEN} and i.spike_factor is not null",
    "unhandled": "i.unhandled = 1",
    "assigned": "i.assignee_user is not null or i.assignee_team is not null",
    "unassigned": "i.assignee_user is null and i.assignee_team is null",
    "mine": MINE,
    "seen": SEEN,
    "unseen": f"not {SEEN}",
}
COLUMNS = {"events": "e.n", "users": "e.people", "firstSeen": "e.first_at", "lastSeen": "e.last_at",
           "age": "e.first_at", "firstRelease": "e.first_release", "lastRelease": "e.last_release",
           "platform": "i.platform", "category": "i.category", "culprit": "i.culprit"}  # fmt: skip


def condition(db: Reader, term: Term, asker: Asker) -> Condition:
    """What a term of TERMS asks of an issue. Raises QueryError."""
    return TERMS[term.key](db, term, asker)


def _state(db: Reader, term: Term, asker: Asker) -> Condition:
    parts: list[Condition] = []
    for value in term.values:
        name = value.text.lower()
        sql = STATES[keys.STATE_ALIASES.get(name, name)]
        if "{user}" in sql and asker.user_id is None:
            raise QueryError(f"is:{name} is asked by a person; this token belongs to nobody.", 0, 0)
        parts.append(asker.about(sql, user=asker.user_id) if "{user}" in sql else asker.about(sql))
    return any_of(parts)


USER = "select id from user where email = :name or name = :name collate nocase order by id"


def _who(db: Reader, term: Term, asker: Asker) -> Condition:
    """`assigned:` and `owner:`."""
    what = "assignee" if term.key == "assigned" else "owner"
    anybody = f"i.{what}_user is not null or i.{what}_team is not null"
    if term.op == "has":
        return asker.about(anybody)
    parts: list[Condition] = []
    for value in term.values:
        name = value.text
        if name == "none":
            parts.append(asker.about(f"not ({anybody})"))
        elif name.startswith("#"):
            team = teams.by_slug(db, name[1:].lower())
            if team is None:
                raise QueryError(f"There is no team {name[:50]}.", 0, 0)
            parts.append(asker.about(f"i.{what}_team = {{team}}", team=team.id))
        else:
            ids = _people(db, name, asker)
            piece = f"i.{what}_user in (select value from json_each({{ids}}))"
            parts.append(asker.about(piece, ids=json.dumps(ids)))
    return any_of(parts)


def _people(db: Reader, name: str, asker: Asker) -> list[int]:
    if name == "me":
        if asker.user_id is None:
            raise QueryError("me is a person; this token belongs to nobody.", 0, 0)
        return [asker.user_id]
    ids = [row[0] for row in db.execute(USER, {"name": name})]
    if not ids:
        raise QueryError(f"There is nobody called {name[:100]} here; an e-mail is sure.", 0, 0)
    return ids


PROJECTS = "select id, slug from project where deleted_at is null"


def _project(db: Reader, term: Term, asker: Asker) -> Condition:
    seen = [
        (row[0], row[1])
        for row in db.execute(PROJECTS)
        if asker.project_ids is None or row[0] in asker.project_ids
    ]
    wanted: set[int] = set()
    for value in term.values:
        pattern = value.pattern()
        own = {it for it, slug in seen if pattern.fullmatch(slug) or value.text == str(it)}
        if not own and not value.is_pattern:
            raise QueryError(f"There is no project {value.text[:100]} here.", 0, 0)
        wanted |= own
    piece = "e.project_id in (select value from json_each({ids}))"
    return asker.about(piece, ids=json.dumps(sorted(wanted)))


def _number(db: Reader, term: Term, asker: Asker) -> Condition:
    column, op = COLUMNS[term.key], term.op or "="
    return any_of(
        [asker.about(f"{column} {op} {{n}}", n=values.number(it.text)) for it in term.values]
    )


def _time(db: Reader, term: Term, asker: Asker) -> Condition:
    column = COLUMNS[term.key]
    parts: list[Condition] = []
    for value in term.values:
        span = values.span(term.op, value.text, asker.now_ms)
        pieces = {f"{column} >= {{since}}": span.since, f"{column} < {{until}}": span.until}
        kept = {piece: moment for piece, moment in pieces.items() if moment is not None}
        named = {("since" if "since" in piece else "until"): it for piece, it in kept.items()}
        parts.append(asker.about(" and ".join(kept), **named))
    return any_of(parts)


def _release(db: Reader, term: Term, asker: Asker) -> Condition:
    column = COLUMNS[term.key]
    if term.op == "has":
        return asker.about(f"{column} is not null")
    ids = releases.meant(db, term, asker.project_ids)
    piece = f"{column} in (select value from json_each({{ids}}))"
    return asker.about(piece, ids=json.dumps(list(ids)))


def like(value: Value, *, within: bool = False) -> str:
    """A value as a pattern of LIKE, which knows no capitals; `within`: anywhere in the text."""
    found = "%".join(re.sub(r"([\\%_])", r"\\\1", piece) for piece in value.pieces)
    return f"%{found}%" if within else found


def _column(db: Reader, term: Term, asker: Asker) -> Condition:
    column = COLUMNS[term.key]
    if term.op == "has":
        return asker.about(f"coalesce({column}, '') <> ''")
    within = term.key == "culprit"
    piece = f"{column} like {{like}} escape '\\'"
    return any_of([asker.about(piece, like=like(it, within=within)) for it in term.values])


def _issue(db: Reader, term: Term, asker: Asker) -> Condition:
    return of_issues(asker, [issues.id_of_short(db, value.text) for value in term.values])


def _event(db: Reader, term: Term, asker: Asker) -> Condition:
    """An event's id means the issue it is in."""
    found = [events.by_event_id(db, value.text.lower(), None) for value in term.values]
    return of_issues(asker, [it.issue_id if it else None for it in found])


def of_issues(asker: Asker, ids: list[int | None]) -> Condition:
    known = [it for it in ids if it is not None]
    if not known:
        return False
    return asker.about("e.issue_id in (select value from json_each({ids}))", ids=json.dumps(known))


TERMS: dict[str, Callable[[Reader, Term, Asker], Condition]] = {
    "is": _state, "assigned": _who, "owner": _who, "project": _project, "events": _number,
    "users": _number, "firstSeen": _time, "lastSeen": _time, "age": _time,
    "firstRelease": _release, "lastRelease": _release, "platform": _column, "category": _column,
    "culprit": _column, "issue": _issue, "id": _event,
}  # fmt: skip
ALWAYS_THERE = {"is", "project", "events", "users", "firstSeen", "lastSeen", "age", "category",
                "issue", "id"}  # fmt: skip
