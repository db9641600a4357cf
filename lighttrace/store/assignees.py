"""Whose an issue is: a person's or a team's."""

from dataclasses import dataclass
from typing import Literal

from lighttrace.store.database import Reader

MOST_TEXT = 200  # characters of a name that is looked up


@dataclass(frozen=True, slots=True)
class Assignee:
    """`name`: of the person, or the slug of the team; `email` of a person only."""

    kind: Literal["user", "team"]
    id: int
    name: str
    email: str = ""

    @property
    def shown(self) -> str:
        """Mira, or #billing"""
        return self.name if self.kind == "user" else f"#{self.name}"

    @property
    def key(self) -> str:
        """`user:3`, as `find` reads it."""
        return f"{self.kind}:{self.id}"


def of_columns(
    user_id: int | None, name: str | None, email: str | None, team_id: int | None, slug: str | None
) -> Assignee | None:
    """Out of a row that joins both; a person before a team."""
    if user_id is not None:
        return Assignee("user", user_id, name or "", email or "")
    return Assignee("team", team_id, slug or "") if team_id is not None else None


USERS = "select id, name, email from user where disabled_at is null"
TEAMS = "select id, slug from team"


def every(db: Reader) -> list[Assignee]:
    """People by name, then teams: whom something can be given to."""
    people = db.execute(USERS + " order by name collate nocase, id").fetchall()
    teams = db.execute(TEAMS + " order by slug").fetchall()
    return [Assignee("user", *row) for row in people] + [Assignee("team", *row) for row in teams]


def find(db: Reader, text: str) -> Assignee | None:
    """`user:3`, `team:2`, a mail address, `#slug`: as pages, rules and the API write it."""
    kind, _, number = text[:MOST_TEXT].strip().partition(":")
    if kind in ("user", "team") and number.isascii() and number.isdigit() and len(number) < 16:
        if kind == "user":
            row = db.execute(USERS + " and id = ?", (int(number),)).fetchone()
            return Assignee("user", *row) if row else None
        row = db.execute(TEAMS + " where id = ?", (int(number),)).fetchone()
        return Assignee("team", *row) if row else None
    if kind.startswith("#") or kind == "team":
        slug = number if kind == "team" else kind[1:]
        row = db.execute(TEAMS + " where slug = ?", (slug.removeprefix("#"),)).fetchone()
        return Assignee("team", *row) if row else None
    row = db.execute(USERS + " and email = ?", (number if kind == "user" else kind,)).fetchone()
    return Assignee("user", *row) if row else None
