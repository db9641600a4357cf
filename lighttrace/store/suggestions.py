"""What a search can go on with: tags and their values, releases; and what a wrong key has meant.

Names of tags are one table for all projects. Whoever sees everything is offered out of that; for
others, and within one project, it is what the newest events there bear: so nobody learns a word of
a project that is not theirs.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lighttrace.event.query.read import parse
from lighttrace.event.query.tree import Node
from lighttrace.store import events, tag_stats, text_index
from lighttrace.store.database import Reader
from lighttrace.store.events import NO_ROW_AFTER
from lighttrace.store.search import compile
from lighttrace.store.tag_stats import Tally

Within: TypeAlias = tuple[int, ...] | None  # ids of projects; None: all there are
SAMPLE = 1_000  # events whose tags are offered: 6 ms
LOOKED_AT = 5_000
# Of a project that is rare among these: so many of its own, for as many projects.
OF_RARE, MOST_RARE = 100, 4
MOST_SAYING = 500  # values of tags that a word may be in, before the most frequent are taken
SHORTEST = 2  # letters of such a word


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags to offer. `tally`: those of the newest events; None: all that were ever stored."""

    db: Reader
    tally: Tally | None

    def names(self) -> Collection[str]:
        return compile.tag_names(self.db) if self.tally is None else self.tally.by_key

    def values(self, key: str) -> list[tuple[str, int]]:
        """The values of a tag, each with the events that bear it, the most frequent first."""
        if self.tally is not None:
            return _told_apart(self.tally.by_key.get(key, Counter()).most_common())
        return _told_apart(self.db.execute(VALUES, (key,)).fetchall())

    def saying(self, text: str) -> list[tuple[str, str, int]]:
        """(key, value, events) where the value has a word that begins so."""
        found = text_index.words(text)
        if not found or len(found[-1]) < SHORTEST:
            return []
        if self.tally is None:
            fts = " ".join(f'"{it}"' for it in found) + "*"
            rows = self.db.execute(SAYING, (fts, MOST_SAYING)).fetchall()
            return [row for row in rows if not row[1].startswith("\0")]
        plain = " ".join(found).lower()
        every = [
            (key, value, n)
            for key, values in self.tally.by_key.items()
            for value, n in _told_apart(values.items())
            if f" {plain}" in f" {' '.join(text_index.words(value)).lower()}"
        ]
        return sorted(every, key=lambda it: (-it[2], it[0], it[1]))


VALUES = """
select v.value, v.n from tag_key k cross join tag_value v on v.key_id = k.id
 where k.name = ? order by v.n desc, v.value
"""
SAYING = """
select k.name, v.value, v.n from (select rowid from tag_fts where tag_fts match ? limit ?) f
 cross join tag_value v on v.id = f.rowid cross join tag_key k on k.id = v.key_id
 order by v.n desc, v.id
"""


def _told_apart(values: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Without those that stand for what is not kept apart, and without the empty one."""
    return [it for it in values if it[0] and it[0] != events.OTHER and it[0][0] != "\0"]


def understood(db: Reader, text: str, within: Within) -> Node:
    """The tree of a search by somebody who sees these projects. They may ask for a tag of whatever
    project; which one they may have meant is told of their own alone. Raises QueryError.
    """
    return parse(text, compile.tag_names(db), lambda: tags(db, within).names())


def tags(db: Reader, within: Within) -> Tags:
    return Tags(db, None if within is None else tag_stats.of_rows(db, _newest(db, within)))


NEWEST = """
select id, project_id from (
  select id, project_id from event where id > 0 order by id desc limit ?)
 where project_id in (select value from json_each(?)) limit ?
"""


def _newest(db: Reader, project_ids: tuple[int, ...]) -> list[int]:
    """The newest events of these projects, and some of those that have few among them."""
    found = db.execute(NEWEST, (LOOKED_AT, json.dumps(project_ids), SAMPLE)).fetchall()
    had = Counter(project_id for _, project_id in found)
    rows = {row for row, _ in found}
    rare = [it for it in project_ids if had[it] < OF_RARE]
    for project_id in rare[:MOST_RARE]:
        rows.update(events.rows_of_project(db, project_id, None, 0, NO_ROW_AFTER, OF_RARE))
    return list(rows)


# What groups say: (column of `group_text`, which of its lines). A line has names with tabs between.
SAID_BY_GROUPS = {
    "type": ("title", 0), "function": ("frames", 0), "file": ("frames", 1), "module": ("frames", 2),
}  # fmt: skip
OF_GROUPS = """
select t.{column}, g.issue_id from (
  select rowid as id from group_fts where group_fts match :fts limit :look) f
 cross join grouphash g on g.id = f.id cross join group_text t on t.hash_id = f.id
 where g.issue_id is not null
   and (:project_ids is null or g.project_id in (select value from json_each(:project_ids)))
 limit :most
"""
NEWEST_GROUPS = """
select t.said, g.issue_id from (
  select hash_id, {column} as said from group_text where hash_id > 0
   order by hash_id desc limit :look) t
 cross join grouphash g on g.id = t.hash_id
 where g.issue_id is not null
   and (:project_ids is null or g.project_id in (select value from json_each(:project_ids)))
 limit :most
"""
GROUPS_LOOKED_AT, MOST_GROUPS = 3_000, 200


def said_by_groups(db: Reader, key: str, text: str, within: Within) -> list[tuple[str, int]]:
    """(value, issues) of a key of SAID_BY_GROUPS where a word begins so, those of most issues
    first; without a text, what the newest issues have.
    """
    column, line = SAID_BY_GROUPS[key]
    found = text_index.words(text)
    sql = OF_GROUPS if found else NEWEST_GROUPS
    rows = db.execute(
        sql.format(column=column),
        {
            "fts": f'{{{column}}} : "{" ".join(found)}"*',
            "project_ids": None if within is None else json.dumps(within),
            "look": GROUPS_LOOKED_AT,
            "most": MOST_GROUPS,
        },
    )
    issues: dict[str, set[int]] = {}
    for said, issue_id in rows:
        lines = said.split("\n")
        names = [said] if column == "title" else lines[line].split("\t") if len(lines) == 3 else ()
        for name in names:
            issues.setdefault(name, set()).add(issue_id)
    counted = ((name, len(of)) for name, of in issues.items() if name)
    return sorted(counted, key=lambda it: (-it[1], it[0]))


RELEASES = """
select r.version from release r
 where (:text = '' or instr(lower(r.version), :text) > 0)
   and (:project_ids is null or exists(select 1 from release_project p where p.release_id = r.id
      and p.project_id in (select value from json_each(:project_ids))))
 order by r.id desc limit :limit
"""


def releases(db: Reader, text: str, within: Within, limit: int) -> list[str]:
    """Versions with this text in them, those that came last first."""
    project_ids = None if within is None else json.dumps(within)
    values = {"text": text.lower(), "project_ids": project_ids, "limit": limit}
    return [row[0] for row in db.execute(RELEASES, values)]
