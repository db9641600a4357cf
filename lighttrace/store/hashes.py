"""The hashes of an issue: why its events are one. An issue has more than one after the grouping has
changed or issues were merged.
"""

from dataclasses import dataclass

from lighttrace.store.database import Reader


@dataclass(frozen=True, slots=True)
class Hash:
    """`explain` is the encoded `grouping.Explanation` of its first event; `n` its stored events."""

    id: int
    hash: str  # 32 hex
    version: int
    created_at: int
    explain: bytes
    n: int


OF_ISSUE = """
select id, lower(hex(hash)), version, created_at, coalesce(explain, ''),
  (select count(*) from event where hash_id = g.id)
  from grouphash g where issue_id = ? order by id
"""


def of_issue(db: Reader, issue_id: int) -> list[Hash]:
    """The oldest first."""
    return [
        Hash(id_, hash_, version, created_at, explain.encode(), n)
        for id_, hash_, version, created_at, explain, n in db.execute(OF_ISSUE, (issue_id,))
    ]


@dataclass(frozen=True, slots=True)
class HashRow:
    """A hash of a list. `newest_row` is that of its newest event, None if it has none any more."""

    id: int
    hash: str  # 32 hex
    n: int
    newest_row: int | None


PAGE = """
select id, lower(hex(hash)), (select count(*) from event where hash_id = g.id),
  (select id from event where hash_id = g.id order by id desc limit 1)
  from grouphash g where issue_id = ? and id > ? order by id limit ?
"""


def page_of_issue(db: Reader, issue_id: int, after: int, limit: int) -> list[HashRow]:
    """At most `limit` of them, the oldest first, from the one after `after` on."""
    return [HashRow(*row) for row in db.execute(PAGE, (issue_id, after, limit))]
