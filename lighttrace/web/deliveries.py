"""Messages that went out or were held back, as lines of the page of alerts. One message to several
people, with the same result, is one line. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lighttrace.alerts.news import age
from lighttrace.store.reactions import Message, Reaction
from lighttrace.store.sendings import History, Sending

MOST_NAMED = 2
# what a message is, before its title
KINDS = {
    "new": "New",
    "regression": "Back",
    "escalating": "Louder than foreseen",
    "spike": "Spiking",
    "spike_escalated": "Louder still",
    "volume": "Loud",
    "users": "Many users",
    "feedback": "A user said something",
    "quota": "Trouble with what is sent",
    "digest": "Digest",
    "held": "The last of this hour",
    "failed": "Not delivered",
    "weekly": "The week",
    "alive": "A sign of life",
    "mention": "A comment",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`result`: done, told, held, due, retry, failed. `to`: names; `all_to`: every one of them,
    where that are more. `then`: what somebody did about it, None where nothing is to be done.
    """

    it: Sending
    says: str
    why: str
    to: str
    all_to: str
    n: int
    age: str
    tries: int
    result: str
    then: Reaction | str | None = None


Run = Sequence[Sending]  # of one cause


def runs(page: History, limit: int) -> tuple[list[Run], int | None]:
    """The messages of at most `limit` causes, and where to go on. One that the page cuts in two is
    left for the next page, unless it is longer than a page.
    """
    found: list[Run] = [list(some) for _, some in groupby(page.rows, _cause)]
    if page.cursor is not None and len(found) > 1:
        found.pop()
    kept = found[:limit]
    if not kept:
        return [], page.cursor
    more = page.cursor is not None or len(found) > limit
    return kept, kept[-1][-1].id if more else None


def _cause(it: Sending) -> tuple[object, ...]:
    alone = it.id if it.issue_id is None else None
    return it.kind, it.issue_id, it.caused_at, alone


def asked(some: Iterable[Run]) -> list[Message]:
    """Of which messages the first reaction is wanted."""
    return [
        (it.issue_id, it.done_at)
        for run in some
        for it in run
        if it.issue_id is not None and it.done_at is not None and it.state == "done"
    ]


def lines(
    some: Iterable[Run], whom: Callable[[str], str], reactions: Mapping[Message, Reaction]
) -> list[Line]:
    """`whom`: a target in words."""
    found = []
    for run in some:
        by_result: dict[str, list[Sending]] = {}
        for it in run:
            by_result.setdefault(_result(it), []).append(it)
        found += [_line(it, result, whom, reactions) for result, it in by_result.items()]
    return found


def _result(it: Sending) -> str:
    if it.state == "held" and it.told_by is not None:
        return "told"
    return "retry" if it.state == "due" and it.attempts else it.state


def _line(
    some: Sequence[Sending],
    result: str,
    whom: Callable[[str], str],
    reactions: Mapping[Message, Reaction],
) -> Line:
    it = max(some, key=lambda one: one.age_ms or 0)
    names = sorted(
        dict.fromkeys(whom(one.target) for one in reversed(some)), key=lambda name: name != "you"
    )
    more = len(names) - MOST_NAMED
    shown = names if more < 1 else [*names[:MOST_NAMED], f"{more} more"]
    then: Reaction | str | None = None
    if result == "done" and it.issue_id is not None:
        known = [reactions[key] for key in asked([some]) if key in reactions]
        then = min(known, key=lambda one: one.after_ms, default=None) or "not yet"
    return Line(
        it=it,
        says=_says(it),
        why="; ".join(map(str, it.payload.get("reasons", ())[:3])),
        to=", ".join(shown),
        all_to=", ".join(names) if more > 0 else "",
        n=len(some),
        age=age(it.age_ms / 1000) if it.age_ms is not None and result == "done" else "",
        tries=max(len(one.attempts) for one in some),
        result=result,
        then=then,
    )


def _says(it: Sending) -> str:
    says = KINDS.get(it.kind, it.kind)
    if it.title:
        return f"{says} in {it.project}: {it.title}"
    if it.kind in ("digest", "held"):
        return f"{says} of {it.payload.get('count', 0):,}"
    return f"{says}: {it.payload['words']}" if it.payload.get("words") else says
