"""Payloads as clients send them, and what becomes of them."""

import json
from typing import Any

from lighttrace.event.decode import decode
from lighttrace.event.model import Arrival, Event, Raw
from lighttrace.event.normalize import normalise
from lighttrace.event.scrub import ScrubRules, scrub

NOW = 1_795_436_097_800  # 2026-11-23T12:14:57.800Z
ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def read(_payload: bytes | None = None, *, arrival: Arrival | None = None, **fields: Any) -> Event:
    """An event of these fields, decoded and normalised as if it had come just now."""
    payload = json.dumps(fields).encode() if _payload is None else _payload
    return normalise(decode(payload).raw, arrival or Arrival(NOW, ID))


def scrubbed(rules: ScrubRules | None = None, **fields: Any) -> Raw:
    """What is kept of these fields, without the remarks about it."""
    payload = json.dumps(fields).encode()
    kept = scrub(decode(payload).raw, rules or ScrubRules(), payload).raw
    kept.pop("_meta", None)
    return kept


def remarks(event: Event) -> list[tuple[str, str | None]]:
    return [(remark.type, remark.name) for remark in event.remarks]
