"""What is worth no message of its own: the next digest of a target mentions it, and then it is
forgotten.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.store.database import Reader, Transaction

MOST = 20  # of each kind that a digest mentions
Kind: TypeAlias = Literal["again", "muted"]


@dataclass(frozen=True, slots=True)
class Aside:
    """`again`: an issue is active again, `words` say how. `muted`: a mute kept `n` messages
    back.
    """

    about: int
    n: int
    words: str


NOTE = """
insert into aside(target, kind, about, n, words, at) values(?, ?, ?, 1, ?, ?)
on conflict(target, kind, about) do update set n = n + 1, words = excluded.words, at = excluded.at
"""


def note(
    tx: Transaction, target: str, kind: Kind, about: int, now_ms: int, words: str = ""
) -> None:
    """Once more."""
    tx.execute(NOTE, (target, kind, about, words, now_ms))


DROP = "delete from aside where target = ? and kind = 'again' and about = ?"


def drop(tx: Transaction, target: str, issue_id: int) -> None:
    """There is a message about an issue, so nothing is left to mention."""
    tx.execute(DROP, (target, issue_id))


OF = """
select about, n, words from aside where target = ? and kind = ? order by about desc limit ?
"""


def of(db: Reader, target: str, kind: Kind) -> list[Aside]:
    """Of the newest issues, or mutes, first."""
    return [Aside(*row) for row in db.execute(OF, (target, kind, MOST))]


MENTIONED = "delete from aside where target = ? and kind = ?"


def mentioned(tx: Transaction, target: str, kind: Kind) -> None:
    tx.execute(MENTIONED, (target, kind))


FORGET = "delete from aside where at < ?"


def forget(tx: Transaction, before_ms: int) -> int:
    """What no digest has come for."""
    return tx.execute(FORGET, (before_ms,)).rowcount
