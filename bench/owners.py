"""What rules cost an event: µs of CPU for its owner, which a new group is asked for, and for
whether it matters most, which every event is; and the whole way of an event of a known group, from
bytes to what is handed to the writer, without rules and with them, in turn. Prints JSON; the
figures go to docs/performance.md.

`python bench/owners.py [FILE…]` takes the first event of each envelope. The rules are those of
fifty teams, ten each, none of which matches: then all of them have to be asked.
"""

import argparse
import json
import statistics
import time
from dataclasses import replace
from pathlib import Path

from event_road import ARRIVAL, PAYLOADS, best_us, fifty_rules, payload_of

from lighttrace.event.decode import decode
from lighttrace.event.normalize import normalise
from lighttrace.event.owners import NO_RULES, Rulebook, rules_of
from lighttrace.event.tags import all_tags
from lighttrace.ingest.errors import event_write
from lighttrace.ingest.familiar import Familiar
from lighttrace.ingest.origin import Origin
from lighttrace.ingest.ownership import judge

TEAM = (
    "path:src/part{n}/*",
    "path:lib/part{n}/* tags.plan:pro",
    "path:*/part{n}.py",
    "module:shop.part{n}.*",
    "module:part{n}",
    "function:part{n}_*",
    "url:*/part{n}/*",
    "transaction:/api/part{n}*",
    "tags.component:part{n}",
    "type:Part{n}Error",
)
HIGH_VALUE = ("tags.component:checkout", "url:*/checkout/*", "transaction:POST /api/pay*")


def rulebook(teams: int, high_value: tuple[str, ...] = ()) -> Rulebook:
    lines = [(f"{it.format(n=n)} #team-{n}", None) for n in range(teams) for it in TEAM]
    rules, mistakes = rules_of(lines)
    valued, _ = rules_of([(it, None) for it in high_value], high_value=True)
    assert not mistakes
    return Rulebook(rules, valued)


def costs(payload: bytes, rounds: int) -> dict[str, float]:
    event = normalise(decode(payload).raw, ARRIVAL)
    tags = all_tags(event)
    return {
        f"{name}, {'new' if is_new else 'known'} group": best_us(
            lambda book=book, is_new=is_new: judge(event, tags, book, is_new=is_new), rounds
        )
        for name, book, is_new in (
            ("no rules", NO_RULES, False),
            ("no rules", NO_RULES, True),
            ("500 rules", rulebook(50), False),
            ("500 rules", rulebook(50), True),
            ("3 of high value", rulebook(0, HIGH_VALUE), False),
        )
    }


def whole_way(payload: bytes, rounds: int) -> dict[str, float]:
    """The median of the best half of `rounds` turns, in which each is asked once."""
    plain = Origin(1, 1, ARRIVAL.received_at, familiar=Familiar())
    owned = replace(plain, rules=rulebook(50, HIGH_VALUE))
    origins = {
        "no rules": plain,
        "500 rules of owners, 3 of high value": owned,
        "and 50 of grouping": replace(owned, grouping=fifty_rules()),
    }
    took: dict[str, list[float]] = {name: [] for name in origins}
    for origin in origins.values():
        first = event_write(payload, origin)
        group = (origin.project_id, first.grouping_version, first.hash)
        origin.familiar.keep(group, ARRIVAL.received_at)
    for _ in range(rounds):
        for name, origin in origins.items():
            start = time.thread_time()
            for _ in range(50):
                event_write(payload, origin)
            took[name].append((time.thread_time() - start) / 50 * 1e6)
    best = {name: sorted(it)[: max(1, rounds // 2)] for name, it in took.items()}
    return {f"whole way, {name}": round(statistics.median(it), 1) for name, it in best.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    files = args.files or sorted(PAYLOADS.glob("*.envelope"))
    payloads = {path.stem: payload_of(path.read_bytes()) for path in files}
    found = {
        name: costs(payload, args.rounds) | whole_way(payload, args.rounds)
        for name, payload in payloads.items()
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
