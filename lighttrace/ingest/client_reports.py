"""What never left the clients, folded into the ledger with `source = client`. Pure.

See docs/protocol.md, "What is counted".
"""

import re

from lighttrace.event import text
from lighttrace.event.decode import decode
from lighttrace.event.model import Json
from lighttrace.ingest import outcomes
from lighttrace.ingest.origin import Origin
from lighttrace.store.writes import Outcome

ENTRIES = 100  # of one report
MOST = 2**40  # of anything in one entry: bytes are counted too
WORD = 64
_LISTS = {
    "discarded_events": outcomes.CLIENT_DISCARD,
    "rate_limited_events": outcomes.RATE_LIMITED,
    "filtered_events": outcomes.FILTERED,
    "filtered_sampling_events": outcomes.FILTERED,
}
_ODD = re.compile(r"[^\w.:/-]")


def read(payload: bytes, origin: Origin) -> list[Outcome]:
    """What a report says was lost. Entries that make no sense are left out. Raises EventError."""
    raw = decode(payload).raw
    found: list[Outcome] = []
    for name, outcome in _LISTS.items():
        entries = raw.get(name)
        if type(entries) is not list:
            continue
        for entry in entries[: ENTRIES - len(found)]:
            lost = _outcome(text.mapping(entry), outcome, origin)
            if lost is not None:
                found.append(lost)
    return found


def _outcome(entry: dict[str, Json], outcome: str, origin: Origin) -> Outcome | None:
    quantity = entry.get("quantity")
    category = _word(entry.get("category"))
    if type(quantity) is not int or quantity <= 0 or not category:
        return None
    return Outcome(
        project_id=origin.project_id,
        key_id=origin.key_id,
        category=category,
        outcome=outcome,
        reason=_word(entry.get("reason")),
        n=min(quantity, MOST),
        source="client",
    )


def _word(value: Json) -> str:
    return _ODD.sub("_", text.string(value, WORD) or "")
