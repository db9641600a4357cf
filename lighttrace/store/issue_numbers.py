"""The narrow, hot row of an issue in one environment (`issue_env`): how often, how many people,
since when, last when. Environment 0 is the issue as a whole. State and project are copies.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lighttrace.store.database import Transaction, among
from lighttrace.store.interning import Release, Releases
from lighttrace.store.states import State

Scope = tuple[int, int]  # environment, issue: the primary key


@dataclass(slots=True)
class Numbers:
    """What one batch adds to one row. Times are event times, rows are in order of receipt."""

    project_id: int
    first_at: int
    last_at: int
    first_row: int
    last_row: int
    first_release: Release | None
    last_release: Release | None
    n: int = 1

    def add(self, at: int, row: int, release: Release | None) -> None:
        self.n += 1
        self.first_at = min(self.first_at, at)
        self.last_at = max(self.last_at, at)
        self.last_row = row  # a batch comes in order
        self.meet(release, release)

    def meet(self, first: Release | None, last: Release | None) -> None:
        """First and last release go by the order of releases, not of arrival: an old build that is
        still out there does not make its release the latest.
        """
        if first and (self.first_release is None or self.first_release.is_later_than(first)):
            self.first_release = first
        if last and (self.last_release is None or last.is_later_than(self.last_release)):
            self.last_release = last


RELEASES = """
with wanted(env_id, issue_id) as ({values})
select e.env_id, e.issue_id, e.first_release, e.last_release
  from wanted w cross join issue_env e on e.env_id = w.env_id and e.issue_id = w.issue_id
"""
WRITE = """
insert into issue_env(env_id, issue_id, project_id, state, n, people, first_at, last_at,
  first_event, last_event, first_release, last_release)
values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict(env_id, issue_id) do update set
  state = excluded.state, n = n + excluded.n, people = people + excluded.people,
  first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
  last_event = excluded.last_event,
  first_release = excluded.first_release, last_release = excluded.last_release
"""


def write(
    tx: Transaction,
    scopes: Mapping[Scope, Numbers],
    newcomers: Mapping[tuple[int, int], int],
    states: Mapping[int, State],
    releases: Releases,
) -> None:
    """Add the numbers to their rows. `newcomers`: (issue, environment) → new people; `states`: the
    state each issue has after the batch.
    """
    for env_id, issue_id, first_id, last_id in among(tx, RELEASES, list(scopes)):
        numbers = scopes[env_id, issue_id]
        numbers.meet(releases.of_id(tx, first_id), releases.of_id(tx, last_id))
    tx.executemany(
        WRITE,
        [
            (
                *(env_id, issue_id, it.project_id, states[issue_id]),
                *(it.n, newcomers.get((issue_id, env_id), 0)),
                *(it.first_at, it.last_at, it.first_row, it.last_row),
                it.first_release and it.first_release.id,
                it.last_release and it.last_release.id,
            )
            for (env_id, issue_id), it in scopes.items()
        ],
    )


COPY_STATE = """
update issue_env set state = ?1
 where issue_id = ?2 and env_id in (select 0 union all select id from environment)
"""


def copy_state(tx: Transaction, issue_id: int, state: State) -> None:
    """Every environment of an issue carries its state; the key begins with the environment."""
    tx.execute(COPY_STATE, (state, issue_id))
