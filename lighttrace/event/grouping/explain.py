"""Why an event is in its issue, in words: what was used, what was not, and why not. For people who
write rules.
"""

from dataclasses import dataclass, replace

import msgspec

from lighttrace.event import frames as rules
from lighttrace.event.grouping import calls, exceptions, fingerprint, lt1
from lighttrace.event.grouping.fingerprint_rules import FingerprintRule
from lighttrace.event.grouping.parameterise import parameterise
from lighttrace.event.model import Cut, Event, ExceptionValue, Frame

PARTS = 60
SHOWN = 200
NOT_OURS = "not the application's"
SEPARATOR = " · "  # between module or file, function and line of a frame


@dataclass(frozen=True, slots=True)
class Part:
    """One thing the hash could be made of. `reason` says why it was not used, or what was left out
    of it. Of a frame `place` is its name in a sentence, `left_out` what in it does not count.
    """

    name: str  # type | value | frame | message | fingerprint | checksum | directive
    value: str
    used: bool
    reason: str = ""
    place: str = ""
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    method: str
    why: str  # one sentence
    parts: tuple[Part, ...] = ()
    rules: tuple[str, ...] = ()  # that people made and that had a say, as they are written

    def encode(self) -> bytes:
        return msgspec.json.encode(self)


def decode(data: bytes) -> Explanation:
    return msgspec.json.decode(data, type=Explanation)


def explain(event: Event, rule: FingerprintRule | None = None) -> Explanation:
    """Says the same as `lt1.group` does. `rule` is the one that people made and that matches."""
    method = lt1.group(event, rule.parts if rule else None).method
    if method == "checksum":
        part = Part("checksum", event.checksum or "", True)
        return Explanation(method, "Grouped by the checksum the client sent.", (part,))
    if rule is not None:
        return _of_rule(event, rule, method)
    if method == "rule":
        found = fingerprint.built_in(event)
        assert found is not None
        parts = tuple(Part("fingerprint", text, True) for text in found[0])
        return Explanation(method, f"Grouped by a built-in rule: {found[1]}.", parts)
    if method == "fingerprint":
        return _of_fingerprint(event, method, "the fingerprint the client set")
    why, parts = _default(event, method)
    return Explanation(method, why, parts[:PARTS], _stack_rules(event))


def _of_rule(event: Event, rule: FingerprintRule, method: str) -> Explanation:
    ruled = msgspec.structs.replace(event, fingerprint=rule.parts)
    if method == "rule":
        found = _of_fingerprint(ruled, method, "a fingerprint rule")
    else:  # it says {{ default }} and nothing else
        why, parts = _default(event, method)
        why = f"A fingerprint rule asks for the default grouping: g{why[1:]}"
        found = Explanation(method, why, parts[:PARTS], _stack_rules(event))
    return replace(found, rules=(rule.text, *found.rules))


def _of_fingerprint(event: Event, by: str, whose: str) -> Explanation:
    texts, has_default = fingerprint.resolved(event, None)
    parts = tuple(Part("fingerprint", text[:SHOWN], True) for text in texts)
    named = ", ".join(f"“{text[:60]}”" for text in texts[:3]) or "nothing"
    if not has_default:
        why = f"Grouped by {whose} ({named}); nothing else is looked at."
        return Explanation(by, why, parts)
    method, _, _ = lt1.default(event)
    why, more = _default(event, method)
    why = f"{whose[:1].upper()}{whose[1:]} ({named}) keeps it apart; else g{why[1:]}"
    return Explanation(by, why, (*parts, *more)[:PARTS], _stack_rules(event))


def _stack_rules(event: Event) -> tuple[str, ...]:
    """The stack trace rules that changed something, in the order of the stacks."""
    found: dict[str, None] = {}
    stacks = [link.frames for link in event.exceptions]
    stacks += [event.frames, *(thread.frames for thread in event.threads)]
    for stack in stacks:
        for ruled in (frame.ruled for frame in stack if frame.ruled is not None):
            for text in (ruled.app_by, ruled.group_by, ruled.cut.by if ruled.cut else ""):
                if text:
                    found[text] = None
    return tuple(found)


def _default(event: Event, method: str) -> tuple[str, tuple[Part, ...]]:
    if method == "exception":
        return _of_exceptions(event)
    if method in ("threads", "stacktrace"):
        thread = lt1.thread_of(event) if method == "threads" else None
        stack = thread.frames if thread else event.frames
        parts, app, used = _of_stack(stack, event.platform, None)
        where = "the thread" if method == "threads" else "the message"
        return f"Grouped by {_frames(used, app)} of {where}; its text is ignored.", parts
    if method == "csp":
        report = event.csp or {}
        directive, host = report.get("effective_directive", ""), lt1.blocked_host(event)
        why = "Grouped by what the page's policy forbids and the host it was about."
        return why, (Part("directive", directive, True), Part("host", host, True))
    if method == "message" and event.message is not None:
        text = event.message.template or event.message.formatted
        shown = parameterise(text)
        reason = "as the programmer wrote it" if event.message.template else _varies(text, shown)
        why = "Grouped by the words of the message, without what varies in them."
        return why, (Part("message", shown[:SHOWN], True, reason),)
    return "Nothing in the event tells it from others, so all such events are one issue.", ()


def _of_exceptions(event: Event) -> tuple[str, tuple[Part, ...]]:
    found = exceptions.links(exceptions.with_borrowed_stack(event))
    chains, left_out = _that_count(found, event.platform)
    parts: list[Part] = []
    used = 0
    app_only = False
    for chain in chains:
        app = any(calls.contributing(link.frames, event.platform, True) for link in chain)
        app_only = app_only or app
        for link in reversed(chain):
            own, count = _of_link(link, event.platform, app)
            parts += own
            used += count
    if len(chains) > 1 and found.chain[-1].type:
        parts.append(Part("type", found.chain[-1].type[:SHOWN], True, "it holds the others"))
    parts += [
        Part("type", (link.type or "")[:SHOWN], False, reason)
        for link, reason in left_out
        if link.type
    ]
    names = [link.type or "an error" for link in reversed(chains[0])]
    if len(chains) > 1:
        root = found.chain[-1].type or "an error"
        whom = f"the {len(chains)} different exceptions of the group {root}"
    elif len(names) > 1:
        whom = f"the exceptions {' caused by '.join(names[:3])}"
    else:
        whom = f"the exception {names[0]}"
    if not used:
        why = (
            f"Grouped by {whom} and its text without what varies, as no usable stack came with it."
        )
        return why, tuple(parts)
    why = f"Grouped by {whom} and {_frames(used, app_only)}; line numbers and values are ignored."
    return why, tuple(parts)


Chain = tuple[ExceptionValue, ...]


def _that_count(
    found: exceptions.Links, platform: str
) -> tuple[list[Chain], list[tuple[ExceptionValue, str]]]:
    """The chains that make the hash, and the other exceptions, each with why it does not."""
    if not found.members:
        return [found.chain], []
    chains = list(lt1.distinct_members(found, platform).values())
    counted = {id(link) for chain in chains for link in chain}
    members = {id(link) for member in found.members for link in member}
    left_out = []
    for link in reversed(found.chain):
        if id(link) in counted:
            continue
        if id(link) in members:
            left_out.append((link, "another of the group is just like it"))
        elif link is not found.chain[-1] or len(chains) == 1:
            left_out.append((link, "it only wraps others"))
    return chains, left_out


def _of_link(link: ExceptionValue, platform: str, app_only: bool) -> tuple[list[Part], int]:
    synthetic = bool(link.mechanism and link.mechanism.synthetic)
    reason = "the client made it up" if synthetic else ""
    parts = [Part("type", (link.type or "")[:SHOWN], not synthetic, reason)] if link.type else []
    has_app = bool(calls.contributing(link.frames, platform, True))
    frames, _, used = _of_stack(
        link.frames, platform, app_only if has_app or not app_only else None
    )
    if app_only and not has_app:
        used = 0
        frames = tuple(Part(p.name, p.value, False, p.reason or NOT_OURS) for p in frames)
    if link.value:
        shown = parameterise(link.value)
        if used:
            parts.append(
                Part("value", link.value[:SHOWN], False, "the stack says where it happened")
            )
        else:
            parts.append(Part("value", shown[:SHOWN], True, _varies(link.value, shown)))
    return [*parts, *frames], used


def _of_stack(
    stack: tuple[Frame, ...], platform: str, app_only: bool | None
) -> tuple[tuple[Part, ...], bool, int]:
    """Parts newest frame first, whether only application frames count, and how many do."""
    if app_only is None:
        app_only = bool(calls.contributing(stack, platform, True))
    flags = rules.in_app(stack, platform)
    why_not = calls.dropped(stack, flags, platform)
    parts: list[Part] = []
    for frame, is_app, reason in reversed(list(zip(stack, flags, why_not, strict=True))):
        call = calls.call_of(frame, platform)
        if not reason and not call:
            reason = "nothing in it survives a new build"
        if not reason and app_only and not is_app:
            by = frame.ruled.app_by if frame.ruled else ""
            reason = f"not the application's, by the rule {by}" if by else NOT_OURS
        shown = SEPARATOR.join(part.partition(":")[2] for part in call) or frame.function or "?"
        said = dict(part.partition(":")[::2] for part in call)
        place = said.get("function") or frame.function or said.get("file") or said.get("module")
        left_out, why = _left_out(frame, said)
        parts.append(
            Part("frame", shown[:SHOWN], not reason, reason or why, (place or "")[:80], left_out)
        )
    used = len(calls.contributing(stack, platform, app_only))
    cut = stack[-1].ruled.cut if stack and stack[-1].ruled else None
    if cut is not None:
        parts = _cut(parts, used, cut)
    return tuple(parts[:PARTS]), app_only, used


def _left_out(frame: Frame, said: dict[str, str]) -> tuple[str, str]:
    """What of a frame does not count, and why, where that is not plain."""
    place = f":{frame.lineno}" + (f":{frame.colno}" if frame.colno else "") if frame.lineno else ""
    if "function" in said or not frame.function:
        return place, ""
    why = "its name is minified or says nothing"
    if frame.data and frame.data.get("sourcemap"):
        why = "its name comes from a source map, which is less sure than its line"
    return f"{place} {frame.function[:80]}".strip(), why


def _cut(parts: list[Part], used: int, cut: Cut) -> list[Part]:
    """What a rule about the length of a stack left out, beyond the `used` that it kept."""
    kept = 0
    last = ""
    out = []
    for part in reversed(parts) if cut.inverted else parts:
        if part.used and part.value != last:
            kept, last = kept + 1, part.value
        if part.used and kept > used:
            part = replace(part, used=False, reason=f"by the stack trace rule {cut.by}")
        out.append(part)
    return out[::-1] if cut.inverted else out


def _frames(count: int, app: bool) -> str:
    noun = "frame" if count == 1 else "frames"
    if app:
        return f"{count} application {noun}"
    return f"{count} {noun}, none of them the application's own"


def _varies(text: str, shown: str) -> str:
    return "" if text.strip() == shown else "what varies is left out"
