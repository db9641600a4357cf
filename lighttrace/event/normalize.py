"""A decoded, scrubbed payload becomes an `Event`, whatever an SDK called things. Pure: the same in,
the same out.

What cannot be taken becomes a remark, never an error. Strings are trimmed here, on the event; the
stored body keeps them whole. Rules and limits: docs/events.md.
"""

import ipaddress
import re

from lighttrace.errors import EventError
from lighttrace.event import stacks, text, useragent, version
from lighttrace.event.model import Arrival, Event, Json, Message, Raw, Remark, User

DAY_MS = 86_400_000
DRIFT_MS = 55 * 60_000  # smaller differences are the network's
FUTURE_MS = 60_000
PAST_MS = 30 * DAY_MS
TAGS = 200
CONTEXTS = 60
FINGERPRINT_PARTS = 32

_LEVELS = {
    "fatal": "fatal", "critical": "fatal", "error": "error",
    "warning": "warning", "warn": "warning",
    "info": "info", "log": "info", "debug": "debug",
    "10": "debug", "20": "info", "30": "warning", "40": "error", "50": "fatal",
}  # fmt: skip
_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX16 = re.compile(r"[0-9a-f]{16}")
_DIST = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_TAG_KEY = re.compile(r"[a-zA-Z0-9_.:-]{1,200}")


def normalise(raw: Raw, arrival: Arrival) -> Event:
    """Read an event. Raises EventError only if neither request nor payload gave it an id."""
    get = raw.get
    remarks: list[Remark] = []
    happened_at = _happened_at(get("timestamp"), arrival, remarks)
    contexts = _contexts(get("contexts"))
    sdk = text.mapping(get("sdk") or get("sentry.interfaces.Sdk"))
    message = _message(raw)
    exceptions = stacks.exceptions(_old(raw, "exception", "Exception"), message is None)
    frames, omitted = stacks.frames(_old(raw, "stacktrace", "Stacktrace"))
    if frames and len(exceptions) == 1 and not exceptions[0].frames:
        exceptions = (stacks.with_frames(exceptions[0], frames, omitted),)
        frames = ()
    csp = _csp(get("csp") or get("sentry.interfaces.Csp"))
    request = text.mapping(_old(raw, "request", "Http"))
    tags = _tags(get("tags"), remarks)
    trace = contexts.get("trace", {})
    agent = useragent.of_request(request) or arrival.user_agent
    if agent is not None:
        contexts = useragent.fill(contexts, agent)
    return Event(
        event_id=arrival.event_id or event_id(get("event_id")) or _no_id(),
        received_at=arrival.received_at,
        happened_at=happened_at,
        raw=raw,
        kind="error" if exceptions else "csp" if csp else "default",
        platform=(text.string(get("platform"), 64) or "other").lower(),
        level=_level(get("level")),
        logger=text.string(get("logger"), 64),
        server_name=text.string(get("server_name"), 200),
        release=_release(get("release"), remarks),
        dist=_dist(get("dist"), remarks),
        environment=_environment(get("environment"), tags, remarks),
        transaction=text.string(get("transaction") or get("culprit"), 200),
        message=message,
        exceptions=exceptions,
        threads=stacks.threads(_old(raw, "threads", "Threads")),
        frames=frames,
        fingerprint=_fingerprint(get("fingerprint"), remarks),
        checksum=_hex(get("checksum"), _HEX32),
        tags=tags,
        user=_user(_old(raw, "user", "User"), request, sdk, arrival),
        request_url=text.string(request.get("url"), 2048),
        request_method=text.string(request.get("method"), 32),
        contexts=contexts,
        csp=csp,
        trace_id=_hex(trace.get("trace_id"), _HEX32),
        span_id=_hex(trace.get("span_id"), _HEX16),
        sdk_name=text.string(sdk.get("name"), 128),
        sdk_version=text.string(sdk.get("version"), 64),
        remarks=(*remarks, *_reported(get("errors"))),
    )


def event_id(value: Json) -> str | None:
    """32 lower-case hex of an id with or without dashes, or None."""
    if type(value) is not str or len(value) > 40:
        return None
    plain = value.replace("-", "").strip().lower()
    return plain if _HEX32.fullmatch(plain) else None


def _no_id() -> str:
    raise EventError("The event has no id.")


def _old(raw: Raw, name: str, interface: str) -> Json:
    """A key under its name of today or under the one clients used ten years ago."""
    value = raw.get(name)
    return value if value is not None else raw.get(f"sentry.interfaces.{interface}")


def _hex(value: Json, pattern: re.Pattern[str]) -> str | None:
    if type(value) is not str:
        return None
    plain = value.replace("-", "").lower()
    return plain if pattern.fullmatch(plain) else None


def _happened_at(value: Json, arrival: Arrival, remarks: list[Remark]) -> int:
    """When it happened by our clock: a client whose clock is off is corrected by its `sent_at`."""
    received_at = arrival.received_at
    at = text.time_ms(value)
    if at is None:
        if value is not None:
            remarks.append(Remark("invalid_data", "timestamp", text.as_json(value, 100)))
        return received_at
    if arrival.sent_at is not None:
        drift_ms = received_at - arrival.sent_at
        if abs(drift_ms) >= DRIFT_MS:
            at += drift_ms
            remarks.append(Remark("clock_drift", "timestamp", f"{drift_ms // 1000} s"))
    if at > received_at + FUTURE_MS:
        remarks.append(Remark("future_timestamp", "timestamp", text.as_json(value, 100)))
        return received_at
    if at < received_at - PAST_MS:
        remarks.append(Remark("past_timestamp", "timestamp", text.as_json(value, 100)))
        return received_at
    return at


def _level(value: Json) -> str:
    if value is None:
        return "error"
    return _LEVELS.get((text.string(value, 16) or "").lower(), "error")


def _release(value: Json, remarks: list[Remark]) -> str | None:
    release = (text.string(value, 1000) or "").strip()
    if not release:
        return None
    if not version.is_name(release):
        remarks.append(Remark("invalid_data", "release", text.cut(release, 100)))
        return None
    return release


def _dist(value: Json, remarks: list[Remark]) -> str | None:
    dist = (text.string(value, 200) or "").strip()
    if not dist:
        return None
    if _DIST.fullmatch(dist):
        return dist
    remarks.append(Remark("invalid_data", "dist", text.cut(dist, 100)))
    return None


def _environment(
    value: Json, tags: tuple[tuple[str, str], ...], remarks: list[Remark]
) -> str | None:
    name = (text.string(value, 200) or dict(tags).get("environment") or "").strip()
    if not name:
        return None
    if len(name) > 64 or "\n" in name or "/" in name or name.lower() == "none":
        remarks.append(Remark("invalid_data", "environment", text.cut(name, 100)))
        return None
    return name


def _message(raw: Raw) -> Message | None:
    value = _old(raw, "logentry", "Message")
    if not value or type(value) not in (dict, str):
        value = raw.get("message")
    elif type(value) is dict and not value.get("message") and type(raw.get("message")) is str:
        value = {**value, "message": raw["message"]}
    if type(value) is not dict:
        plain = text.string(value, 8192)
        return None if plain is None else Message(plain)
    template = text.string(value.get("message"), 8192)
    formatted = text.string(value.get("formatted"), 8192)
    if formatted is None and template is not None:
        formatted = text.cut(interpolate(template, value.get("params")), 8192)
    if formatted is None:
        return None
    return Message(formatted, template if template != formatted or value.get("params") else None)


def interpolate(template: str, params: Json) -> str:
    """Fill `%s`, `%(name)s`, `{}` and `{name}`; what does not fit leaves the text as it is."""
    if not params or type(params) not in (list, dict) or len(params) > 100:
        return template
    if type(params) is dict:
        named = {str(key): _shown(value) for key, value in params.items()}
        if "%(" in template:
            return re.sub(r"%\((\w+)\)[sdirfx]", lambda m: named.get(m[1], m[0]), template)
        return re.sub(r"\{(\w+)\}", lambda m: named.get(m[1], m[0]), template)
    rest = iter([_shown(value) for value in params])
    pattern = r"%[sdirfxo]" if "%" in template else r"\{\d*\}"
    if len(re.findall(pattern, template)) != len(params):
        return template
    return re.sub(pattern, lambda m: next(rest, m[0]), template)


def _shown(value: Json) -> str:
    return text.as_json(value, 1000)


def _tags(value: Json, remarks: list[Remark]) -> tuple[tuple[str, str], ...]:
    """The client's tags: the first of equal keys, no odd characters, nothing longer than 200."""
    found: dict[str, str] = {}
    for key, item in text.pairs(value):
        name = (text.string(key, 1000) or "").strip().replace(" ", "-")
        shown = text.string(item, 1000)
        if shown is None or not name:
            continue
        shown = shown.strip()
        if not _TAG_KEY.fullmatch(name) or "\n" in shown or not shown:
            remarks.append(
                Remark("invalid_data", f"tags.{text.cut(name, 50)}", text.cut(shown, 50))
            )
        elif name not in found and len(found) < TAGS:
            found[name] = text.cut(shown, 200)
        if len(remarks) > 50:
            break
    return tuple(found.items())


def _contexts(value: Json) -> dict[str, dict[str, Json]]:
    if type(value) is not dict:
        return {}
    found = {name: item for name, item in value.items() if type(item) is dict}
    return found if len(found) <= CONTEXTS else dict(list(found.items())[:CONTEXTS])


def _csp(value: Json) -> dict[str, str] | None:
    if type(value) is not dict:
        return None
    shown = ((key.replace("-", "_"), text.string(item, 2048)) for key, item in value.items())
    return {key[:64]: item for key, item in shown if item is not None} or None


def _fingerprint(value: Json, remarks: list[Remark]) -> tuple[str, ...]:
    if value is None:
        return ()
    if type(value) is not list:
        remarks.append(Remark("invalid_data", "fingerprint", text.as_json(value, 100)))
        return ()
    parts = (text.string(part, 1024) for part in value[:FINGERPRINT_PARTS])
    return tuple(part for part in parts if part is not None)


def _user(value: Json, request: Raw, sdk: Raw, arrival: Arrival) -> User | None:
    user = text.mapping(value)
    address = _address(user.get("ip_address"), request, sdk, arrival)
    found = User(
        id=text.string(user.get("id"), 128),
        email=text.string(user.get("email"), 75),
        username=text.string(user.get("username"), 128),
        name=text.string(user.get("name"), 128),
        ip_address=address,
    )
    return found if found != User() else None


def _address(given: Json, request: Raw, sdk: Raw, arrival: Arrival) -> str | None:
    """The person's address, only as far as the SDK allows: given, asked for, or as PHP has it."""
    if type(given) is str and given and given != "{{auto}}":
        return _ip(given)
    settings = text.mapping(sdk.get("settings"))
    if given == "{{auto}}" or settings.get("infer_ip") == "auto":
        return arrival.ip_address
    if settings.get("infer_ip") == "never":
        return None
    return _ip(text.mapping(request.get("env")).get("REMOTE_ADDR"))


def _ip(value: Json) -> str | None:
    if type(value) is not str or len(value) > 45:
        return None
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        return None


def _reported(value: Json) -> tuple[Remark, ...]:
    """What the SDK itself says it could not send."""
    entries = value if type(value) is list else []
    return tuple(
        Remark(
            text.string(entry.get("type"), 64) or "error",
            text.string(entry.get("name"), 200),
            text.as_json(entry["value"], 200) if "value" in entry else None,
        )
        for entry in entries[:50]
        if type(entry) is dict
    )
