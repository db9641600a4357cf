"""Whatever is merged, unmerged and split, in whatever order and however many events come between:
every issue has the numbers that its events say. Checked against a model that knows nothing but
events and which group is where.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lighttrace.errors import RefusedError
from lighttrace.store import counters, doctor, merging, parts
from lighttrace.store.counters import Period
from lighttrace.store.database import transaction
from lighttrace.store.parts import Numbers
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

ENVS = ("production", "staging", "")
GROUPS, ISSUES = 5, 7

events_come = st.tuples(
    st.just("events"),
    st.lists(
        st.tuples(
            st.integers(0, GROUPS - 1),
            st.sampled_from(ENVS),
            st.sampled_from((None, 0, 1, 2, 10)),  # release
            st.sampled_from((None, "ada", "bob", "cyd")),
            st.integers(0, 3 * DAY // HOUR),  # hours it took to arrive
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from((0, 1, HOUR, DAY + HOUR)),
)
merged = st.tuples(st.just("merge"), st.integers(0, ISSUES), st.sets(st.integers(0, ISSUES)))
unmerged = st.tuples(st.just("unmerge"), st.integers(0, ISSUES))
split = st.tuples(st.just("split"), st.integers(0, GROUPS - 1))
steps = st.lists(st.one_of(events_come, merged, unmerged, split), min_size=4, max_size=16)


@dataclass
class Model:
    """`home`: group → issue; `above`: issue → the one it went into."""

    events: list[dict[str, Any]] = field(default_factory=list)
    home: dict[int, int] = field(default_factory=dict)
    above: dict[int, int | None] = field(default_factory=dict)

    def root(self, issue_id: int) -> int:
        above = self.above[issue_id]
        return issue_id if above is None else self.root(above)

    def of(self, issue_id: int) -> list[dict[str, Any]]:
        return [it for it in self.events if self.root(self.home[it["group"]]) == issue_id]

    def numbers(self, issue_id: int) -> dict[str | None, Any]:
        return {
            env: some
            for env in (None, *ENVS)
            if (some := self._of_env([it for it in self.of(issue_id) if env in (None, it["env"])]))
        }

    def _of_env(self, some: list[dict[str, Any]]) -> Any:
        if not some:
            return None
        releases = [it["release"] for it in some if it["release"] is not None]
        return Numbers(
            len(some),
            len({it["user"] for it in some} - {None}),
            min(it["happened_at"] for it in some),
            max(it["happened_at"] for it in some),
            min(it["row"] for it in some),
            max(it["row"] for it in some),
            min(releases, default=None),
            max(releases, default=None),
        )


class Played:
    """A shelf and a model that go through the same."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.model, self.now = shelf, Model(), NOON

    def events(self, some: list[Any], pause: int) -> None:
        self.now += pause
        writes, facts = [], []
        for group, env, release, user, late in some:
            self.now += 1
            fact = {
                "group": group,
                "env": env,
                "release": release,
                "user": user,
                "received_at": self.now,
                "happened_at": self.now - late * HOUR,
            }
            facts.append(fact)
            writes.append(
                an_event(
                    group=f"g{group}",
                    environment=env,
                    release=None if release is None else f"shop@1.{release}.0",
                    user=user,
                    received_at=self.now,
                    happened_at=fact["happened_at"],
                )
            )
        self.shelf.forget_hashes()
        for fact, stored in zip(facts, self.shelf.receive(*writes), strict=True):
            assert stored.issue_id is not None
            if fact["group"] not in self.model.home:
                self.model.home[fact["group"]] = stored.issue_id
                self.model.above[stored.issue_id] = None
            assert stored.issue_id == self.model.root(self.model.home[fact["group"]])
            self.model.events.append(fact | {"row": stored.event_row})

    def merge(self, into: int, others: set[int]) -> None:
        ids = sorted(self.model.above)
        roots = [it for it in ids if self.model.root(it) == it]
        if not roots:
            return
        into = roots[into % len(roots)]
        others = {roots[it % len(roots)] for it in others} - {into}
        try:
            with transaction(self.shelf.db) as tx:
                merging.merge(tx, into, sorted(others), None, self.now)
        except RefusedError:
            assert not others
        for it in others:
            self.model.above[it] = into

    def unmerge(self, which: int) -> None:
        ids = sorted(self.model.above)
        if not ids:
            return
        chosen = ids[which % len(ids)]
        try:
            with transaction(self.shelf.db) as tx:
                merging.unmerge(tx, chosen, None, self.now)
        except RefusedError:
            assert self.model.above[chosen] is None
        self.model.above[chosen] = None

    def split(self, group: int) -> None:
        model = self.model
        if group not in model.home:
            return
        home = model.home[group]
        top = model.root(home)
        housemates = [it for it in model.home if model.home[it] == home]
        find = "select id from grouphash where hash = ?"
        hash_id = self.shelf.db.execute(find, (f"g{group}".ljust(16, ".").encode(),)).fetchone()[0]
        try:
            with transaction(self.shelf.db) as tx:
                done = merging.split(tx, top, hash_id, None, self.now)
        except RefusedError:
            assert len(housemates) == 1 and home == top
            return
        if len(housemates) == 1:
            assert done.issue_id == home
        model.home[group] = done.issue_id
        model.above[done.issue_id] = None

    def check(self) -> None:
        db = self.shelf.db
        envs = {0: None, **dict(db.execute("select id, name from environment"))}
        version = dict(db.execute("select id, version from release"))
        minor = {it: int(name.split(".")[1]) for it, name in version.items()}
        for issue_id in self.model.above:
            stored = {
                envs[env_id]: Numbers(
                    *(it.n, it.people, it.first_at, it.last_at, it.first_event, it.last_event),
                    minor.get(it.first_release or 0),
                    minor.get(it.last_release or 0),
                )
                for env_id, it in parts.of_issue(db, issue_id).items()
            }
            expected = self.model.numbers(issue_id)
            assert stored == expected, issue_id
            if expected:
                self._check_counters(issue_id)
        # outcomes are counted by the writer, which a shelf does without
        assert [it for it in doctor.disagreements(db) if "outcome" not in it] == []

    def _check_counters(self, issue_id: int) -> None:
        db = self.shelf.db
        until = (self.now // DAY + 1) * DAY
        since = until - 10 * DAY
        some = [it for it in self.model.of(issue_id) if it["received_at"] >= since]
        chart = [0] * 10
        for it in some:
            chart[(it["received_at"] - since) // DAY] += 1
        assert counters.series(db, issue_id, None, since, until, DAY) == chart
        met = {it["user"] for it in some} - {None}
        period = Period(since // HOUR, until // HOUR)
        scopes = counters.scopes(db, None)
        assert counters.people(db, [issue_id], scopes, period).get(issue_id, 0) == len(met)


# a failure is shown as it was found: to shrink it would play a thousand more
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to begin with, copied for each example: to make one takes as long as to play."""
    folder = tmp_path_factory.mktemp("empty")
    with a_shelf(folder):
        pass
    return folder / "lighttrace.db"


@given(played=steps)
@settings(max_examples=60, phases=PHASES)
def test_every_issue_has_the_numbers_of_its_events(empty: Path, played: list[Any]) -> None:
    with closing(sqlite3.connect(empty)) as source, closing(sqlite3.connect(":memory:")) as db:
        source.backup(db)
        db.isolation_level = None
        db.execute("pragma foreign_keys=on")
        both = Played(Shelf(db))
        for name, *values in played:
            getattr(both, name)(*values)
            both.check()
