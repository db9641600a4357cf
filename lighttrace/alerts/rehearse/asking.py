"""The search of a rule, asked of events that have been: each of its parts by itself, so that it is
known which of them a rule failed by, and what it would be without.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lighttrace.event.query.match import compiled, divided
from lighttrace.event.query.subject import Subject
from lighttrace.event.query.tree import EVERYTHING, Node, Not, Or, Term, Word, conjuncts, terms
from lighttrace.store import events, rehearsal, reread, subjects
from lighttrace.store.database import Reader
from lighttrace.store.rehearsal import Met

MOST_ASKED = 1_500  # different events; 40 µs each
MOST_READ = 150  # where the body has to be read for it, 0.5 ms each
AT_ONCE = 100
# the columns of `Met.alike` that a key depends on; any other key depends on the tags
HASH, ENVIRONMENT, LEVEL, RELEASE, TITLE, TAGS = range(6)
DEPENDS = {
    "environment": ENVIRONMENT, "level": LEVEL, "release": RELEASE, "message": TITLE,
    "title": TITLE, "project": HASH, "platform": HASH, "category": HASH, "culprit": HASH,
    "type": TITLE, "function": HASH, "file": HASH, "module": HASH,
}  # fmt: skip
# what an issue is by a cause, whatever became of it since
THEN: dict[str, dict[str, Any]] = {
    "new": {"substate": "new", "acknowledged": False, "events": 1},
    "regression": {"substate": "regressed", "acknowledged": False},
    "escalating": {"substate": "escalating"},
    "spike": {"spiking": True},
}
ONE_BY_ONE = ("time", "trace", "id", "sdk")  # and users


@dataclass(frozen=True, slots=True)
class Answer:
    """`fails`: a bit for each part that is not true of it; `lacks`: for each that asks for the
    value of a key it does not have.
    """

    fails: int = 0
    lacks: int = 0

    def holds(self, without: int = 0, or_missing: int = 0) -> bool:
        """Of the search without some of its parts, or with some also true where nothing is."""
        return not self.fails & ~without & ~(self.lacks & or_missing)


YES = Answer()


class Asker:
    """`left`: how many different events may still be asked."""

    def __init__(self, db: Reader, where: Node, *, reads_bodies: bool) -> None:
        self._db = db
        self.parts: tuple[Node, ...] = () if where == EVERYTHING else conjuncts(where)
        self._bodies = reads_bodies
        self.left = MOST_READ if reads_bodies else MOST_ASKED
        own = conjuncts(divided(where)[0]) if self.parts else ()
        self._tests = [compiled(it) for it in self.parts]
        self._missing = [_missing(it) for it in self.parts]
        self.of_event = [at for at, it in enumerate(self.parts) if it in own]
        self.of_issue = [at for at, it in enumerate(self.parts) if it not in own]
        self._columns, names = _depends([self.parts[at] for at in self.of_event])
        self._tags = rehearsal.tag_ids(db, names) if names else None
        self._known: dict[object, Answer] = {}
        self._newest: dict[int, Subject | None] = {}

    def ask(self, some: Sequence[Met], most: int = MOST_ASKED) -> dict[int, Answer]:
        """What its parts about events are of these, by row; the newest are asked, if they are too
        many, and the others are not in the answer.
        """
        if not self.of_event:
            return {it.row: YES for it in some}
        wanted: dict[object, Met] = {}
        most = min(most, self.left)
        for it in reversed(some):
            key = self._key(it)
            if key not in self._known and len(wanted) < most:
                wanted.setdefault(key, it)
        self.left -= len(wanted)
        for key, answer in self._look(wanted):
            self._known[key] = answer
        return {it.row: self._known[key] for it in some if (key := self._key(it)) in self._known}

    def of_its_issue(self, issue_id: int, at_ms: int, kind: str = "") -> Answer:
        """What its parts about the issue are at a moment. Whose it is and its numbers are as they
        are now; it was open, as all that is told of, and after some causes it is known how.
        """
        if not self.of_issue:
            return YES
        if issue_id not in self._newest:
            row = newest(self._db, issue_id)
            found = subjects.of_rows(self._db, [row]) if row is not None else {}
            self._newest[issue_id] = next(iter(found.values()), None)
        subject = self._newest[issue_id]
        if subject is not None:
            issue = replace(subject.issue, state="unresolved", **THEN.get(kind, {}))
            subject = replace(subject, at_ms=at_ms, find_issue=lambda: issue)
        return self._answer(subject, self.of_issue)

    def _key(self, it: Met) -> object:
        """What is equal of events that are answered alike."""
        if self._columns is None:
            return it.row
        key = tuple(it.alike[at] for at in self._columns)
        if self._tags is None or self._columns[-1] != TAGS:
            return key
        return key[:-1], tuple(tag for tag in events.unpack(key[-1]) if tag in self._tags)

    def _look(self, wanted: dict[object, Met]) -> Iterable[tuple[object, Answer]]:
        todo = list(wanted.items())
        for start in range(0, len(todo), AT_ONCE):
            some = todo[start : start + AT_ONCE]
            found = subjects.of_rows(self._db, [it.row for _, it in some])
            for key, it in some:
                subject = found.get(it.row)
                if subject is not None and self._bodies:
                    subject = _with_body(self._db, it.row, subject)
                yield key, self._answer(subject, self.of_event)

    def _answer(self, subject: Subject | None, parts: Iterable[int]) -> Answer:
        fails = lacks = 0
        for at in parts:
            if subject is None or not self._tests[at](subject):
                fails |= 1 << at
                missing = self._missing[at]
                if missing is not None and subject is not None and compiled(missing)(subject):
                    lacks |= 1 << at
        return Answer(fails, lacks)


def newest(db: Reader, issue_id: int) -> int | None:
    """The newest event there is of an issue."""
    return next(iter(events.newest_rows(db, issue_id, 1)), None)


def or_missing(part: Node) -> Node | None:
    """The same, true also where there is nothing; None where that cannot be."""
    missing = _missing(part)
    return None if missing is None else Or((part, missing))


def _missing(part: Node) -> Node | None:
    """`!has:component` for `component:checkout`."""
    if not isinstance(part, Term) or part.op == "has":
        return None
    if not part.is_tag and part.key not in ("environment", "release", "user", "url"):
        return None
    if part.is_tag and part.key in ("time", "count"):
        return None
    return Not(Term(part.key, op="has", is_tag=part.is_tag))


def _depends(parts: Sequence[Node]) -> tuple[tuple[int, ...] | None, set[str]]:
    """What of an event decides, and of its tags which; None: nothing but the event itself."""
    found, names = {HASH}, set()
    for leaf in (leaf for part in parts for leaf in terms(part)):
        if isinstance(leaf, Word):
            return None, set()
        if leaf.key in ONE_BY_ONE or (leaf.key.startswith("user") and not leaf.is_tag):
            return None, set()
        column = TAGS if leaf.is_tag else DEPENDS.get(leaf.key, TAGS)
        if leaf.key == "release" and leaf.op == "has":
            column = TAGS
        found.add(column)
        if column == TAGS:
            names.add(leaf.key)
    return tuple(sorted(found)), names


def _with_body(db: Reader, row: int, subject: Subject) -> Subject:
    event = reread.event(db, row)
    return subject if event is None else replace(subject, user=event.user, sdk=event.sdk_name)
