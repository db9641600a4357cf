"""Links that let somebody in, once: the set-up link of a fresh server (whoever opens it first
becomes its owner), invitations, and links to a new password. The link holds a secret, the row its
SHA-256.

A link is worth no more than the person who made it is now: it dies with their account or their
role. An admin gives no more than admin, and no new password to an owner.
"""

from dataclasses import dataclass
from typing import Any

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import teams, users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.tallies import DAY_MS, HOUR_MS
from lighttrace.store.teams import Team
from lighttrace.store.tokens import digest, new_secret
from lighttrace.store.users import User

INVITE_MS = 7 * DAY_MS
RESET_BY_MAIL_MS = HOUR_MS
RESET_BY_HAND_MS = DAY_MS  # whoever hands it over may have to wait for the other
MOST = 500  # open invitations; a page lists them all


# The set-up link

REMOVE = "delete from invite where kind = 'setup'"
MAKE = "insert into invite(token_hash, kind, role, expires_at) values (?, 'setup', 'owner', ?)"


def make_setup(tx: Transaction, now_ms: int, lifetime_ms: int) -> str:
    """The secret of a new set-up link. Those made before no longer work."""
    tx.execute(REMOVE)
    secret = new_secret()
    tx.execute(MAKE, (digest(secret), now_ms + lifetime_ms))
    return secret


STILL_GOOD = """
kind = 'setup' and used_at is null and expires_at > :now_ms and token_hash = :hash
   and not exists(select 1 from user)
"""
VALID = f"select 1 from invite where {STILL_GOOD}"


def valid(db: Reader, token: str, now_ms: int) -> bool:
    return db.execute(VALID, {"hash": digest(token), "now_ms": now_ms}).fetchone() is not None


USE = f"update invite set used_at = :now_ms where {STILL_GOOD}"


def use_setup(
    tx: Transaction, token: str, email: str, name: str, password_hash: str, now_ms: int
) -> User | None:
    """Make the owner. None if the link was used, has expired, or there is a user already."""
    if tx.execute(USE, {"hash": digest(token), "now_ms": now_ms}).rowcount != 1:
        return None
    return users.add(tx, email, name, "owner", password_hash, now_ms)


# Invitations


@dataclass(frozen=True, slots=True)
class Invitation:
    """`email` None: for whoever holds the link. `maker` is a name."""

    token_hash: bytes
    email: str | None
    role: str
    team: Team | None
    maker: str
    created_at: int
    expires_at: int


EXPIRED = "delete from invite where kind = 'invite' and (expires_at <= ? or email = ?)"
COUNT = "select count(*) from invite where kind = 'invite' and used_at is null"
INVITE = """
insert into invite(token_hash, kind, email, role, team_id, created_by, created_at, expires_at)
values (?, 'invite', ?, ?, ?, ?, ?, ?)
"""


def invite(
    tx: Transaction,
    email: str | None,
    role: str,
    team_id: int | None,
    created_by: int,
    now_ms: int,
) -> str:
    """The secret of a new invitation; one made before for the same address no longer works.

    Raises TakenError if the address has an account, RefusedError if `created_by` may not give that
    role or there are MOST already.
    """
    email = (email or "").strip() or None
    maker = users.by_id(tx, created_by)
    if maker is None or not users.may_give(maker.role, role):
        raise RefusedError(f"You cannot invite somebody as {role}: that is more than you may give.")
    if email is not None and users.by_email(tx, email) is not None:
        raise TakenError(f"There is already a user {email}.")
    tx.execute(EXPIRED, (now_ms, email))
    if tx.execute(COUNT).fetchone()[0] >= MOST:
        raise RefusedError(f"{MOST} open invitations are as many as there may be.")
    secret = new_secret()
    values = (digest(secret), email, role, team_id, created_by, now_ms, now_ms + INVITE_MS)
    tx.execute(INVITE, values)
    return secret


OPEN = """
select i.token_hash, i.email, i.role, i.team_id, m.name, i.created_at, i.expires_at
  from invite i join user m on m.id = i.created_by
 where i.kind = 'invite' and i.used_at is null and i.expires_at > :now_ms
   and m.disabled_at is null and (m.role = 'owner' or (m.role = 'admin' and i.role <> 'owner'))
"""
PENDING = OPEN + " order by i.created_at desc"


def pending(db: Reader, now_ms: int) -> list[Invitation]:
    """Those that can still be accepted, the newest first."""
    return [_invitation(db, row) for row in db.execute(PENDING, {"now_ms": now_ms}).fetchall()]


INVITATION = OPEN + " and i.token_hash = :hash"


def invitation(db: Reader, token: str, now_ms: int) -> Invitation | None:
    """What a link invites to, or None if it no longer does."""
    return invitation_of(db, digest(token), now_ms)


def invitation_of(db: Reader, token_hash: bytes, now_ms: int) -> Invitation | None:
    """The same for the hash of a link."""
    row = db.execute(INVITATION, {"now_ms": now_ms, "hash": token_hash}).fetchone()
    return _invitation(db, row) if row else None


def _invitation(db: Reader, row: Any) -> Invitation:
    token_hash, email, role, team_id, maker, created_at, expires_at = row
    team = teams.by_id(db, team_id) if team_id is not None else None
    return Invitation(token_hash, email, role, team, maker, created_at, expires_at)


WITHDRAW = "delete from invite where token_hash = ? and kind = 'invite' and used_at is null"


def withdraw(tx: Transaction, token_hash: bytes) -> bool:
    """False if it was accepted or withdrawn already."""
    return tx.execute(WITHDRAW, (token_hash,)).rowcount == 1


ACCEPT = "update invite set used_at = ? where token_hash = ?"
CLAIMED = "update user set email_claimed = 1 where id = ?"


def accept(
    tx: Transaction,
    token_hash: bytes,
    email: str,
    name: str,
    password_hash: str | None,
    now_ms: int,
    *,
    proven: bool = False,
) -> User | None:
    """Make the account that was promised. The address of the invitation, if it names one, beats
    `email`; `proven` says that somebody else vouches for that. None if the link is no longer good;
    raises TakenError if the address has an account.
    """
    found = invitation_of(tx, token_hash, now_ms)
    if found is None:
        return None
    user = users.add(tx, found.email or email, name, found.role, password_hash, now_ms)
    tx.execute(ACCEPT, (now_ms, token_hash))
    if found.email is None and not proven:
        tx.execute(CLAIMED, (user.id,))
    if found.team is not None:
        teams.join(tx, found.team.id, user.id)
    return user


# A new password


@dataclass(frozen=True, slots=True)
class Reset:
    """`by_command`: made on the server itself, by `lighttrace user reset`."""

    user: User
    by_command: bool


OTHERS = "delete from invite where kind = 'reset' and user_id = ?"
RESET = """
insert into invite(token_hash, kind, user_id, created_by, created_at, expires_at)
values (?, 'reset', ?, ?, ?, ?)
"""


def reset(
    tx: Transaction,
    user_id: int,
    created_by: int | None,
    now_ms: int,
    lifetime_ms: int = RESET_BY_HAND_MS,
) -> str:
    """The secret of a link to a new password; earlier ones of the person no longer work.
    `created_by`: the person (by mail), an admin, or None for a command on the server.
    """
    tx.execute(OTHERS, (user_id,))
    secret = new_secret()
    tx.execute(RESET, (digest(secret), user_id, created_by, now_ms, now_ms + lifetime_ms))
    return secret


FOR_RESET = """
select i.user_id, i.created_by is null
  from invite i join user u on u.id = i.user_id left join user m on m.id = i.created_by
 where i.kind = 'reset' and i.used_at is null and i.token_hash = :hash and i.expires_at > :now_ms
   and (m.id is null or m.id = u.id or (m.disabled_at is null
     and (m.role = 'owner' or (m.role = 'admin' and u.role <> 'owner'))))
"""


def reset_of(db: Reader, token: str, now_ms: int) -> Reset | None:
    """Whose password a link is for, or None if it is no longer good."""
    row = db.execute(FOR_RESET, {"hash": digest(token), "now_ms": now_ms}).fetchone()
    user = users.by_id(db, row[0]) if row else None
    return Reset(user, bool(row[1])) if user else None


def use_reset(tx: Transaction, token: str, password_hash: str, now_ms: int) -> User | None:
    """Set the password. None if the link is no longer good. Ending sessions is the caller's."""
    found = reset_of(tx, token, now_ms)
    if found is None:
        return None
    tx.execute(OTHERS, (found.user.id,))
    users.set_password(tx, found.user.id, password_hash)
    return found.user
