"""The tree that merging makes: an issue that went into another stays below it. `grouphash.issue_id`
names the root, `grouphash.home_issue` the issue a hash came with (nothing: the root itself).
"""

from lighttrace.store.database import Reader

FAMILY = """
with recursive below(id) as (
  select ? union all select i.id from below b cross join issue i on i.merged_into = b.id)
select id from below
"""


def family(db: Reader, issue_id: int) -> list[int]:
    """An issue, and all that were merged into it and into those."""
    return [row[0] for row in db.execute(FAMILY, (issue_id,))]


ROOT = """
with recursive above(id, far) as (
  select ?, 0 union all
  select i.merged_into, far + 1 from above a cross join issue i on i.id = a.id
   where i.merged_into is not null)
select id from above order by far desc limit 1
"""


def root(db: Reader, issue_id: int) -> int:
    """The issue that one means now: the one it was merged into, or itself."""
    return int(db.execute(ROOT, (issue_id,)).fetchone()[0])
