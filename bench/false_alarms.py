"""How often the search for spikes is wrong, and how soon it is right: issues are made up and played
event by event. Prints JSON; the figures go to docs/spikes.md. It takes minutes, in one process.

    nice -n 19 python bench/false_alarms.py [--issues 669] [--days 30] [--only retries]
    nice -n 19 python bench/false_alarms.py --jumps

None of the issues ever does anything but what it always does, so whatever is told of one is a false
alarm. In life most issues are rare, which can hardly be wrong; here one in seven is.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.alerts.spikes.street import Street

DAY = 1440  # minutes
Event: TypeAlias = tuple[float, int | None]  # seconds since Monday, midnight; who


@dataclass
class Life:
    """`level`: events a minute to be expected in a minute; `spread`: variance over mean of what
    comes then. `runs`: events of jobs and of clients that try again, by their minute.
    """

    level: Callable[[int], float]
    spread: float = 1.0
    runs: dict[int, list[Event]] = field(default_factory=dict)

    def run(self, rng: random.Random, at: float, n: int, length: float, who: int | None) -> None:
        """`n` events in `length` seconds."""
        for _ in range(n):
            when = at + rng.random() * length
            self.runs.setdefault(int(when // 60), []).append((when, who))


def between(rng: random.Random, low: float, high: float) -> float:
    """Evenly by the logarithm."""
    return low * (high / low) ** rng.random()


def poisson(rng: random.Random, mean: float) -> int:
    if mean > 60:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    least, product, n = math.exp(-mean), rng.random(), 0
    while product > least:
        product *= rng.random()
        n += 1
    return n


def rare(rng: random.Random, days: int) -> Life:
    rate = between(rng, 1 / (7 * DAY), 1 / 120)
    return Life(lambda _: rate)


def even(rng: random.Random, days: int) -> Life:
    rate = between(rng, 0.01, 10)
    return Life(lambda _: rate)


def bursty(rng: random.Random, days: int) -> Life:
    """A negative binomial in each minute."""
    rate = between(rng, 0.01, 10)
    return Life(lambda _: rate, rng.uniform(1.5, 6))


def by_day(rng: random.Random, days: int) -> Life:
    """Ten times as loud by day as at night, and less at weekends."""
    rate, peak, weekend = between(rng, 0.02, 10), rng.uniform(9, 17), rng.uniform(0.2, 1)

    def level(minute: int) -> float:
        day, clock = divmod(minute, DAY)
        wave = (1 + math.cos((clock / 60 - peak) / 12 * math.pi)) / 2
        return rate * (0.1 + 0.9 * wave) * (weekend if day % 7 >= 5 else 1)

    return Life(level, rng.choice((1, 1, 2)))


def office(rng: random.Random, days: int) -> Life:
    """From one minute to the next it is morning."""
    rate, step = between(rng, 0.05, 10), rng.choice((10, 30, 100))
    opens, closes = rng.choice((7, 8, 9)), rng.choice((16, 17, 18))

    def level(minute: int) -> float:
        day, clock = divmod(minute, DAY)
        at_work = day % 7 < 5 and opens * 60 <= clock < closes * 60
        return rate if at_work else rate / step

    return Life(level, rng.choice((1, 1, 2)))


def job(rng: random.Random, days: int, every: int, size: float, length: float) -> Life:
    """It runs each `every` minutes, is late by a minute or so, and fails as it always does, give or
    take a third.
    """
    life = rare(rng, days)
    for at in range(rng.randrange(every), days * DAY, every):
        n = max(1, round(rng.gauss(size, size / 6)))
        life.run(rng, (at + rng.expovariate(1)) * 60, n, length, None)
    return life


def hourly(rng: random.Random, days: int) -> Life:
    return job(rng, days, rng.choice((60, 60, 240, 360)), between(rng, 5, 60), rng.uniform(10, 180))


def nightly(rng: random.Random, days: int) -> Life:
    return job(rng, days, rng.choice((DAY, DAY, 7 * DAY)), between(rng, 20, 400), 300)


def retries(rng: random.Random, days: int) -> Life:
    """Each tenth failure is tried again for minutes, by one person or by a server."""
    rate, server, mean = between(rng, 0.005, 1), rng.random() < 0.5, rng.uniform(3, 12)
    life = Life(lambda _: rate)
    at = 0.0
    while (at := at + rng.expovariate(rate / 10)) < days * DAY:
        n = 1 + int(rng.expovariate(1 / mean))
        life.run(rng, at * 60, n, 30 * n, None if server else rng.randrange(5_000))
    return life


def drifts(rng: random.Random, days: int) -> Life:
    """Up to five times as loud within two weeks, and down again."""
    rate, times, phase = between(rng, 0.02, 4), rng.uniform(2, 5), rng.random() * 28
    return Life(lambda minute: rate * times ** (0.5 * math.sin((minute / DAY + phase) * 0.2244)))


def deploys(rng: random.Random, days: int) -> Life:
    """Born loud, it dies down; each release makes it half as loud again for hours."""
    rate, fades_in = between(rng, 0.02, 5), between(rng, 120, 1_440)
    since = [round(n * 3.5 * DAY + rng.uniform(0, DAY)) for n in range(1, days // 3)]

    def level(minute: int) -> float:
        last = max((at for at in since if at <= minute), default=None)
        fresh = 0.5 * math.exp((last - minute) / fades_in) if last is not None else 0.0
        return rate * (1 + 5 * math.exp(-minute / fades_in) + fresh)

    return Life(level, rng.choice((1, 1, 2)))


PATTERNS: dict[str, Callable[[random.Random, int], Life]] = {
    "rare": rare,
    "even": even,
    "bursty": bursty,
    "by day and week": by_day,
    "office hours": office,
    "hourly jobs": hourly,
    "nightly and weekly jobs": nightly,
    "retries": retries,
    "slow drifts": drifts,
    "releases": deploys,
}
MIX = ("rare", *PATTERNS)  # rare ones twice


def lived(life: Life, rng: random.Random, days: int) -> Iterator[Event]:
    """The events of its days, some of the issues met by servers, some by few, some by many. It is
    born in the first week, when it is likely to be.
    """
    people = rng.choice((0, 0, 20, 500, 20_000))
    halves = range(0, 7 * DAY, 30)
    born = rng.choices(halves, [life.level(minute) for minute in halves])[0]
    for minute in range(born, born + days * DAY):
        mean = life.level(minute)
        if life.spread > 1:
            mean = rng.gammavariate(mean / (life.spread - 1), life.spread - 1)
        some: list[Event] = list(life.runs.get(minute, ()))
        for _ in range(poisson(rng, mean)):
            who = int(people * rng.random() ** 3) if people else None
            some.append((60 * (minute + rng.random()), who))
        yield from sorted(some, key=lambda it: it[0])


def false_alarms(issues: int, days: int, only: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number in range(issues):
        name = MIX[number % len(MIX)]
        if only not in name:
            continue
        rng = random.Random(number)
        street, n = Street(), 0
        for at, who in lived(PATTERNS[name](rng, days + 7), rng, days):
            street.hear(at, who)
            n += 1
        of = found.setdefault(name, {"issue_days": 0, "events": 0, "looks": 0, "alarms": []})
        of["issue_days"] += days
        of["events"] += n
        of["looks"] += street.looks
        told = street.alerts()
        of["alarms"] += [f"issue {number}, day {it.at / 86_400:.2f}: {it.reason}" for it in told]
        if told:
            print(name, of["alarms"][-len(told) :], file=sys.stderr, flush=True)
    days_played = sum(of["issue_days"] for of in found.values())
    alarms = sum(len(of["alarms"]) for of in found.values())
    return {"issue_days": days_played, "alarms": alarms, "patterns": found}


BASES = {"1 a day": 1 / DAY, "1 an hour": 1 / 60, "6 an hour": 0.1, "1 a minute": 1.0,
         "10 a minute": 10.0}  # fmt: skip
LISTENED = 70  # minutes before the jump that are played event by event
PATIENCE = 6 * 60  # minutes after it
BEFORE = 8 * DAY


def jumps(runs: int) -> dict[str, Any]:
    """How long it takes until somebody hears of it, by what was usual and how many times as much it
    is from one moment to the next: seconds at the median and at the ninth of ten, and how many of
    100 are told of within PATIENCE.
    """
    found: dict[str, Any] = {}
    for base, rate in BASES.items():
        for times in (3, 5, 10, 30):
            took = sorted(_until_told(random.Random(n), rate, times) for n in range(runs))
            told = [it for it in took if it < math.inf]
            half, most = took[len(took) // 2], took[len(took) * 9 // 10]
            found[f"{base}, {times} times as many"] = {
                "p50_s": None if half == math.inf else round(half),
                "p90_s": None if most == math.inf else round(most),
                "per_cent": round(100 * len(told) / runs),
            }
    return found


def _until_told(rng: random.Random, rate: float, times: float) -> float:
    street = Street()
    street.past(0, 1)
    jump = BEFORE + rng.randrange(DAY)
    for minute in range(1, jump - LISTENED):
        if n := poisson(rng, rate):
            street.past(minute, n)
    for at in played(rng, rate, (jump - LISTENED) * 60, jump * 60):
        street.hear(at)
    for at in played(rng, rate * times, jump * 60, (jump + PATIENCE) * 60):
        street.hear(at)
        if told := street.alerts():
            return told[0].at - jump * 60
    return math.inf


def played(rng: random.Random, per_min: float, start: float, end: float) -> Iterator[float]:
    at = start
    while (at := at + rng.expovariate(per_min / 60)) < end:
        yield at


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--issues", type=int, default=669)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--only", default="", help="patterns whose name has this")
    parser.add_argument("--jumps", action="store_true", help="how soon what is loud is told of")
    parser.add_argument("--runs", type=int, default=50, help="of each jump")
    given = parser.parse_args()
    began_s = time.process_time()
    if given.jumps:
        result = jumps(given.runs)
    else:
        result = false_alarms(given.issues, given.days, given.only)
    print(json.dumps({**result, "cpu_s": round(time.process_time() - began_s)}, indent=1))


if __name__ == "__main__":
    main()
