"""The transaction of a batch of events: every table they touch, each in one go.

The order is that of docs/storage.md, "Whole write". What is remembered between batches is in
`Memory`; it learns what a batch did only when the batch is committed.
"""

import logging
import sqlite3
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lighttrace.errors import StoreError
from lighttrace.event.model import Event
from lighttrace.store import (
    causes,
    event_text,
    groups,
    issue_changes,
    issue_numbers,
    judging,
    owners,
    people,
)
from lighttrace.store.database import Transaction, among
from lighttrace.store.groups import Group
from lighttrace.store.interning import Release
from lighttrace.store.issue_changes import Face
from lighttrace.store.issue_numbers import Numbers, Scope
from lighttrace.store.memory import Memory
from lighttrace.store.people import Somebody
from lighttrace.store.states import State, level_number
from lighttrace.store.tallies import DAY_MS, HOUR_MS, Tallies, is_late
from lighttrace.store.watching import Seen, Watch
from lighttrace.store.writes import EventWrite, Heard, Outcome, Stored

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packed:
    """A write with its body compressed, which is done before the transaction begins."""

    write: EventWrite
    dictionary_id: int
    data: bytes


@dataclass(slots=True)
class Done:
    """What came of a batch. `answers` has one entry per write, in their order."""

    answers: list[Stored | StoreError]
    outcomes: list[Outcome] = field(default_factory=list)
    issue_ids: set[int] = field(default_factory=set)
    project_ids: set[int] = field(default_factory=set)
    causes: int = 0
    heard: list[Heard] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One event of the batch that is new, as it is worked out."""

    index: int  # in the batch
    packed: Packed
    uuid: bytes
    row: int = 0
    group: Group | None = None
    issue_id: int = 0
    env_id: int = 0
    release: Release | None = None
    person_id: int | None = None

    @property
    def write(self) -> EventWrite:
        return self.packed.write

    @property
    def event(self) -> Event:
        return self.packed.write.event


# The newest row there ever was, so that no id is given out twice after retention took the last one
# or its issue was deleted (`deleting.py` notes it).
LATE_MAPS_MS = (
    7 * 24 * 60 * 60 * 1000
)  # how long source maps may come after the events they are for

LAST_ROW = """
select max(coalesce((select max(id) from event), 0), coalesce((select max(id) from event_body), 0),
  coalesce((select max(last_event) from issue_env where env_id = 0), 0),
  coalesce((select cast(value as integer) from setting where key = 'newest_deleted'), 0))
"""


def store_events(tx: Transaction, memory: Memory, batch: Sequence[Packed], now_ms: int) -> Done:
    """Store what is new of a batch. Raises what SQLite raises, and then the caller rolls back."""
    done = Done(answers=[StoreError("not reached")] * len(batch))
    projects = groups.projects(tx, {it.write.project_id for it in batch})
    entries, repeats = _new_ones(tx, batch, projects, done)
    entries = _into_groups(tx, memory, entries, projects, done, now_ms)
    if entries:
        _name_things(tx, memory, entries, now_ms)
        faces = _change_issues(tx, entries, done, now_ms)
        owners.note_values(
            tx, {it.issue_id: it.write.high_value for it in entries if it.write.high_value}
        )
        _insert(tx, memory, entries)
        newcomers = _count(tx, memory, entries, {face.id: face.state for face in faces}, done)
        _unarchive(tx, entries, faces, done, now_ms)
        _note_projects(tx, entries, projects, done)
        if memory.watch is not None:
            _show(tx, memory.watch, entries, newcomers, done, now_ms)
    for index, first in repeats:
        _answer_repeat(batch[index].write, done.answers[first], index, done)
    return done


EVENTS_KNOWN = """
with wanted(event_id, project_id) as ({values})
select e.event_id, e.project_id, e.id, g.issue_id
  from wanted w cross join event e on e.event_id = w.event_id and e.project_id = w.project_id
  left join grouphash g on g.id = e.hash_id
"""


def _new_ones(
    tx: Transaction, batch: Sequence[Packed], projects: dict[int, groups.Project], done: Done
) -> tuple[list[Entry], list[tuple[int, int]]]:
    """The events nobody has seen, oldest first, and (index, index of the first) of repeats."""
    uuids = [bytes.fromhex(it.write.event.event_id) for it in batch]
    keys = {(uuid, it.write.project_id) for uuid, it in zip(uuids, batch, strict=True)}
    known = {
        (uuid, project_id): (row, issue_id)
        for uuid, project_id, row, issue_id in among(tx, EVENTS_KNOWN, list(keys))
    }
    entries: list[Entry] = []
    repeats: list[tuple[int, int]] = []
    first_of: dict[tuple[bytes, int], int] = {}
    for index, (uuid, packed) in enumerate(zip(uuids, batch, strict=True)):
        write = packed.write
        key = (uuid, write.project_id)
        if write.project_id not in projects:
            done.answers[index] = StoreError(f"there is no project {write.project_id}")
        elif key in known:
            done.answers[index] = Stored(*known[key], duplicate=True)
            done.outcomes.append(_outcome(write, "duplicate"))
        elif key in first_of:
            repeats.append((index, first_of[key]))
        else:
            first_of[key] = index
            entries.append(Entry(index, packed, uuid))
    # Rows rise with receive time, which lets a period be a range of rows.
    entries.sort(key=lambda entry: entry.event.received_at)
    return entries, repeats


def _outcome(write: EventWrite, outcome: str, reason: str = "") -> Outcome:
    return Outcome(write.project_id, write.key_id, write.outcome_category, outcome, reason)


def _into_groups(
    tx: Transaction,
    memory: Memory,
    entries: list[Entry],
    projects: dict[int, groups.Project],
    done: Done,
    now_ms: int,
) -> list[Entry]:
    """Give each event its group, row and issue. Returns those that are not discarded."""
    known = memory.groups.find(tx, {groups.key_of(entry.write) for entry in entries})
    kept = []
    row = _next_row(tx, memory)
    for entry in entries:
        write = entry.write
        key = groups.key_of(write)
        group, new = known.get(key), False
        if group is None or (group.issue_id is None and not group.discard):
            group, new = _new_group(tx, memory, write, projects[write.project_id], group, now_ms)
            known[key] = group
            memory.groups.cache.add(key, group)
        if group.issue_id is None:
            done.answers[entry.index] = Stored(0, None)
            done.outcomes.append(_outcome(write, "filtered", "discarded"))
            continue
        entry.row, row = row, row + 1
        entry.group, entry.issue_id = group, group.issue_id
        if new:
            if write.judgement is not None:
                judging.give(tx, group.issue_id, write.judgement, now_ms)
            causes.add(tx, [("new", entry.issue_id, entry.row, now_ms)])
            done.causes += 1
        done.answers[entry.index] = Stored(entry.row, entry.issue_id, new_issue=new)
        done.outcomes.append(_outcome(write, "accepted"))
        kept.append(entry)
    memory.next_row = row
    return kept


def _next_row(tx: Transaction, memory: Memory) -> int:
    if memory.next_row is None:
        memory.next_row = int(tx.execute(LAST_ROW).fetchone()[0]) + 1
    return memory.next_row


# How long source maps may come after events. Later, the group of a minified stack has nothing left
# to say: with names of one letter, errors of different places are in one.
LATE_MAPS_MS = 7 * 24 * 60 * 60 * 1000


def _new_group(
    tx: Transaction,
    memory: Memory,
    write: EventWrite,
    project: groups.Project,
    homeless: Group | None,
    now_ms: int,
) -> tuple[Group, bool]:
    """A hash nobody has seen, or one whose issue was deleted. Whether it made a new issue.

    While the grouping version changes, the hash joins the issue of its former self; and when source
    maps come late, that of its minified self.
    """
    if homeless is not None:
        return groups.point(tx, homeless, groups.add_issue(tx, write, now_ms)), True
    previous = project.previous_version(now_ms)
    if write.previous_hash is not None and previous is not None:
        former = _known(tx, memory, (write.project_id, write.previous_hash, previous))
        if former is not None:
            return groups.join(tx, write, former, now_ms, former_id=former.hash_id), False
    if write.minified_hash is not None:
        key = (write.project_id, write.minified_hash, write.grouping_version)
        former = _known(tx, memory, key)
        if former is not None and groups.heard_since(tx, former, now_ms - LATE_MAPS_MS):
            return groups.join(tx, write, former, now_ms), False
    return groups.add_hash(tx, write, groups.add_issue(tx, write, now_ms), now_ms), True


def _known(tx: Transaction, memory: Memory, key: groups.HashKey) -> Group | None:
    """A hash that has an issue, or is discarded."""
    found = memory.groups.find(tx, {key}).get(key)
    return found if found is not None and (found.discard or found.issue_id is not None) else None


def _name_things(tx: Transaction, memory: Memory, entries: list[Entry], now_ms: int) -> None:
    """Environment, release and person of each event as the ids of their rows."""
    seen: dict[tuple[int, bytes], Somebody] = {}
    for entry in entries:
        event, write = entry.event, entry.write
        entry.env_id = memory.environments.id_of(tx, event.environment or "")
        if event.release:
            entry.release = memory.releases.of(tx, event.release, now_ms)
        if write.person_key is not None:
            who = (write.project_id, write.person_key)
            at = event.received_at
            somebody = seen.setdefault(who, Somebody(*who, write.person_shown, at, at))
            somebody.last_at = at  # they come in order
            somebody.shown = write.person_shown
    ids = memory.people.ids(tx, seen)
    for entry in entries:
        key = entry.write.person_key
        if key is not None:
            entry.person_id = ids[entry.write.project_id, key]


def _change_issues(tx: Transaction, entries: list[Entry], done: Done, now_ms: int) -> list[Face]:
    """Let issues follow their events. Returns them as they are now."""
    faces = issue_changes.faces(tx, {entry.issue_id for entry in entries})
    for entry in entries:
        face = faces[entry.issue_id]
        face.follow(entry.write)
        if face.state is State.RESOLVED and issue_changes.reopen(tx, face.id, entry.write, now_ms):
            face.state = State.UNRESOLVED
            causes.add(tx, [("regression", face.id, entry.row, now_ms)])
            done.causes += 1
            done.answers[entry.index] = Stored(entry.row, face.id, regressed=True)
    issue_changes.save(tx, (face for face in faces.values() if face.changed))
    return list(faces.values())


def _unarchive(
    tx: Transaction, entries: list[Entry], faces: list[Face], done: Done, now_ms: int
) -> None:
    """Bring back what was archived until something that has happened."""
    waiting = [(it.id, it.archive) for it in faces if it.state is State.ARCHIVED and it.archive]
    if not waiting:
        return
    last_row = {entry.issue_id: entry.row for entry in entries}
    for issue_id in issue_changes.unarchive(tx, waiting, now_ms):
        causes.add(tx, [("escalating", issue_id, last_row[issue_id], now_ms)])
        done.causes += 1


ADD_EVENT = """
insert into event(id, event_id, project_id, hash_id, received_at, happened_at, env_id, release_id,
  person_id, level, flags, trace_id, span_id, title, tags)
values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ADD_BODY = """
insert into event_body(id, dictionary_id, size_bytes, derived, data) values(?, ?, ?, ?, ?)
"""


def _insert(tx: Transaction, memory: Memory, entries: list[Entry]) -> None:
    events, bodies, texts = [], [], []
    for entry in entries:
        write, event, group = entry.write, entry.event, entry.group
        assert group is not None
        tokens = event_text.tokens(event, write.project_id)
        tag_ids = memory.tags.intern(tx, write.tags, tokens)
        title = groups.event_title(write.titles, group)
        events.append(
            (
                *(entry.row, entry.uuid, write.project_id, group.hash_id),
                *(event.received_at, event.happened_at, entry.env_id),
                entry.release and entry.release.id,
                *(entry.person_id, level_number(event.level), groups.flags(write)),
                event.trace_id and bytes.fromhex(event.trace_id),
                event.span_id and bytes.fromhex(event.span_id),
                title,
                array("I", tag_ids).tobytes(),
            )
        )
        packed = entry.packed
        bodies.append(
            (entry.row, packed.dictionary_id, len(write.body), write.derived, packed.data)
        )
        own = None if title is None else write.titles
        texts.append((entry.row, group.hash_id, event_text.text(write, own, tokens)))
    tx.executemany(ADD_EVENT, events)
    tx.executemany(ADD_BODY, bodies)
    memory.text.add(tx, texts)
    memory.tags.flush(tx, entries[-1].event.received_at // DAY_MS)


def _count(
    tx: Transaction, memory: Memory, entries: list[Entry], states: dict[int, State], done: Done
) -> Counter[tuple[int, int]]:
    """The counters, who was affected, and the narrow rows of the issues. Returns how many people
    are new to (issue, environment).
    """
    tallies = Tallies(memory.book)
    sightings: dict[tuple[int, int, int], int] = {}
    scopes: dict[Scope, Numbers] = {}
    issue_of: dict[int, int] = {}
    first_row = entries[0].row
    for entry in entries:
        event, group, release = entry.event, entry.group, entry.release
        assert group is not None
        hash_id, received_at = group.hash_id, event.received_at
        issue_of[hash_id] = entry.issue_id
        release_id = release.id if release is not None else None
        late = is_late(received_at, event.happened_at)
        project_id, person_id = entry.write.project_id, entry.person_id
        scope = (project_id, hash_id, entry.env_id, release_id, person_id)
        tallies.count(tx, received_at, *scope, first_row, late=late)
        if not late:
            done.heard.append(Heard(entry.row, project_id, entry.issue_id, received_at, person_id))
        if entry.person_id is not None:
            sightings[(hash_id, entry.person_id, entry.env_id)] = received_at // HOUR_MS
        for env_id in (0, entry.env_id):
            numbers = scopes.get((env_id, entry.issue_id))
            if numbers is not None:
                numbers.add(event.happened_at, entry.row, release)
            else:
                at, row = event.happened_at, entry.row
                scopes[env_id, entry.issue_id] = Numbers(
                    project_id, at, at, row, row, release, release
                )
    tallies.write(tx)
    newcomers = people.meet(tx, sightings, issue_of)
    issue_numbers.write(tx, scopes, newcomers, states, memory.releases)
    return newcomers


FIRST_EVENT = "update project set first_event_at = ? where id = ? and first_event_at is null"
SEEN_RELEASE = """
insert into release_project(project_id, release_id, first_event_at, last_event_at, new_issues)
values(?, ?, ?, ?, ?)
on conflict(project_id, release_id) do update set
  first_event_at = min(first_event_at, excluded.first_event_at),
  last_event_at = max(last_event_at, excluded.last_event_at),
  new_issues = new_issues + excluded.new_issues
"""


def _note_projects(
    tx: Transaction, entries: list[Entry], projects: dict[int, groups.Project], done: Done
) -> None:
    seen: dict[tuple[int, int], list[int]] = {}  # project, release → first, last, new issues
    new_issues: Counter[tuple[int, int]] = Counter()
    for entry in entries:
        project_id, at = entry.write.project_id, entry.event.received_at
        done.project_ids.add(project_id)
        done.issue_ids.add(entry.issue_id)
        if projects[project_id].first_event_at is None:
            tx.execute(FIRST_EVENT, (at, project_id))
        if entry.release is None:
            continue
        key = (project_id, entry.release.id)
        times = seen.setdefault(key, [at, at])
        times[1] = max(times[1], at)
        answer = done.answers[entry.index]
        new_issues[key] += isinstance(answer, Stored) and answer.new_issue
    tx.executemany(SEEN_RELEASE, [(*key, *times, new_issues[key]) for key, times in seen.items()])


def _show(
    tx: Transaction,
    watch: Watch,
    entries: list[Entry],
    newcomers: Mapping[tuple[int, int], int],
    done: Done,
    now_ms: int,
) -> None:
    """Let the rules look at the events. What goes wrong there never keeps an event from being
    stored, but for what is wrong with the disk.
    """
    seen = []
    for it in entries:
        answer = done.answers[it.index]
        is_new = isinstance(answer, Stored) and answer.new_issue
        assert it.group is not None
        seen.append(Seen(it.write, it.row, it.issue_id, it.group, it.person_id, is_new))
    try:
        done.causes += watch.look(tx, seen, newcomers, now_ms)
    except sqlite3.Error:
        raise
    except Exception as error:
        watch.forget()
        log.error("a rule that counts could not be asked", exc_info=error)


def _answer_repeat(write: EventWrite, first: Stored | StoreError, index: int, done: Done) -> None:
    """The same event twice in one batch: the second is a duplicate of the first."""
    if isinstance(first, StoreError):
        done.answers[index] = first
    elif first.issue_id is None:
        done.answers[index] = first
        done.outcomes.append(_outcome(write, "filtered", "discarded"))
    else:
        done.answers[index] = Stored(first.event_row, first.issue_id, duplicate=True)
        done.outcomes.append(_outcome(write, "duplicate"))
