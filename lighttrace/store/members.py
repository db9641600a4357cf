"""Everybody who can sign in, as the list of members shows them: role, ways in, teams."""

from dataclasses import dataclass
from typing import Any

from lighttrace.store import users
from lighttrace.store.database import Reader
from lighttrace.store.users import User


@dataclass(frozen=True, slots=True)
class Member:
    """`providers`: the issuers they sign in by. `teams`: slugs."""

    user: User
    disabled_at: int | None
    has_password: bool
    has_second_factor: bool
    providers: tuple[str, ...]
    teams: tuple[str, ...]


SELECT = f"""
select {", ".join(f"u.{name}" for name in users.COLUMNS.split(", "))},
       u.disabled_at, u.password is not null,
       exists(select 1 from second_factor f where f.user_id = u.id),
       (select group_concat(i.issuer, ' ') from identity i where i.user_id = u.id),
       (select group_concat(t.slug, ' ')
          from (select t.slug from team_member m join team t on t.id = m.team_id
                 where m.user_id = u.id order by t.slug) t)
  from user u
"""
# Some hundred people, and admins look at them rarely: a scan does.
PAGE = (
    SELECT
    + """
 where :text = '' or instr(lower(u.name), :text) or instr(lower(u.email), :text)
 order by u.disabled_at is not null, instr('owner admin member viewer', u.role),
  u.name collate nocase, u.id limit :limit offset :offset
"""
)


def page(db: Reader, text: str, limit: int, offset: int = 0) -> list[Member]:
    """By role and name, who is disabled last. `text`: part of a name or address, in any case."""
    values = {"text": text.lower(), "limit": limit, "offset": offset}
    return [_member(row) for row in db.execute(PAGE, values)]


COUNT = "select count(*) from user where disabled_at is null"


def count(db: Reader) -> int:
    """Those who can sign in."""
    return int(db.execute(COUNT).fetchone()[0])


ONE = SELECT + " where u.id = ?"


def by_id(db: Reader, user_id: int) -> Member | None:
    """Somebody, disabled or not."""
    row = db.execute(ONE, (user_id,)).fetchone()
    return _member(row) if row else None


def _member(row: Any) -> Member:
    *user, disabled_at, password, second, providers, teams = row
    return Member(
        users.of_row(user),
        disabled_at,
        bool(password),
        bool(second),
        tuple(sorted(set((providers or "").split()))),
        tuple((teams or "").split()),
    )
