"""Fingerprints: what the client, or a rule, says events have in common. Built-in rules are here;
those that people make are in `fingerprint_rules`.
"""

import re
from collections.abc import Callable, Sequence

from lighttrace.event import title
from lighttrace.event.grouping.parameterise import parameterise
from lighttrace.event.model import Event, ExceptionValue

_VARIABLE = re.compile(r"\{\{\s*([\w.:\-]+)\s*\}\}")
_HYDRATION = re.compile(
    r"Minified React error #(?:418|419|421|422|423|425)\b|Hydration failed because"
    r"|Text content does not match server-rendered"
    r"|There was an error while hydrating|did not match\. Server:"
)


def built_in(event: Event) -> tuple[tuple[str, ...], str] | None:
    """The rules that ship with LightTrace: fingerprint, why in words. They win over the client."""
    if event.platform not in ("javascript", "node") or not event.exceptions:
        return None
    for link in event.exceptions:
        says = link.value or ""
        if link.type == "ChunkLoadError" or says.startswith(("ChunkLoadError", "Loading chunk ")):
            return ("chunk-load-error",), "a part of the page could not be loaded, whichever it was"
        if _HYDRATION.search(says):
            where = event.transaction or "<no-transaction>"
            return ("hydration-error", where), "server and browser drew different pages"
    return None


def is_default(part: str) -> bool:
    found = _VARIABLE.fullmatch(part.strip())
    return found is not None and found[1].lower() == "default"


def is_custom(fingerprint: Sequence[str]) -> bool:
    """Whether it says anything: `["{{ default }}"]` alone is what clients send when they mean
    nothing.
    """
    return any(not is_default(part) for part in fingerprint)


def resolved(event: Event, main: ExceptionValue | None) -> tuple[tuple[str, ...], bool]:
    """The parts with their variables filled in, and whether the default grouping is one of them."""
    texts = _own_texts(event)
    parts = []
    has_default = False
    for part in event.fingerprint:
        if is_default(part):
            has_default = True
        elif "{{" in part:
            parts.append(filled(event, part, main))
        else:
            # people write [type, message]: without this each id in a message would make an issue
            parts.append(parameterise(part) if part in texts else part)
    return tuple(parts), has_default


def filled(event: Event, text: str, main: ExceptionValue | None) -> str:
    """A text with its variables filled in."""
    return _VARIABLE.sub(lambda m: variable(event, m[1], main), text)


def _own_texts(event: Event) -> set[str]:
    texts = {link.value for link in event.exceptions if link.value}
    if event.message is not None:
        texts |= {event.message.formatted, event.message.template or event.message.formatted}
    return texts


def variable(event: Event, name: str, main: ExceptionValue | None) -> str:
    """`{{ name }}` as text; what the event does not have reads `<no-name>`."""
    key = name.lower()
    if key.startswith("tags."):
        tag = name[5:]
        value = dict(event.tags).get(tag)
        return value if value is not None else f"<no-value-for-tag-{tag}>"
    read = _READERS.get(key)
    if read is None:
        return f"<unrecognized-variable-{name}>"
    return (
        read(event, event.exceptions[-1] if event.exceptions else main)
        or f"<no-{_SHORT.get(key, key)}>"
    )


def _of_frame(name: str) -> "Reader":
    def read(event: Event, _: ExceptionValue | None) -> str | None:
        frame = title.crash_frame(event)
        value: str | None = getattr(frame, name) if frame is not None else None
        return value

    return read


def _package(event: Event, link: ExceptionValue | None) -> str | None:
    path = _of_frame("package")(event, link) or ""
    return path.replace("\\", "/").rpartition("/")[2]


def _message(event: Event) -> str:
    if event.message is not None:
        return event.message.template or event.message.formatted
    return event.exceptions[-1].value or "" if event.exceptions else ""


Reader = Callable[[Event, ExceptionValue | None], str | None]
_READERS: dict[str, Reader] = {
    "transaction": lambda event, _: event.transaction,
    "message": lambda event, _: parameterise(_message(event)),
    "raw_message": lambda event, _: _message(event),
    "type": lambda _, link: link.type if link else None,
    "value": lambda _, link: link.value if link else None,
    "function": _of_frame("function"),
    "module": _of_frame("module"),
    "path": _of_frame("abs_path"),
    "stack.filename": _of_frame("filename"),
    "package": _package,
    "level": lambda event, _: event.level,
    "logger": lambda event, _: event.logger,
}
_SHORT = {
    "error.type": "type",
    "error.value": "value",
    "stack.function": "function",
    "stack.module": "module",
    "stack.abs_path": "path",
    "stack.package": "package",
}
_READERS |= {alias: _READERS[name] for alias, name in _SHORT.items()}
