"""The error events in `tests/data/corpus`: what real SDKs sent, and what the recorder saw in it."""

import base64
import gzip
import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import brotli

from lighttrace.event.decode import decode
from lighttrace.event.model import Arrival, Event
from lighttrace.event.normalize import normalise
from lighttrace.event.scrub import ScrubRules, scrub

FOLDER = Path(__file__).parent.parent / "data" / "corpus"
PEER = "203.0.113.9"  # nobody's address: who sent every sample


@dataclass(frozen=True)
class Sample:
    """One event. `seen`: title, level, exceptions … as `corpus/README.md` describes them."""

    name: str
    payload: bytes
    arrival: Arrival
    seen: dict[str, Any]

    def event(self, *, rules: ScrubRules | None = None) -> Event:
        """The way of an event as far as this folder knows it."""
        raw = decode(self.payload).raw
        return normalise(scrub(raw, rules or ScrubRules(), self.payload).raw, self.arrival)


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(sample for path in sorted(FOLDER.glob("*/*.json")) for sample in _events_of(path))


@cache
def sample(name: str) -> Sample:
    return next(found for found in samples() if found.name == name)


def _events_of(path: Path) -> list[Sample]:
    meta = json.loads(path.read_text())
    route = meta["path"].partition("?")[0]
    if not route.endswith(("/envelope/", "/store/", "/tunnel")):
        return []
    headers = {name.lower(): value for name, value in meta["headers"]}
    body = _plain(path.with_suffix(".body").read_bytes(), headers.get("content-encoding", ""))
    if route.endswith("/store/"):
        found = [({}, _unwrapped(body))]
    else:
        head, items = _envelope(body)
        found = [(head, payload) for item, payload in items if item["type"] == "event"]
    seen = [
        entry for entry in meta["decoded"] or [] if entry["item_type"] in ("event", "store event")
    ]
    received_at = _ms(meta["sequence"]["received_at"])
    name = f"{path.parent.name}/{path.stem}"
    out = []
    for (head, payload), entry in zip(found, seen, strict=True):
        arrival = Arrival(
            received_at=received_at,
            event_id=head.get("event_id", "").replace("-", "") or None,
            sent_at=_ms(head["sent_at"]) if "sent_at" in head else None,
            ip_address=PEER,
            user_agent=headers.get("user-agent"),
        )
        out.append(Sample(name, payload, arrival, entry))
    return out


def _plain(body: bytes, encoding: str) -> bytes:
    undo = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress}
    return undo[encoding](body) if encoding in undo else body


def _unwrapped(body: bytes) -> bytes:
    return body if body[:1] == b"{" else zlib.decompress(base64.b64decode(body))


def _envelope(plain: bytes) -> tuple[dict[str, Any], list[tuple[dict[str, Any], bytes]]]:
    head, _, rest = plain.partition(b"\n")
    items = []
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        item = json.loads(line)
        if "length" in item:
            payload, rest = rest[: item["length"]], rest[item["length"] + 1 :]
        else:
            payload, _, rest = rest.partition(b"\n")
        items.append((item, payload))
    return json.loads(head), items


def _ms(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1000)
