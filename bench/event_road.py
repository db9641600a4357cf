"""What one event costs, step by step: µs of CPU from bytes to the write. Prints JSON; the figures
go to docs/performance.md.

`python bench/event_road.py [FILE…]` reads envelopes and times the first event of each; the best of
`--rounds` counts, since whatever else runs on the machine can only make a figure larger.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from lighttrace.event import person, tags, title
from lighttrace.event.decode import decode
from lighttrace.event.grouping import fingerprint_rules, lt1, stack_rules
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Arrival
from lighttrace.event.normalize import normalise
from lighttrace.event.scrub import ScrubRules, scrub

PAYLOADS = Path(__file__).parent / "payloads"
ARRIVAL = Arrival(
    received_at=1_795_435_200_000, event_id="e" * 32, ip_address="203.0.113.9", user_agent="bench/1"
)
RULES = ScrubRules()
# 25 rules of each kind that nearly match; none does, so all of them are asked
FINGERPRINTS = """
error.type:Database{n}* -> down
message:"*payment {n} declined*" -> declined, {{{{ tags.provider }}}}
stack.module:billing{n}.* !environment:staging -> {{{{ default }}}}, billing
stack.abs_path:**/old{n}/*.py stack.function:run{n}* -> old
tags.region:r{n} level:fatal -> region
"""
STACK_RULES = """
stack.abs_path:**/generated{n}/** -group
family:native stack.function:std{n}::* -app
module:com.acme{n}.** +app
stack.function:reportAndThrow{n} ^-group -group
[ module:acme{n}.web ] | stack.function:run -group
"""


def payload_of(envelope: bytes) -> bytes:
    """The payload of the first item: the third line, as the files here are made."""
    return envelope.split(b"\n", 2)[2].rstrip(b"\n")


def best_us(step: Callable[[], object], rounds: int, times: int = 100) -> float:
    """Microseconds of the quickest of `rounds` runs."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(times):
            step()
        best = min(best, time.perf_counter() - start)
    return round(best / times * 1e6, 1)


def scrub_us(payload: bytes, rounds: int, times: int = 100) -> float:
    """Scrubbing changes what it is given: every turn gets an event of its own, decoded before."""
    best = float("inf")
    for _ in range(rounds):
        events = [decode(payload).raw for _ in range(times)]
        start = time.perf_counter()
        for raw in events:
            scrub(raw, RULES, payload)
        best = min(best, time.perf_counter() - start)
    return round(best / times * 1e6, 1)


def fifty_rules() -> Rules:
    def lines(text: str) -> list[str]:
        return [line.format(n=n) for n in range(5) for line in text.strip().splitlines()]

    return Rules.of(
        map(fingerprint_rules.parse, lines(FINGERPRINTS)),
        map(stack_rules.parse, lines(STACK_RULES)),
    )


def road(payload: bytes, rounds: int) -> dict[str, float]:
    raw = scrub(decode(payload).raw, RULES, payload).raw
    event = normalise(raw, ARRIVAL)
    steps = {
        "decode": best_us(lambda: decode(payload), rounds),
        "scrub": scrub_us(payload, rounds),
        "normalise": best_us(lambda: normalise(raw, ARRIVAL), rounds),
        "titles": best_us(lambda: title.titles(event), rounds),
        "tags": best_us(lambda: tags.all_tags(event), rounds),
        "person": best_us(lambda: person.person(event), rounds),
    }
    steps["group"] = best_us(lambda: lt1.group(event), rounds)
    steps["all"] = round(sum(steps.values()), 1)
    rules = fifty_rules()
    steps["group by 50 rules"] = best_us(lambda: rules.group(rules.seen(event)), rounds)
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    found = {}
    for path in args.files or sorted(PAYLOADS.glob("*.envelope")):
        payload = payload_of(path.read_bytes())
        found[path.stem] = {"bytes": len(payload), **road(payload, args.rounds)}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
