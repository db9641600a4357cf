"""The ways out as the pages show them: what went through each last, or why nothing does. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from lighttrace.alerts import fallback, quiet, wall
from lighttrace.alerts.deliver import GIVE_UP_MS, next_try_ms
from lighttrace.alerts.news import age
from lighttrace.alerts.ping import Sign
from lighttrace.alerts.quiet import Hours, Quiet
from lighttrace.config import Config
from lighttrace.store.alert_ages import Channel, Try
from lighttrace.store.alert_history import Retried
from lighttrace.web import format, rule_words

# what kept us from getting a code of SMTP or HTTP
CODES = {
    "timeout": "did not answer in time",
    "connect": "cannot be reached",
    "tls": "could not be spoken to safely",
    "unsupported": "cannot do what is asked of it",
    "refused": "must not be asked",
    "internal": "was not asked: a mistake of LightTrace",
}
TIMES = {1: "", 2: " twice", 3: " three times", 4: " four times"}
LEVELS = {
    "none": "Nothing goes out in them",
    "spike": "Only spikes go out in them",
    "escalating": "Only spikes and what leaves the archive go out in them",
    "regression": "Only spikes, what leaves the archive and what is back go out in them",
}


@dataclass(frozen=True, slots=True)
class Way:
    """`name` of a webhook, empty of the mail; `last`: the newest try; `off`: why there can be none.
    Addresses of webhooks are secrets: they go by their names.
    """

    words: str
    name: str
    dot: Literal["ok", "warn", "off"]
    last: Try | None = None
    off: str = ""
    every: str = ""

    @property
    def took(self) -> str:
        return age(self.last.took_ms / 1000) if self.last else ""


def ways(config: Config, known: Mapping[str, Channel], sign: Sign) -> list[Way]:
    """Mail, each webhook, and the sign of life to somebody outside."""
    mail = f"Mail, {config.smtp.host}" if config.smtp else "Mail"
    found = [_way(mail, "", known.get("mail"), "" if config.smtp else "not set up")]
    found += [_way(it.name, it.name, known.get(it.target), "") for it in config.alerts.webhooks]
    if config.alerts.ping_url is not None:
        dot: Literal["ok", "warn", "off"] = "warn" if sign.trouble else "ok" if sign.at else "off"
        last = Try(sign.at, True, "", 0) if sign.at else None
        every = f"every {config.alerts.ping_every_min} min"
        found.append(Way("Dead-man ping", "", dot, last, sign.trouble, every))
    return found


def _way(words: str, name: str, known: Channel | None, off: str) -> Way:
    if off or known is None:
        return Way(words, name, "off", None, off)
    return (
        Way(words, name, "warn", known.no) if known.is_down else Way(words, name, "ok", known.yes)
    )


def said(code: str) -> str:
    """`answered 503`"""
    return f"answered {code}" if code.isdigit() else CODES.get(code, code or "said no")


def retry(it: Retried, way: str, second: str, zone: str, now_ms: int) -> str:
    """ "pager answered 503 twice. Next try 14:46, the last one 17:46; if that fails too, Tove is
    told." `second`: who, empty if nobody.
    """
    code = it.attempts[0].code if it.attempts else ""
    alike = next((n for n, one in enumerate(it.attempts) if one.code != code), len(it.attempts))
    times = TIMES.get(alike, f" {alike} times")
    words = f"{way} {said(code)}{times}. Next try {_at(max(it.due_at, now_ms), zone, now_ms)}"
    if not second:
        return f"{words}, and so on until {_at(it.made_at + GIVE_UP_MS, zone, now_ms)}."
    tried, last = len(it.attempts) + 1, it.due_at
    while tried < fallback.TRIES:
        last += next_try_ms(tried)
        tried += 1
    if last > it.due_at:
        words += f", the last one {_at(last, zone, now_ms)}"
    return f"{words}; if that fails too, {second} is told."


def _at(at_ms: int, zone: str, now_ms: int) -> str:
    at, now = format.local(at_ms, zone), format.local(now_ms, zone)
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b}, {at:%H:%M}"


def own_hours(hours: Hours) -> str:
    """`chat has 18:00 to 09:00, Europe/Berlin; pager has none`: of webhooks that differ."""
    some = ((rule_words.name(it), own) for it, own in hours.own.items())
    return "; ".join(f"{name} has {own or 'none'}" for name, own in some if own or hours.default)


def last_night(hours: Quiet | None, now_ms: int) -> tuple[int, int] | None:
    """The last quiet hours (ms), if they were over within a day."""
    end = quiet.ended_at(hours, now_ms) if hours else 0
    if hours is None or now_ms - end > format.DAY:
        return None
    day = wall.day_of(end - 1, hours.zone)
    if hours.end <= hours.start:
        day -= timedelta(days=1)
    if hours.end.hour == hours.end.minute == 0:
        day += timedelta(days=1)
    return wall.moment(day, hours.start, hours.zone), end
