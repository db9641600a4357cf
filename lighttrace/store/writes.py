"""What happened, said to the writer. Values only: how they are stored is the writer's business.

`ingest` makes them, `writer` commits them, nobody else needs them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from lighttrace.event.model import Event
from lighttrace.event.title import Titles


@dataclass(frozen=True, slots=True)
class Claim:
    """An owner that a rule names: `#team` or an address. `rule`: the words of its matchers."""

    owner: str
    rule: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whose an event is: what its project's rules claim, the strongest first. Teams and people are
    looked up when it is written. `mark` is equal for equal rules.
    """

    claims: tuple[Claim, ...]
    mark: int
    auto_assign: bool = False


@dataclass(frozen=True, slots=True)
class EventWrite:
    """One event on its way into the store. `body` is the client's JSON, scrubbed; `derived` the
    `Arrival` as JSON.
    """

    project_id: int
    key_id: int
    event: Event
    body: bytes
    derived: bytes
    titles: Titles
    hash: bytes  # 16 bytes
    grouping_version: int
    explain: bytes  # JSON of grouping.Explanation; kept with a new hash only
    category: str  # of the issue: error | csp | default
    tags: tuple[tuple[str, str], ...]  # the client's and the derived ones
    person_key: bytes | None  # 8 bytes; who was affected
    person_shown: str | None
    search_frames: str  # functions and files of the stack, for full-text search
    # by the grouping version before, while the project changes over: its issue is kept
    previous_hash: bytes | None = None
    # by its frames as they were sent, where source maps changed them: if that hash has an issue,
    # from before the maps were there, the issue is kept
    minified_hash: bytes | None = None
    judgement: Judgement | None = None  # None: of a group that is known, it was not asked
    high_value: str | None = None  # the rule that says it matters most

    @property
    def outcome_category(self) -> str:
        """The name of its rate limit, which is what outcomes are counted by."""
        return "security" if self.category == "csp" else "error"


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer to an `EventWrite`, after COMMIT."""

    event_row: int
    issue_id: int | None  # None: the group is discarded
    new_issue: bool = False
    regressed: bool = False
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`n` things of one category that came to one end. `source` is `server` or `client` (folded-in
    client reports).
    """

    project_id: int
    key_id: int  # 0: no key
    category: str  # error, transaction, attachment, …: the names of rate limits
    # accepted, invalid, too_large, duplicate, unsupported, filtered, rate_limited, client_discard
    outcome: str
    reason: str = ""
    n: int = 1
    source: str = "server"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was turned away: what the set-up page and "where did my event go?" show."""

    project_id: int | None  # from the URL; it may not exist
    reason: str
    detail: str
    category: str = ""
    outcome: str = "invalid"
    ip: str | None = None
    sdk: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackWrite:
    """What a person said about an event: from the report dialog or a `user_report` item. A later
    one replaces the earlier.
    """

    project_id: int
    event_id: str
    name: str
    email: str
    message: str
    received_at: int


class Heard(NamedTuple):
    """An event that counts for a spike, which one that comes late does not. `at` in ms."""

    row: int
    project_id: int
    issue_id: int
    at: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Committed:
    """What one batch changed; live pages and loops are woken with it. `regrouped`: issues that
    hashes went to or came from.
    """

    issue_ids: frozenset[int] = field(default_factory=frozenset)
    project_ids: frozenset[int] = field(default_factory=frozenset)
    causes: int = 0
    heard: tuple[Heard, ...] = ()
    regrouped: frozenset[int] = field(default_factory=frozenset)
