"""Server-sent events: open pages hear that something changed, and ask for what they show.

Names on the wire: `issues-changed` (data: the ids, as JSON) and `project-<id>-first` (its first
event is stored). A page that missed one loses nothing: it asks for its state anew, and polls
besides. Bounded everywhere: subscribers, ids per message, one message a second, a stream's life.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from lighttrace.store.writes import Committed

SUBSCRIBERS = 256  # each holds one connection; the issue list of a large team is about 50
IDS = 200  # more changed at once: the page is told without ids and reloads what it shows
GAP_S = 1.0  # a storm of batches is one message a second
HEARTBEAT_S = 15.0  # below the idle limit of common proxies (60 s)
LIFE_S = 300.0  # then the browser connects anew and its session is checked again


@dataclass(eq=False, slots=True)
class Subscription:
    """One open page: what it has not been told yet. `project_ids` None: it is about all."""

    project_ids: frozenset[int] | None
    issue_ids: set[int] = field(default_factory=set)
    overflow: bool = False
    changed: bool = False
    first: set[int] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, batch: Committed, first: frozenset[int]) -> None:
        """Remember what of a batch concerns this page."""
        if self.project_ids is not None:
            if not self.project_ids & batch.project_ids:
                return
            first &= self.project_ids
        if batch.issue_ids:
            self.changed = True
            self.issue_ids |= batch.issue_ids
            if len(self.issue_ids) > IDS:
                self.overflow = True
                self.issue_ids.clear()
        self.first |= first
        if self.changed or self.first:
            self.wake.set()

    def take(self) -> str:
        """The messages that are due, as they go over the wire; nothing is due afterwards."""
        out = [
            _message(f"project-{project_id}-first", str(project_id))
            for project_id in sorted(self.first)
        ]
        if self.changed:
            ids = [] if self.overflow else sorted(self.issue_ids)
            out.append(_message("issues-changed", json.dumps({"ids": ids, "all": self.overflow})))
        self.issue_ids.clear()
        self.first.clear()
        self.overflow = self.changed = False
        self.wake.clear()
        return "".join(out)


class Live:
    """The hub. `committed` is one of the store's `on_commit`; everything runs on the event loop."""

    def __init__(self) -> None:
        self._open: set[Subscription] = set()
        self._projects_seen: set[int] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def full(self) -> bool:
        return self._closed or len(self._open) >= SUBSCRIBERS

    def committed(self, batch: Committed) -> None:
        """Tell the open pages. Costs nothing while nobody looks."""
        first = batch.project_ids - self._projects_seen
        self._projects_seen |= first
        for subscription in self._open:
            subscription.note(batch, first)

    def close(self) -> None:
        """End every stream: the server stops."""
        self._closed = True
        for subscription in self._open:
            subscription.wake.set()

    async def stream(
        self,
        project_ids: frozenset[int] | None,
        *,
        already_first: bool = False,
        gap_s: float = GAP_S,
        heartbeat_s: float = HEARTBEAT_S,
        life_s: float = LIFE_S,
    ) -> AsyncIterator[str]:
        """The text of one event stream about some projects, or all. `already_first`: the one
        project it is about has events, which is said at once.
        """
        subscription = Subscription(project_ids)
        self._open.add(subscription)
        ends_at = asyncio.get_running_loop().time() + life_s
        try:
            yield "retry: 2000\n: LightTrace\n\n"
            if already_first and project_ids is not None:
                for project_id in project_ids:
                    yield _message(f"project-{project_id}-first", str(project_id))
            while not self._closed:
                left_s = ends_at - asyncio.get_running_loop().time()
                if left_s <= 0:
                    return
                try:
                    await asyncio.wait_for(subscription.wake.wait(), min(heartbeat_s, left_s))
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if self._closed:
                    return
                yield subscription.take()
                await asyncio.sleep(gap_s)
        finally:
            self._open.discard(subscription)


def _message(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
