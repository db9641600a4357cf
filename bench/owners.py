"""What rules cost an event: µs of CPU for its owner, which a new group is asked for, and for
whether it matters most, which every event is. Prints JSON; the figures go to docs/performance.md.

`python bench/owners.py [FILE…]` takes the first event of each envelope. The rules are those of
fifty teams, ten each, none of which matches: then all of them have to be asked.
"""

import argparse
import json
from pathlib import Path

from event_road import ARRIVAL, PAYLOADS, best_us, payload_of

from lighttrace.event.decode import decode
from lighttrace.event.normalize import normalise
from lighttrace.event.owners import NO_RULES, Rulebook, rules_of
from lighttrace.event.tags import all_tags
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    files = args.files or sorted(PAYLOADS.glob("*.envelope"))
    found = {path.stem: costs(payload_of(path.read_bytes()), args.rounds) for path in files}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
