"""The loop that looks for spikes: woken by commits, it asks the past of what is loud, judges, and
stores what it found; and it goes on with what is spiking until that is over.

Nothing is held up by it: it hears of events after their COMMIT, reads in a reader's thread, and
writes only when something has changed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

from lighttrace.alerts.spikes import baseline, words
from lighttrace.alerts.spikes.ears import Ears
from lighttrace.alerts.spikes.episode import CALM, PEAK_WIDTH, Change, Episode, step
from lighttrace.alerts.spikes.history import History
from lighttrace.alerts.spikes.judge import LEAST, Sensitivity, Verdict, ceiling, fewest, look
from lighttrace.alerts.spikes.pasts import MINUTE_MS, Asked, Pasts, ask
from lighttrace.alerts.spikes.rings import Needs
from lighttrace.clock import Clock
from lighttrace.event.model import Json
from lighttrace.store import minutes, spikes
from lighttrace.store.minutes import Subject
from lighttrace.store.spikes import Spike
from lighttrace.store.store import Store
from lighttrace.store.writes import Committed, Heard

GRACE_S = 300  # after a start: clients deliver what they could not
STEP_S = 20  # between two looks at what is spiking
NEEDS_S = 300  # for which what was found usual is good enough not to look again
MOST_EARLY = 100_000  # events that come while the last hour is read
SOME = 1_000  # events of it at a time, so that nobody waits

Setting: TypeAlias = Sensitivity | Literal["off"]


@dataclass(slots=True)
class Ongoing:
    """A spike that is not over, as stored and as it is now."""

    spike: Spike
    episode: Episode


class Watch:
    """`sensitivity` is asked anew each time, by the id of a project; `wake` the alerts loop when
    there is a cause.
    """

    def __init__(
        self,
        store: Store,
        sensitivity: Callable[[int], Setting],
        clock: Clock,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._sensitivity = sensitivity
        self._clock = clock
        self._wake_alerts = wake
        self._wake = asyncio.Event()
        self._early: list[Heard] | None = []  # None: what was before is known
        self._ears = Ears(self._least)
        self._pasts = Pasts()
        self._ongoing: dict[int, Ongoing] = {}
        self._quiet_until_s = 0
        self._stepped_s = 0

    def _least(self, project_id: int) -> Needs:
        setting = self._sensitivity(project_id)
        strict: Sensitivity = "default" if setting == "off" else setting
        return {counted: fewest(strict, counted, young=False) for counted in LEAST}

    def committed(self, batch: Committed) -> None:
        """For `Store.on_commit`."""
        for issue_id in batch.regrouped:
            self._ears.drop(issue_id)
            self._pasts.drop(issue_id)
        if self._early is not None:
            self._early += batch.heard[: MOST_EARLY - len(self._early)]
            return
        self._ears.hear(batch.heard)
        if self._ears.due:
            self._wake.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """For ever; raises what the database raises, its supervisor starts it again."""
        await self.begin()
        while True:
            beat()
            self._wake.clear()
            await self.turn()
            try:
                await asyncio.wait_for(self._wake.wait(), self._sleep_s())
            except TimeoutError:
                continue

    async def begin(self, grace_s: int = GRACE_S) -> None:
        """Remember the last hour, and what is spiking. Nothing is judged for `grace_s`."""
        if self._early is None:
            return
        self._quiet_until_s = self._now_s() + grace_s
        found = await self._store.read(minutes.last_hour, self._clock.now_ms())
        self._ears.fill(found)
        for start in range(0, len(found.events), SOME):
            self._ears.hear(found.events[start : start + SOME])
            await asyncio.sleep(0)
        early, self._early = self._early, None
        self._ears.hear(it for it in early if it.row > found.newest_row)
        for it in await self._store.read(spikes.open_ones):
            self._ongoing[_key(it.subject)] = Ongoing(it, _episode(it))

    async def turn(self) -> None:
        """Look at everything that is due now."""
        now_s = self._now_s()
        if now_s < self._quiet_until_s:
            return
        while (key := self._ears.take(now_s)) is not None:
            self._ears.rest(key, now_s)  # whatever becomes of the look, there is another one
            if key not in self._ongoing:
                await self._look(key)
        if self._ongoing and self._now_s() >= self._stepped_s + STEP_S:
            self._stepped_s = self._now_s()
            for key in list(self._ongoing):
                await self._go_on(key)

    def _sleep_s(self) -> float:
        now_s = self._now_s()
        waits = [max(at_s, self._quiet_until_s) - now_s for at_s in self._ears.due.values()]
        return max(0.1, min([STEP_S, *waits]))

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000

    async def _asked(self, key: int, subject: Subject) -> Asked | None:
        now_ms = self._clock.now_ms()
        found = await self._store.read(ask, subject, self._pasts.get(key), now_ms)
        if found is not None:
            self._pasts.put(key, found.past)
        return found

    async def _look(self, key: int) -> None:
        subject = self._ears.subject(key)
        sensitivity = self._sensitivity(subject.project_id)
        # A project is not told of what one of its issues was told of.
        off = sensitivity == "off" or (subject.issue_id is None and self._is_explained(subject))
        found = None if off else await self._asked(key, subject)
        now_ms = self._clock.now_ms()
        now_s, now = now_ms // 1000, now_ms // MINUTE_MS
        if found is None or not found.open or sensitivity == "off":
            return
        history = found.history(self._ears.ring(key, subject.project_id).windows(now_s))
        verdict, needs = look(history, now, sensitivity)
        if verdict is None:
            self._ears.looked(key, now_s, needs, now_s + NEEDS_S)
        else:
            await self._begin(key, subject, verdict, history, found, now_ms)

    def _is_explained(self, project: Subject) -> bool:
        ongoing = (it.spike.subject for it in self._ongoing.values())
        return any(it.issue_id and it.project_id == project.project_id for it in ongoing)

    async def _begin(
        self,
        key: int,
        subject: Subject,
        verdict: Verdict,
        history: History,
        found: Asked,
        now_ms: int,
    ) -> None:
        now = now_ms // MINUTE_MS
        most = ceiling(history, now, verdict)
        spike = Spike(
            id=0,
            subject=subject,
            counted=verdict.counted,
            width=verdict.width,
            n=verdict.n,
            rate=verdict.rate,
            reason=verdict.reason,
            since=most.start,
            most_events=most.events,
            most_people=most.people,
            peak=history.windows[PEAK_WIDTH].of(verdict.counted),
            started_at=now_ms,
        )
        spike_id = await self._store.write(spikes.begin, spike, now_ms)
        if spike_id is not None:
            spike = replace(spike, id=spike_id)
            self._ongoing[key] = Ongoing(spike, _episode(spike))
            await self._step(key, history, found, now_ms)

    async def _go_on(self, key: int) -> None:
        it = self._ongoing[key]
        found = await self._asked(key, it.spike.subject)
        now_ms = self._clock.now_ms()
        if (
            found is None
            or not found.open
            or self._sensitivity(it.spike.subject.project_id) == "off"
        ):
            await self._store.write(spikes.end, it.spike, "closed", now_ms)
            del self._ongoing[key]
            return
        ring = self._ears.ring(key, it.spike.subject.project_id)
        await self._step(key, found.history(ring.windows(now_ms // 1000)), found, now_ms)

    async def _step(self, key: int, history: History, found: Asked, now_ms: int) -> None:
        it, now = self._ongoing[key], now_ms // MINUTE_MS
        usual = history.usual(it.spike.counted)
        rate = baseline.rate(usual, now, CALM, history.first_min)
        episode, change = step(it.episode, history.windows, rate, found.said, now)
        if (episode.peak, episode.calm_from) != (it.episode.peak, it.episode.calm_from):
            await self._store.write(spikes.go_on, it.spike.id, episode.peak, episode.calm_from)
        it.episode = episode
        if change is not None:
            await self._carry_out(key, change, history, rate, now_ms)

    async def _carry_out(
        self, key: int, change: Change, history: History, rate: float, now_ms: int
    ) -> None:
        it = self._ongoing[key]
        if change == "spike_over" or change == "level_shift":
            n = history.windows[CALM].of(it.spike.counted)
            minutes_long = (now_ms - it.spike.started_at) // MINUTE_MS
            said: dict[str, Json] = {"minutes": minutes_long}
            if change == "level_shift":
                said["reason"] = words.stays(n / CALM, it.spike.rate)
            ending = partial(spikes.end, ending="over" if change == "spike_over" else change)
            await self._store.write(ending, it.spike, now_ms=now_ms, said=said)
            del self._ongoing[key]
            return
        said = _said(it.spike)
        if change == "spike_escalated":
            n = history.windows[PEAK_WIDTH].of(it.spike.counted)
            said |= {
                "rate": _rate(n, PEAK_WIDTH, it.spike.rate),
                "reason": words.louder(n, PEAK_WIDTH, it.spike.rate, it.spike.counted),
            }
        if await self._store.write(spikes.tell, it.spike, change, said, now_ms):
            it.spike = replace(it.spike, told=it.spike.told + 1, told_at=now_ms)
            self._wake_alerts()


def _key(subject: Subject) -> int:
    return -subject.project_id if subject.issue_id is None else subject.issue_id


def _episode(it: Spike) -> Episode:
    """As it is taken up again: whether it was calm while nobody looked, nobody knows."""
    told = None if it.told_at is None else it.told_at // MINUTE_MS
    return Episode(it.started_at // MINUTE_MS, it.counted, it.rate, it.peak, told=told)


def _rate(n: int, width: int, rate: float) -> Json:
    """As `alerts.news` tells of it."""
    return {"count": n, "window_min": width, "usual": round(rate * width, 4)}


def _said(it: Spike) -> dict[str, Json]:
    """The numbers of a message, as docs/spikes.md names them."""
    return {
        "rate": _rate(it.n, it.width, it.rate),
        "counted": it.counted,
        "factor": it.factor,
        "reason": it.reason,
        "since_at": it.since * MINUTE_MS,
    }
