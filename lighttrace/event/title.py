"""How an event is called in a list and in a mail, and where it says it happened. Rules:
docs/grouping.md, "Titles".
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lighttrace.event import frames as rules
from lighttrace.event.model import Event, ExceptionValue, Frame

TYPE, VALUE, TITLE, CULPRIT = 128, 1024, 256, 200


@dataclass(frozen=True, slots=True)
class Titles:
    """`title` (exception type or first line), `value` (the rest), `culprit` (where)."""

    title: str
    value: str = ""
    culprit: str = ""
    placeholder: bool = False  # `<unknown>`, `<unlabeled event>`: never overwrites a real title


def titles(event: Event, main: ExceptionValue | None = None, named: str = "") -> Titles:
    """What the event is called. `main`: the exception that stands for a group, else the last;
    `named`: what a fingerprint rule calls it.
    """
    if named:
        return Titles(named, "", _culprit(event, main))
    title, value, placeholder = _name(event, main)
    return Titles(title, value, _culprit(event, main), placeholder)


def crash_frame(event: Event, main: ExceptionValue | None = None) -> Frame | None:
    """The last application frame with a known function or a source map, from the last exception
    back; else the last frame.
    """
    links = [main] if main is not None else list(reversed(event.exceptions))
    stacks = [link.frames for link in links if link.frames]
    stacks += [thread.frames for thread in event.threads if thread.crashed or thread.current]
    if event.frames:
        stacks.append(event.frames)
    for stack in stacks:
        flags = rules.in_app(stack, event.platform)
        for frame, is_app in zip(reversed(stack), reversed(flags), strict=True):
            if is_app and (frame.function or frame.raw_function or frame.minified):
                return frame
    return next((stack[-1] for stack in stacks if stack), None)


def _name(event: Event, main: ExceptionValue | None = None) -> tuple[str, str, bool]:
    """Title, value, and whether the title is only a placeholder."""
    exception = main or (event.exceptions[-1] if event.exceptions else None)
    says = event.message.formatted if event.message else ""
    if event.kind == "csp" or (exception is None) or (exception.type is None and says):
        first = _first_line(says, TITLE)
        return (first, "", False) if first else ("<unlabeled event>", "", True)
    mechanism = exception.mechanism
    value = _first_line(exception.value or "", VALUE)
    if mechanism is not None and mechanism.synthetic:
        frame = crash_frame(event, main)
        function = frame and (frame.function or frame.raw_function)
        if function:
            return function[:TYPE], value, False
    if exception.type:
        return exception.type[:TYPE], value, False
    return ("Error", value, False) if value else ("<unknown>", "", True)


def _culprit(event: Event, main: ExceptionValue | None = None) -> str:
    """Where: the transaction, else function and file of the crash, else the request's address."""
    if event.csp:
        return event.csp.get("effective_directive", "")[:CULPRIT]
    if event.transaction:
        return event.transaction[:CULPRIT]
    exception = main or (event.exceptions[-1] if event.exceptions else None)
    if exception is not None and exception.mechanism and exception.mechanism.synthetic:
        return ""
    frame = crash_frame(event, main)
    if frame is None:
        return _path(event.request_url)
    family = rules.family(frame.platform or event.platform)
    function = frame.function or frame.raw_function or ""
    place = frame.module or frame.filename or frame.abs_path or ""
    if family == "native":
        return function[:CULPRIT]
    if family == "javascript":
        if frame.minified is not None and not function:
            return place[:CULPRIT]
        return (f"{function or '?'}({place})" if place else function)[:CULPRIT]
    return (f"{place} in {function}" if function and place else place or function)[:CULPRIT]


def _first_line(text: str, limit: int) -> str:
    for line in text.split("\n", 20):
        if line.strip():
            words = line.strip()
            return words if len(words) <= limit else words[: limit - 1] + "…"
    return ""


def _path(url: str | None) -> str:
    if not url:
        return ""
    try:
        return (urlsplit(url).path or url)[:CULPRIT]
    except ValueError:
        return url[:CULPRIT]
