"""The code of an event at the host of its repository: each frame of a page by its key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lighttrace.config import Config
from lighttrace.event import frames, source_links
from lighttrace.event.model import Event, Frame
from lighttrace.event.source_links import Link, Revision, Rules, Unlinked
from lighttrace.store import revisions
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue

NO_EVENT = Unlinked("there is no such frame")


@dataclass(slots=True)
class Sources:
    """Links of one event, worked out when they are asked for: a page shows few of its frames."""

    event: Event
    rules: Rules
    at: Revision
    fetches: bool = False  # lines that are missing, when somebody opens their frame
    _flags: dict[str, tuple[bool, ...]] = field(default_factory=dict)

    def of(self, key: str) -> Link | None:
        """That of the frame with a key, such as `e0-12`, as `stacks.Call` has it."""
        found = self.tried(key)
        return found if isinstance(found, Link) else None

    def tried(self, key: str) -> Link | Unlinked:
        frame = self.frame(key)
        if frame is None:
            return NO_EVENT
        own = self.is_own(key)
        return source_links.link(frame, self.rules, self.at, self.event.platform, own=own)

    def may_fetch(self, key: str) -> bool:
        """Whether the frame has no source, and the host may."""
        frame = self.frame(key) if self.fetches else None
        if frame is None or frame.context_line is not None or not frame.lineno:
            return False
        link = self.of(key)
        return link is not None and bool(link.path)

    def frame(self, key: str) -> Frame | None:
        name, _, at = key.partition("-")
        calls = self._calls(name)
        return calls[int(at)] if at.isdecimal() and len(at) < 6 and int(at) < len(calls) else None

    def is_own(self, key: str) -> bool:
        name, _, at = key.partition("-")
        if name not in self._flags:
            self._flags[name] = frames.in_app(self._calls(name), self.event.platform)
        return self._flags[name][int(at)]

    def crashed(self) -> Iterator[str]:
        """Those of the stack that crashed, the newest call first."""
        raised = [at for at, link in enumerate(self.event.exceptions) if link.frames]
        crashed = [at for at, it in enumerate(self.event.threads) if it.crashed and it.frames]
        name = f"e{raised[-1]}" if raised else "s" if self.event.frames else ""
        name = name or (f"t{crashed[0]}" if crashed else "")
        return (f"{name}-{at}" for at in reversed(range(len(self._calls(name)))))

    def _calls(self, name: str) -> Sequence[Frame]:
        kind, number = name[:1], name[1:]
        if name == "s":
            return self.event.frames
        at = int(number) if number.isdecimal() and len(number) < 6 else -1
        if kind == "e" and 0 <= at < len(self.event.exceptions):
            return self.event.exceptions[at].frames
        if kind == "t" and 0 <= at < len(self.event.threads):
            return self.event.threads[at].frames
        return ()


def of_event(db: Reader, config: Config, issue: Issue, event: Event) -> Sources:
    """By what the file says, and by what was told of the release."""
    source = config.source_of(issue.project_slug)
    rules = config.source_rules(issue.project_slug)
    told = revisions.told(db, issue.project_id, event.release, rules.package)
    rules, at = source_links.informed(rules, event.release, told.commit, told.mappings)
    return Sources(event, rules, at, source is not None and source.fetch)
