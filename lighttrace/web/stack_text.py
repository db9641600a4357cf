"""A stack trace as text, in the shape its language prints: for a chat or a ticket. Pure."""

from collections.abc import Sequence

from lighttrace.event.model import Event, ExceptionValue, Frame
from lighttrace.web import stacks

FRAMES = 300  # of one stack
LINE = 300  # characters of a line of source


def text(event: Event) -> str:
    """Empty if there is no stack."""
    if event.exceptions:
        if event.platform == "python":
            return "\n\n".join(_traceback(link) for link in event.exceptions)
        chain = list(reversed(event.exceptions))
        blocks = [_trace(link, event.platform) for link in chain]
        return "\n".join([blocks[0], *(f"Caused by: {block}" for block in blocks[1:])])
    calls = event.frames or next((item.frames for item in event.threads if item.frames), ())
    if not calls:
        return ""
    said = (event.message.formatted if event.message else "").strip().partition("\n")[0]
    return "\n".join([said, *_calls(calls, event.platform)])


def _head(link: ExceptionValue) -> str:
    return ": ".join(part for part in (link.type or "Error", link.value) if part)


def _traceback(link: ExceptionValue) -> str:
    """Oldest call first, as Python does."""
    out = ["Traceback (most recent call last):"] if link.frames else []
    for call in link.frames[-FRAMES:]:
        place = call.abs_path or call.filename or "<unknown>"
        out.append(f'  File "{place}", line {call.lineno or 0}, in {call.function or "<unknown>"}')
        if call.context_line:
            out.append("    " + call.context_line.strip()[:LINE])
    return "\n".join([*out, _head(link)])


def _trace(link: ExceptionValue, platform: str) -> str:
    return "\n".join([_head(link), *_calls(link.frames, platform)])


def _calls(calls: Sequence[Frame], platform: str) -> list[str]:
    """Newest call first."""
    return [
        f"    at {stacks.name(call, platform)} ({''.join(stacks.where(call, platform))})"
        for call in list(reversed(calls))[:FRAMES]
    ]
