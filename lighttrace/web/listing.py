"""The list of issues as its address says it: read from a query string, written back into one.

Pure. The address is the whole state of the page, so it can be shared and kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode

from markupsafe import Markup

from lighttrace.errors import QueryError
from lighttrace.event.query.read import MOST_TEXT, parse
from lighttrace.event.query.tree import EVERYTHING, Node, Not, Term, both, conjuncts, terms
from lighttrace.store.counters import Period
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.store.issue_order import SORTS, Sort
from lighttrace.store.issues import Issue
from lighttrace.store.states import State, Substate
from lighttrace.web import charts, format

PERIODS = {"1h": 1, "24h": 24, "7d": 7 * 24, "14d": 14 * 24, "30d": 30 * 24, "90d": 90 * 24}
PERIOD_WORDS = {
    "1h": "1 h", "24h": "24 h", "7d": "7 d", "14d": "14 d", "30d": "30 d", "90d": "90 d",
}  # fmt: skip
OFFERED = ("24h", "7d", "14d", "30d", "90d")
DEFAULT_PERIOD = "14d"
STATES: dict[str, State | None] = {
    "unresolved": State.UNRESOLVED,
    "resolved": State.RESOLVED,
    "archived": State.ARCHIVED,
    "all": None,
}
SORT_WORDS: dict[Sort, str] = {
    "last_seen": "Last seen", "first_seen": "First seen", "events": "Events", "users": "Users",
}  # fmt: skip
ROWS = 25
# States that a search may name for itself; then it decides, and not the tab.
OWN_STATES = frozenset({*STATES, "acknowledged", "new", "ongoing", "regressed", "escalating"}) | {
    *("spiking", "ignored", "muted", "open"),
}
NEW_MS = format.DAY


@dataclass(frozen=True, slots=True)
class Listing:
    """`environment` None = all, empty = none. `project` is a slug."""

    project: str | None = None
    environment: str | None = None
    period: str = DEFAULT_PERIOD
    state: str = "unresolved"
    sort: Sort = "last_seen"
    text: str = ""
    cursor: str | None = None

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Listing":
        """Whatever an address says that makes no sense is the default."""
        sort: Sort = next((it for it in SORTS if it == params.get("sort")), "last_seen")
        period, state = params.get("period", ""), params.get("state", "")
        return cls(
            project=params.get("project") or None,
            environment=params.get("environment"),
            period=period if period in PERIODS else DEFAULT_PERIOD,
            state=state if state in STATES else "unresolved",
            sort=sort,
            text=" ".join(params.get("query", "").split())[: MOST_TEXT + 1],
            cursor=params.get("cursor") or None,
        )

    def pairs(self) -> dict[str, str | None]:
        """The query string, defaults left out."""
        return {
            "query": self.text or None,
            "project": self.project,
            "environment": self.environment,
            "period": self.period if self.period != DEFAULT_PERIOD else None,
            "state": self.state if self.state != "unresolved" else None,
            "sort": self.sort if self.sort != "last_seen" else None,
            "cursor": self.cursor,
        }

    @classmethod
    def of_query(cls, query: str) -> "Listing":
        """What a query string asks for."""
        return cls.read(dict(parse_qsl(query, keep_blank_values=True)))

    def written(self) -> str:
        """Its query string. Never empty: the bare address begins with what a person has chosen."""
        pairs = {name: value for name, value in self.pairs().items() if value is not None}
        return urlencode(pairs or {"state": self.state}, quote_via=quote)

    def but(self, **changes: str | None) -> "Listing":
        """The same list with something changed: its first page, unless the change is the page."""
        return replace(self, **{"cursor": None, **changes})  # type: ignore[arg-type]

    @property
    def period_ms(self) -> int:
        return PERIODS[self.period] * format.HOUR

    def query(self, looking: "Looking", limit: int = ROWS, *, exact: bool = True) -> IssueQuery:
        """The query of its page. Not `exact`: what takes long is counted later."""
        return IssueQuery(
            project_ids=looking.within,
            env=self.environment,
            period_ms=self.period_ms,
            state=None if names_states(looking.what) else STATES[self.state],
            what=looking.what,
            user_id=looking.user_id,
            sort=self.sort,
            cursor=self.cursor,
            limit=limit,
            people_later=not exact,
            all_counts=exact,
            now_ms=looking.now_ms,
        )

    def in_state(self, state: str) -> "Listing":
        """The same search in another state, whatever it said of states itself."""
        return self.but(state=state, text=without_states(self.text))


@dataclass(frozen=True, slots=True)
class Looking:
    """What an address leaves open: the tree of its text, who asks, where and when. `within`: the
    projects it is about, None for all there are.
    """

    what: Node
    user_id: int
    within: tuple[int, ...] | None
    now_ms: int


def names_states(what: Node) -> bool:
    return any(_is_state(it) for it in terms(what))


def _is_state(node: Node) -> bool:
    node = node.part if isinstance(node, Not) else node
    return (
        isinstance(node, Term)
        and node.key == "is"
        and not node.is_tag
        and any(value.text.lower() in OWN_STATES for value in node.values)
    )


def without_states(text: str) -> str:
    """A search without what it says of states, as far as that stands for itself."""
    try:
        what = parse(text)
    except QueryError:
        return text
    if not names_states(what):
        return text
    left = [part for part in conjuncts(what) if not _is_state(part)]
    return str(both(*left)) if left else str(EVERYTHING)


@dataclass(frozen=True, slots=True)
class Pill:
    kind: str
    text: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An issue and what is drawn for it."""

    issue: IssueRow
    pills: tuple[Pill, ...]
    spark: Markup


def pills(it: Issue | IssueRow, first_at: int, now_ms: int) -> tuple[Pill, ...]:
    """What people decided, else what happened of late; then whether it took the program down. Two
    at most.
    """
    found = []
    if it.state is State.RESOLVED:
        found.append(Pill("ok", "Resolved", "check"))
    elif it.state is State.ARCHIVED:
        found.append(Pill("arch", "Archived", "archive"))
    else:
        if it.substate is Substate.REGRESSED:
            found.append(Pill("regr", "Regressed", "regress"))
        if it.spike is not None:
            found.append(Pill("spike", "Spiking", "spike"))
        elif it.substate is Substate.ESCALATING:
            found.append(Pill("spike", "Escalating", "regress"))
        elif not found and now_ms - first_at < NEW_MS:
            found.append(Pill("new", "New", "spark"))
    if it.unhandled:
        found.append(Pill("bad", "Unhandled"))
    return tuple(found[:2])


def bars_since(since: int | None, spark: Sequence[int], period_ms: int, now_ms: int) -> int:
    """How many bars of a sparkline, from the newest back, hold what came since a moment."""
    if since is None:
        return 0
    shown = Period.last(period_ms, now_ms)  # whole hours, the one of now included
    bars = len(spark) or 1
    first = (since - shown.since_ms) * bars // (shown.hours * format.HOUR)
    return min(bars, max(1, bars - first))


def row(issue: IssueRow, listing: Listing, now_ms: int) -> Row:
    """Bars are red from where an issue began or came back, and orange from where it got loud."""
    since, tone = None, "err"
    if issue.state is State.UNRESOLVED:
        if issue.spike is not None:
            since, tone = issue.spike.since_ms, "spike"
        elif issue.substate is Substate.REGRESSED:
            since = issue.state_at
        elif now_ms - issue.first_ever < NEW_MS:
            since = issue.first_ever
    tail = bars_since(since, issue.spark, listing.period_ms, now_ms)
    words = PERIOD_WORDS[listing.period]
    last = format.ago(issue.last_at, now_ms)
    label = f"{format.plural(issue.n, 'event')} in {words}, the last {last}"
    return Row(
        issue,
        pills(issue, issue.first_ever, now_ms),
        charts.spark(issue.spark, label, tone, tail),
    )
