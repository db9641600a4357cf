"""An event as its page shows it. Pure: the event and what was worked out about it go in, plain
values come out, bounded in number and size. Templates only lay them out.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.event import details
from lighttrace.event.details import Pairs, Request
from lighttrace.event.model import Event, ExceptionValue, Json, Remark, Thread, Unmapped
from lighttrace.sourcemaps.readable import frames
from lighttrace.web import crumbs, stack_text, stacks
from lighttrace.web.crumbs import Trail
from lighttrace.web.stacks import Budget, Call, Stack

BLOCKS = 6  # exceptions shown at once; more are folded
REASONS = 3  # why frames are still minified
STACKS = 12  # threads with their frames on the page; others are fetched when opened
VALUE = 4_000  # characters of one value
UNTOLD = ("generic", "chained")  # mechanisms that say nothing of how it was caught
FOLDED = 14  # values of a context from which it is folded


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain. `relation` says how it hangs together with the one above it."""

    type: str
    value: str
    module: str
    relation: str
    handled: bool | None
    mechanism: str
    notes: Pairs
    stack: Stack


@dataclass(frozen=True, slots=True)
class Task:
    """A thread. `stack` is None when it is only fetched on demand."""

    key: str
    name: str
    state: str
    crashed: bool
    frames: int
    stack: Stack | None
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """One line of a list: `block` if it needs room of its own (JSON, several lines)."""

    name: str
    text: str
    block: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A group of values with a heading. `folded`: long and rarely needed."""

    title: str
    values: tuple[Value, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class EventView:
    event_id: str
    happened_at: int
    received_at: int
    platform: str
    heading: str  # what was raised, for the last breadcrumb
    says: str
    message: str  # the whole text, where a title is not enough
    template: str
    raised: tuple[Raised, ...]
    folded: tuple[Raised, ...]
    stack: Stack | None  # of the event itself
    threads: tuple[Task, ...]
    trail: Trail
    request: Request | None
    facts: tuple[Section, ...]
    flags: Pairs
    tags: Pairs
    extra: tuple[Value, ...]
    packages: Pairs
    remarks: tuple[Remark, ...]
    frames: int
    foldable: bool
    unmapped: tuple[tuple[Unmapped, int], ...]  # why others are still minified, and how many
    text: str  # the stack trace as text, for copying
    filtered: int  # values removed as secrets

    @property
    def has_stack(self) -> bool:
        return bool(self.raised or self.stack or self.threads)


def event(
    seen: Event,
    *,
    main: ExceptionValue | None = None,
    asked: Sequence[str] = (),
    every: bool = False,
    filtered: int = 0,
) -> EventView:
    """`main`: the exception a group is named after; `asked`: folded parts to show; `every`: no
    folding of library frames.
    """
    budget = Budget(frozenset(asked), every)
    raised = _chain(seen, main, budget)
    stack = (
        stacks.stack(seen.frames, "s", seen.platform, budget, main=True) if seen.frames else None
    )
    threads = _threads(seen, budget, bool(raised and any(link.stack.total for link in raised)))
    all_stacks = [link.stack for link in raised] + ([stack] if stack else [])
    all_stacks += [thread.stack for thread in threads if thread.stack]
    title = main or (seen.exceptions[-1] if seen.exceptions else None)
    said = seen.message.formatted if seen.message else ""
    return EventView(
        event_id=seen.event_id,
        happened_at=seen.happened_at,
        received_at=seen.received_at,
        platform=seen.platform,
        heading=(title.type or "Error") if title else "",
        says=_first_line((title.value or "") if title else said),
        message=said if _is_more(said, bool(title)) else "",
        template=seen.message.template or "" if seen.message else "",
        raised=raised[:BLOCKS],
        folded=raised[BLOCKS:],
        stack=stack,
        threads=threads,
        trail=crumbs.trail(
            details.breadcrumbs(seen), seen.happened_at, every="crumbs" in budget.asked
        ),
        request=details.request(seen),
        facts=_facts(seen),
        flags=details.flags(seen),
        tags=seen.tags,
        extra=tuple(_json_value(key, value) for key, value in details.extra(seen)),
        packages=details.packages(seen),
        remarks=seen.remarks,
        frames=sum(item.total for item in all_stacks),
        foldable=any(item.foldable for item in all_stacks),
        unmapped=tuple(
            Counter(frame.unmapped for frame in frames(seen) if frame.unmapped).most_common(REASONS)
        ),
        text=stack_text.text(seen),
        filtered=filtered,
    )


def part(seen: Event, key: str) -> Call | Task | Trail | None:
    """One folded part of an event: a frame (`e0-12`), a thread (`t3`), the earlier steps
    (`crumbs`). None if there is no such part.
    """
    if key == "crumbs":
        whole = crumbs.trail(details.breadcrumbs(seen), seen.happened_at, every=True)
        return Trail(whole.steps[: max(0, len(whole.steps) - crumbs.SHOWN)], 0)
    stack_key, _, at = key.partition("-")
    number = int(stack_key[1:]) if stack_key[1:].isdecimal() and len(stack_key) < 6 else -1
    if stack_key[:1] == "t" and not at and 0 <= number < len(seen.threads):
        budget = Budget(asked=frozenset({key}))
        return _thread(seen.threads[number], key, seen.platform, budget, shown=True)
    if not at.isdecimal() or len(at) > 5:
        return None
    if stack_key == "s":
        return stacks.one(seen.frames, int(at), key, seen.platform)
    if stack_key[:1] == "e" and 0 <= number < len(seen.exceptions):
        return stacks.one(seen.exceptions[number].frames, int(at), key, seen.platform)
    if stack_key[:1] == "t" and 0 <= number < len(seen.threads):
        return stacks.one(seen.threads[number].frames, int(at), key, seen.platform)
    return None


def _chain(seen: Event, main: ExceptionValue | None, budget: Budget) -> tuple[Raised, ...]:
    """The exceptions, the one raised last first. The main one has its crashing frame open; if it
    has no frames, the first that has.
    """
    chain = list(reversed(list(enumerate(seen.exceptions))))
    chosen = next((at for at, link in chain if link is main or link == main), None)
    if chosen is None or not seen.exceptions[chosen].frames:
        chosen = next((at for at, link in chain if link.frames), None)
    by_id = {
        link.mechanism.exception_id: link
        for _, link in chain
        if link.mechanism and link.mechanism.exception_id is not None
    }
    found = []
    for position, (at, link) in enumerate(chain):
        mechanism = link.mechanism
        notes: list[tuple[str, str]] = []
        if mechanism is not None:
            notes = [
                (name, value)
                for name, value in (
                    ("description", mechanism.description), ("help", mechanism.help_link)
                )
                if value
            ]  # fmt: skip
            notes += _flat(mechanism.data) + _flat(mechanism.meta)
        found.append(
            Raised(
                type=link.type or ("Error" if link.value else "<unknown>"),
                value=link.value or "",
                module=link.module or "",
                relation=_relation(link, by_id) if position else "",
                handled=mechanism.handled if mechanism else None,
                mechanism=mechanism.type if mechanism and mechanism.type not in UNTOLD else "",
                notes=tuple(notes[:20]),
                stack=stacks.stack(
                    link.frames,
                    f"e{at}",
                    seen.platform,
                    budget,
                    omitted=link.frames_omitted,
                    main=at == chosen,
                ),
            )
        )
    return tuple(found)


def _relation(link: ExceptionValue, by_id: dict[int, ExceptionValue]) -> str:
    mechanism = link.mechanism
    if mechanism is None:
        return "caused by"
    parent = by_id.get(mechanism.parent_id) if mechanism.parent_id is not None else None
    source = mechanism.source or ""
    if parent is not None and parent.mechanism and parent.mechanism.is_exception_group:
        number = source.rpartition("[")[2].rstrip("]")
        member = f"member {int(number) + 1}" if number.isdecimal() and len(number) < 5 else "member"
        return f"{member} of {parent.type or 'the group'}"
    if source == "__context__":
        return "raised while handling"
    if source == "__suppressed__" or source.startswith("suppressed"):
        return "suppressed by it"
    return "caused by"


def _threads(seen: Event, budget: Budget, has_exception: bool) -> tuple[Task, ...]:
    """Crashed and current ones first. The stack of one that raised stands with its exception."""
    raised = {link.thread_id for link in seen.exceptions if link.thread_id and link.frames}
    order = sorted(
        range(len(seen.threads)),
        key=lambda at: (not seen.threads[at].crashed, not seen.threads[at].current),
    )
    found = []
    for place, at in enumerate(order):
        thread, key = seen.threads[at], f"t{at}"
        if not thread.frames and thread.id in raised and len(order) == 1:
            continue
        first = place == 0 and not has_exception
        shown = key in budget.asked or first or (place < STACKS and budget.source > 0)
        found.append(_thread(thread, key, seen.platform, budget, shown=shown, main=first))
    return tuple(found)


def _thread(
    thread: Thread, key: str, platform: str, budget: Budget, *, shown: bool, main: bool = False
) -> Task:
    name = thread.name or (f"Thread {thread.id}" if thread.id else "Thread")
    state = ", ".join(
        word
        for word in (
            "crashed" if thread.crashed else "",
            "current" if thread.current and not thread.crashed else "",
            "main" if thread.main and name.lower() != "main" else "",
            (thread.state or "").lower(),
        )
        if word
    )
    stack = stacks.stack(thread.frames, key, platform, budget, main=main) if shown else None
    if not thread.frames:
        stack = None
    opened = main or key in budget.asked
    return Task(key, name, state, thread.crashed, len(thread.frames), stack, opened)


def _facts(seen: Event) -> tuple[Section, ...]:
    """User, contexts and where the event came from, as groups of values."""
    origin = [
        ("SDK", f"{seen.sdk_name or ''} {seen.sdk_version or ''}".strip()),
        ("Release", seen.release or ""),
        ("Dist", seen.dist or ""),
        ("Environment", seen.environment or ""),
        ("Server", seen.server_name or ""),
        ("Logger", seen.logger or ""),
        ("Transaction", seen.transaction or ""),
        ("Platform", seen.platform),
        ("Trace", seen.trace_id or ""),
    ]
    found = [("User", details.user_fields(seen))]
    if seen.csp:
        found.insert(0, ("Policy violation", tuple(seen.csp.items())))
    found += [(title, fields) for _, title, fields in details.contexts(seen)]
    found.append(("Came from", tuple(pair for pair in origin if pair[1])))
    sections = []
    for title, fields in found:
        values = tuple(_value(key, value) for key, value in fields if value)
        if values:
            sections.append(Section(title, values, len(values) > FOLDED))
    return tuple(sections)


def _value(key: str, text: str) -> Value:
    cut = len(text) > VALUE
    text = text[:VALUE]
    if text[:1] in "{[" and len(text) > 60 and not cut:
        try:
            return Value(key, json.dumps(json.loads(text), indent=2, ensure_ascii=False), True)
        except (ValueError, RecursionError):
            return Value(key, text, True)
    return Value(key, text, "\n" in text or len(text) > 300, cut)


def _json_value(key: str, value: Json) -> Value:
    if isinstance(value, str):
        return _value(key, value)
    try:
        text = json.dumps(value, indent=2 if isinstance(value, dict | list) else None)
        text = json.dumps(value, ensure_ascii=False) if len(text) < 60 else text
    except (ValueError, TypeError, RecursionError):
        text = str(value)
    return Value(key, text[:VALUE], "\n" in text, len(text) > VALUE)


def _flat(data: dict[str, Json] | None) -> list[tuple[str, str]]:
    if not data:
        return []
    shown = ((str(key)[:60], _json_value("", value).text[:300]) for key, value in data.items())
    return [(key, value) for key, value in shown if value][:20]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:300]


def _is_more(said: str, has_title: bool) -> bool:
    """Whether a message says more than the heading of the page does."""
    return bool(said.strip()) and (has_title or "\n" in said.strip() or len(said) > 200)
