"""Who changed what, from where, when: people, teams, keys, tokens, projects, deletes, sign-ins.
What happens to issues is `activity`.

An action is a noun and a verb. Those there are:
    sign_in.new  sign_in.failed  sign_in.locked
    user.add  user.invite  user.withdraw  user.reset  user.name  user.role  user.disable
    user.enable  user.password  user.factor_on  user.factor_off  user.identity
    team.add  team.rename  team.remove  team.join  team.leave
    project.add  project.rename  project.archive  project.unarchive  project.delete  project.teams
    key.add  key.disable  key.enable  key.rotate
    token.add  token.revoke
    issue.delete  issue.discard  issue.undiscard
    mute.add  mute.end
    upload.withdraw
    settings.reload
"""

import json
from dataclasses import dataclass

from lighttrace.event.model import Json
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.tallies import DAY_MS

KEPT_MS = 365 * DAY_MS
# Whoever guesses passwords can write here. Beyond so many entries the oldest failures go before
# their time, so that a page looks through 10 ms of them at most.
MOST = 20_000
FAILED = "sign_in.failed"
LONGEST = 200  # characters of a subject and of a text in `detail`; both may come from outside

RECORD = """
insert into audit(at, user_id, token_id, ip, action, subject, detail) values (?, ?, ?, ?, ?, ?, ?)
"""


def record(
    tx: Transaction,
    action: str,
    subject: str,
    now_ms: int,
    *,
    user_id: int | None = None,
    token_id: int | None = None,
    ip: str | None = None,
    **detail: Json,
) -> None:
    """`subject` names what was changed, as people call it: an e-mail, a slug, the name of a token.
    It must mean something when the thing is gone. Without person and address: the command line.
    No secret belongs here.
    """
    shown = {key: it[:LONGEST] if isinstance(it, str) else it for key, it in detail.items()}
    values = (now_ms, user_id, token_id, ip, action, subject[:LONGEST], json.dumps(shown))
    tx.execute(RECORD, values)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something. Nobody from nowhere is a command on the server itself."""

    user_id: int | None = None
    ip: str | None = None


COMMAND = Actor()


def note(
    tx: Transaction, by: Actor, action: str, subject: str, now_ms: int, **detail: Json
) -> None:
    """Record what somebody did."""
    record(tx, action, subject, now_ms, user_id=by.user_id, ip=by.ip, **detail)


@dataclass(frozen=True, slots=True)
class Entry:
    """`token`: the name of the API token that did it. Neither `user` nor `ip`: a command."""

    id: int
    at: int
    user_id: int | None
    user: str | None
    token: str | None
    ip: str | None
    action: str
    subject: str
    detail: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the log is asked for. `kind`: the noun of an action (`user`). `since`: ms.
    `before`: the id of the last entry of the page before.
    """

    user_id: int | None = None
    kind: str | None = None
    since: int | None = None
    before: int | None = None


# From the newest entry backwards, whatever is asked for: MOST bounds it.
PAGE = """
select a.id, a.at, a.user_id, u.name, t.name, a.ip, a.action, a.subject, a.detail
  from audit a left join user u on u.id = a.user_id left join api_token t on t.id = a.token_id
 where a.id < coalesce(:before, 9223372036854775807)
   and (:user_id is null or a.user_id = :user_id)
   and (:kind is null or substr(a.action, 1, instr(a.action, '.') - 1) = :kind)
   and (:since is null or a.at >= :since)
 order by a.id desc limit :limit
"""


def page(db: Reader, wanted: Wanted, limit: int) -> list[Entry]:
    """At most `limit` entries, newest first."""
    values = {
        "user_id": wanted.user_id,
        "kind": wanted.kind,
        "since": wanted.since,
        "before": wanted.before,
        "limit": limit,
    }
    return [Entry(*(*row[:-1], json.loads(row[-1]))) for row in db.execute(PAGE, values)]


FORGET = """
delete from audit where id in (
  select id from audit
   where at < :floor or (action = :failed and id <= (select max(id) from audit) - :most)
   order by id limit :limit)
"""


def forget(tx: Transaction, now_ms: int, limit: int) -> int:
    """Remove what is older than a year; returns how many entries went."""
    values = {"floor": now_ms - KEPT_MS, "failed": FAILED, "most": MOST, "limit": limit}
    return tx.execute(FORGET, values).rowcount
