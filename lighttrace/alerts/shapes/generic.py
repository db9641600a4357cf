"""JSON for a program of one's own, signed. The schema: docs/webhooks.md, "What arrives".

Fields may be added under the same version; a receiver passes over what it does not know.
"""

import hashlib
import hmac
from typing import Any

import msgspec

from lighttrace.alerts.news import News, Told
from lighttrace.alerts.shapes.card import at_utc, headline
from lighttrace.alerts.shapes.text import cut, line
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

VERSION = 1
TITLE, VALUE, LINE, COMMENT = 256, 1024, 200, 4000


def request(news: News, hook: Webhook, now_ms: int) -> Request:
    """The signature is over the very bytes that are sent, and over when: one that was listened to
    cannot be sent again later.
    """
    body = msgspec.json.encode(_clean(payload(news)))
    stamp = str(now_ms // 1000)
    headers = {
        "Content-Type": "application/json",
        "LightTrace-Delivery": news.id,
        "LightTrace-Timestamp": stamp,
        "LightTrace-Signature": f"v1={signature(hook.secret or '', stamp, body)}",
    }
    return Request(hook.url, body, headers)


def signature(secret: str, stamp: str, body: bytes) -> str:
    signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return signed.hexdigest()


def payload(news: News) -> dict[str, Any]:
    return {
        "version": VERSION,
        "id": news.id,
        "kind": news.kind,
        "at": _iso(news.at),
        "age_s": round(news.age_s, 3),
        "headline": cut(headline(news), TITLE),
        "url": news.url,
        "reasons": [cut(one, LINE) for one in news.reasons],
        "rate": None
        if news.rate is None
        else {
            "count": news.rate.count,
            "window_min": news.rate.window_min,
            "usual": news.rate.usual,
        },
        "issue": _issue(news.told) if news.told else None,
        "issues": [_short(one) for one in news.others],
        "count": news.count,
        "asides": [cut(line(one), LINE) for one in news.digest.asides] if news.digest else [],
        "comment": None
        if news.comment is None
        else {
            "who": cut(news.comment.who, LINE),
            "body": cut(news.comment.body, COMMENT),
            "url": news.comment.url,
        },
        "actions": [{"name": "acknowledge", "words": "I'm on it", "url": news.take_url}]
        if news.told
        else [],
    }


def _issue(told: Told) -> dict[str, Any]:
    place = told.place
    return {
        **_short(told),
        "value": cut(told.value, VALUE),
        "culprit": cut(told.culprit, LINE),
        "level": told.level,
        "unhandled": told.unhandled,
        "environment": cut(told.environment, LINE),
        "release": cut(told.release, LINE),
        "place": None
        if place is None
        else {
            "function": cut(place.function, LINE),
            "file": cut(place.file, LINE),
            "code": [
                {"number": one.number, "text": cut(one.text, LINE), "hit": one.hit}
                for one in place.code
            ],
        },
        "before": [cut(one, LINE) for one in told.steps],
    }


def _short(told: Told) -> dict[str, Any]:
    return {
        "id": told.short_id,
        "project": told.project,
        "title": cut(told.title, TITLE),
        "value": cut(told.value, LINE),
        "events": told.count,
        "users": told.people,
        "first_seen": _iso(told.first_at),
        "url": told.url,
    }


def _iso(ms: int) -> str:
    return at_utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clean(value: Any) -> Any:
    """Without half surrogate pairs, which JSON in UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value
