"""How much one target hears: the first message at once, then what comes is gathered. Arithmetic
only: no clock, no database. Rule and figures: docs/alerts.md, "Storms, digests, quiet hours".

A message opens a window of 5 minutes, in which news is gathered. What a window has gathered becomes
one message when it closes, and opens the next window, twice as long, up to 30 minutes. After 15
minutes without news all is forgotten, and the next message goes at once again.

Strong news does not wait behind weak news: the first of it passes an open window, what follows
within 15 minutes is gathered like everything else. So a database that takes twelve issues down
makes two messages, whatever else there was to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lighttrace.store.lanes import Held, Lane

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
WINDOWS_MS = (5 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS)
LONGEST_MS = WINDOWS_MS[-1]  # no news waits longer than this for a window
QUIET_MS = 15 * MINUTE_MS
HOURLY = 10  # messages an hour and target, whatever happens
GATHER_MS = 2 * SECOND_MS  # the last message of an hour waits so long, to speak for a whole burst

# What is told first, if there is a choice. The strong ones pass an open window.
STRENGTH = {
    "regression": 6,
    "escalating": 5,
    "spike_escalated": 4,
    "spike": 3,
    "new": 2,
    "volume": 1,
    "users": 1,
}
STRONG = frozenset({"regression", "escalating", "spike_escalated", "spike"})
# Somebody asked for these by name or by the clock: never gathered, and they open no window.
ASKED_FOR = frozenset({"mention", "weekly", "alive"})

Form = Literal["alone", "together", "last"]  # `last`: before the hour is full


@dataclass(frozen=True, slots=True)
class Decision:
    """Tell these in one message, or (`form` None) wait; the lane is as it is afterwards."""

    form: Form | None
    ids: tuple[int, ...]
    until: int | None  # ms; when to ask again if nothing new comes
    lane: Lane


def decide(
    lane: Lane, waiting: Sequence[Held], sent: Sequence[int], pending: int, now: int, since: int = 0
) -> Decision:
    """What happens now with what is waiting for one target, oldest first.

    `sent`: when it got its messages of the last hour; `pending`: how many are on their way. Both
    together never exceed HOURLY, so no hour has more, however late a message arrives. `since`: what
    is older than this waited for the end of quiet hours and is told together.
    """
    lane = _not_in_the_future(lane, now)
    if not waiting:
        return Decision(None, (), None, lane)
    room = HOURLY - len(sent) - pending
    if room <= 0:
        return Decision(None, (), min(sent, default=now) + HOUR_MS + 1 if sent else None, lane)
    form, chosen, until = _choice(lane, waiting, now, since)
    if form is None:
        return Decision(None, (), until, lane)
    if room == 1:
        gathered_at = min(waiting[0].at, now) + GATHER_MS
        if now < gathered_at:
            return Decision(None, (), gathered_at, lane)
        form, chosen = "last", waiting
    return Decision(form, tuple(it.id for it in chosen), None, _after(lane, chosen, now))


def _choice(
    lane: Lane, waiting: Sequence[Held], now: int, since: int
) -> tuple[Form | None, Sequence[Held], int | None]:
    """The form, what is told in it, and if nothing is, until when to wait."""
    asked = [it for it in waiting if it.kind in ASKED_FOR]
    if asked:
        return "alone", asked[:1], None
    if any(it.at < since for it in waiting):
        return _form(waiting), waiting, None
    if lane.news_at is None or waiting[0].at - lane.news_at >= QUIET_MS:
        return "alone", (strongest(waiting),), None
    strong = [it for it in waiting if it.kind in STRONG]
    if strong and (lane.strong_at is None or strong[0].at - lane.strong_at >= QUIET_MS):
        return "alone", (strongest(strong),), None
    until = closes_at(lane, waiting, now)
    return (_form(waiting), waiting, None) if until <= now else (None, (), until)


def closes_at(lane: Lane, waiting: Sequence[Held], now: int) -> int:
    """When what is waiting is told: at the window's end, or when the storm is over before it.

    Strong news that passes opens the window anew, which must not keep the rest for ever.
    """
    told_at = now if lane.told_at is None else lane.told_at
    window_ms = WINDOWS_MS[min(lane.step, len(WINDOWS_MS) - 1)]
    return min(told_at + window_ms, waiting[0].at + LONGEST_MS, waiting[-1].at + QUIET_MS)


def _after(lane: Lane, told: Sequence[Held], now: int) -> Lane:
    told = [it for it in told if it.kind not in ASKED_FOR]
    if not told:
        return lane
    calm = lane.news_at is None or told[0].at - lane.news_at >= QUIET_MS
    step = 0 if calm else lane.step + (len(told) > 1 or told[0].kind not in STRONG)
    strong = [it.at for it in told if it.kind in STRONG]
    return Lane(
        told_at=now,
        step=min(step, len(WINDOWS_MS) - 1),
        news_at=max(lane.news_at or 0, *(min(it.at, now) for it in told)),
        strong_at=max(strong) if strong else lane.strong_at,
    )


def _form(news: Sequence[Held]) -> Form:
    return "alone" if len(news) == 1 else "together"


def strongest(news: Sequence[Held]) -> Held:
    """The first of the strongest kind there is."""
    return max(news, key=lambda it: STRENGTH.get(it.kind, 0))


def _not_in_the_future(lane: Lane, now: int) -> Lane:
    """A clock that was put back must not hold anything until it is there again."""
    times = (lane.told_at, lane.news_at, lane.strong_at)
    if all(at is None or at <= now for at in times):
        return lane
    told_at, news_at, strong_at = (at if at is None else min(at, now) for at in times)
    return replace(lane, told_at=told_at, news_at=news_at, strong_at=strong_at)
