"""The loop that looks for spikes: woken by commits, it asks the past of what is loud, judges, and
stores what it found; and it goes on with what is spiking until that is over.

Nothing is held up by it: it hears of events after their COMMIT, reads in a reader's thread, and
writes only when something has changed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from lighttrace.alerts.spikes import deploy, words
from lighttrace.alerts.spikes.ears import Ears
from lighttrace.alerts.spikes.episode import CALM, PEAK_WIDTH, Episode, Said, step
from lighttrace.alerts.spikes.history import History
from lighttrace.alerts.spikes.judge import LEAST, Sensitivity, Verdict, ceiling, fewest, look
from lighttrace.alerts.spikes.pasts import MINUTE_MS, Pasts, ask
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


@dataclass(frozen=True, slots=True)
class Scene:
    """An issue, or a project as a whole, at one moment: its past, and what was said of it."""

    key: int
    subject: Subject
    sensitivity: Sensitivity
    history: History
    said: Said
    now_ms: int

    @property
    def now(self) -> int:
        """The minute."""
        return self.now_ms // MINUTE_MS


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
        ongoing = await self._store.read(spikes.open_ones)
        self._ongoing = {_key(it.subject): Ongoing(it, _episode(it)) for it in ongoing}
        self._ears.fill(found)
        for start in range(0, len(found.events), SOME):
            self._ears.hear(found.events[start : start + SOME])
            await asyncio.sleep(0)
        early, self._early = self._early, None
        self._ears.hear(it for it in early if it.row > found.newest_row)

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

    async def _scene(self, key: int, subject: Subject) -> Scene | None:
        """None if nobody wants to hear of it: it is gone, put away, or switched off."""
        sensitivity = self._sensitivity(subject.project_id)
        if sensitivity == "off":
            return None
        now_ms = self._clock.now_ms()
        asked = await self._store.read(ask, subject, self._pasts.get(key), now_ms)
        if asked is None:
            return None
        self._pasts.put(key, asked.past)
        if not asked.open:
            return None
        now_ms = self._clock.now_ms()
        windows = self._ears.ring(key, subject.project_id).windows(now_ms // 1000)
        return Scene(key, subject, sensitivity, asked.history(windows), asked.said, now_ms)

    async def _look(self, key: int) -> None:
        subject = self._ears.subject(key)
        if subject.issue_id is None and self._is_explained(subject):
            return  # a project is not told of what one of its issues was told of
        scene = await self._scene(key, subject)
        if scene is None:
            return
        verdict, needs = look(scene.history, scene.now, scene.sensitivity)
        if verdict is not None:
            await self._begin(scene, verdict)
        else:
            now_s = scene.now_ms // 1000
            self._ears.looked(key, now_s, needs, now_s + NEEDS_S)

    def _is_explained(self, project: Subject) -> bool:
        ongoing = (it.spike.subject for it in self._ongoing.values())
        return any(it.issue_id and it.project_id == project.project_id for it in ongoing)

    async def _begin(self, scene: Scene, verdict: Verdict) -> None:
        most = ceiling(scene.history, scene.now, verdict)
        spike = Spike(
            id=0,
            subject=scene.subject,
            counted=verdict.counted,
            width=verdict.width,
            n=verdict.n,
            rate=verdict.rate,
            reason=verdict.reason,
            since=most.start,
            most_events=most.events,
            most_people=most.people,
            peak=scene.history.windows[PEAK_WIDTH].of(verdict.counted),
            started_at=scene.now_ms,
        )
        began = await self._began_with(scene, verdict)
        said = _said(spike) | began if scene.said.may(scene.now) else None
        begun = await self._store.write(spikes.begin, spike, said, scene.now_ms, began)
        if begun is not None:
            self._ongoing[scene.key] = Ongoing(begun, _episode(begun))
            if said is not None:
                self._wake_alerts()

    async def _began_with(self, scene: Scene, verdict: Verdict) -> dict[str, Json]:
        """What is said of the release that it began with; nothing of none, or of a project."""
        issue_id, project_id = scene.subject.issue_id, scene.subject.project_id
        if issue_id is None:
            return {}
        since_ms = scene.now_ms - verdict.width * MINUTE_MS
        window = (issue_id, project_id, since_ms, verdict.expected)
        found = await self._store.read(deploy.began_with, *window)
        return {} if found is None else {"began": found.said}

    async def _go_on(self, key: int) -> None:
        it = self._ongoing[key]
        scene = await self._scene(key, it.spike.subject)
        if scene is None:
            await self._store.write(spikes.end, it.spike, "closed", self._clock.now_ms())
            del self._ongoing[key]
            return
        episode, change = step(it.episode, scene.history, scene.said, scene.now)
        it.episode, was = episode, it.spike
        n = scene.history.windows[was.width].of(was.counted)
        it.spike = replace(
            was,
            n=n,
            reason=words.still(was.reason, n, was.width, was.counted),
            peak=episode.peak,
            calm_from=episode.calm_from,
        )
        if it.spike != was:
            await self._store.write(spikes.go_on, it.spike)
        if change == "spike_over" or change == "level_shift":
            await self._end(scene, it, change)
        elif change is not None:
            await self._tell(scene, it, change)

    async def _end(
        self, scene: Scene, it: Ongoing, change: Literal["spike_over", "level_shift"]
    ) -> None:
        lasted: Json = (scene.now_ms - it.spike.started_at) // MINUTE_MS
        said = {"minutes": lasted}
        if change == "level_shift":
            n = scene.history.windows[CALM].of(it.spike.counted)
            said["reason"] = words.stays(n / CALM, it.spike.rate)
        ending: spikes.Ending = "over" if change == "spike_over" else "level_shift"
        await self._store.write(spikes.end, it.spike, ending, scene.now_ms, said)
        del self._ongoing[scene.key]

    async def _tell(self, scene: Scene, it: Ongoing, change: spikes.Message) -> None:
        said = _said(it.spike)
        if change == "spike_escalated":
            n = scene.history.windows[PEAK_WIDTH].of(it.spike.counted)
            said |= {
                "rate": _rate(n, PEAK_WIDTH, it.spike.rate),
                "reason": words.louder(n, PEAK_WIDTH, it.spike.rate, it.spike.counted),
            }
        if await self._store.write(spikes.tell, it.spike, change, said, scene.now_ms):
            it.spike = replace(it.spike, told=it.spike.told + 1, told_at=scene.now_ms)
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
