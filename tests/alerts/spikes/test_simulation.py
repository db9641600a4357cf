"""Issues as they are, for more than two hundred days: how often is nothing called a spike?

What is promised: at most one false alarm in a month of a project with 200 active issues, which is
6,000 issue-days. So in two hundred and some there is none; one would be an accident, two a mistake.
"""

import random
from collections.abc import Iterator
from itertools import pairwise

from tests.alerts.spikes.street import Street

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
BIRTH = 10 * HOUR  # on a Monday: nobody can know what an issue does at times it has never seen

Life = Iterator[float]


def poisson(rng: random.Random, per_min: float, days: int) -> Life:
    at = BIRTH
    while (at := at + rng.expovariate(per_min) * MINUTE) < days * DAY:
        yield at


def bursty(rng: random.Random, per_min: float, spread: float, days: int) -> Life:
    """Negative binomial: each minute's rate is drawn anew, so that variance is `spread` · mean."""
    for minute in range(int(BIRTH / MINUTE), days * 24 * 60):
        rate = rng.gammavariate(per_min / (spread - 1), spread - 1)
        at = minute * MINUTE
        while (at := at + rng.expovariate(1) * MINUTE / max(rate, 1e-9)) < (minute + 1) * MINUTE:
            yield at


def thinned(rng: random.Random, most: float, days: int, share) -> Life:
    """Poisson whose rate is `most` times `share(day, hour of the day)`."""
    for at in poisson(rng, most, days):
        if rng.random() < share(int(at // DAY), at % DAY / HOUR):
            yield at


def daily(rng: random.Random, most: float, days: int) -> Life:
    return thinned(rng, most, days, lambda day, hour: 0.1 + 0.9 * max(0, 1 - abs(hour - 14) / 8))


def office(rng: random.Random, most: float, days: int) -> Life:
    def share(day: int, hour: float) -> float:
        return 1.0 if day % 7 < 5 and 8 <= hour < 18 else 0.1

    return thinned(rng, most, days, share)


def batches(rng: random.Random, size: int, every: float, days: int) -> Life:
    """A job that fails each time it runs, `size` times or so, within a minute or two."""
    run = BIRTH
    while run < days * DAY:
        began = run + rng.uniform(0, 20)
        yield from sorted(
            began + rng.uniform(0, 70) for _ in range(int(rng.gauss(size, size / 10)))
        )
        run += every


def retries(rng: random.Random, per_min: float, days: int) -> Life:
    """Rare, and each comes up to six times within half a minute."""
    yield from sorted(
        at + rng.uniform(0, 30)
        for at in poisson(rng, per_min, days)
        for _ in range(rng.randint(1, 6))
    )


def lives(rng: random.Random) -> Iterator[tuple[str, int, int, Life]]:
    """(what it is, how many days, how many people there are, 0 if nobody knows; its events)"""
    for number, rate in enumerate((0.001, 0.01, 0.02, 0.1, 0.5, 1, 2)):
        yield f"poisson {rate}", 10, 50 * (number % 2), poisson(rng, rate, 10)
    yield "poisson 20", 1, 0, poisson(rng, 20, 1)
    for number, (rate, spread) in enumerate(((0.05, 3), (0.3, 2), (0.3, 6), (1, 4), (2, 3))):
        yield f"bursty {rate} {spread}", 8, 50 * (number % 2), bursty(rng, rate, spread, 8)
    for number, most in enumerate((0.5, 1.5)):
        yield f"daily {most}", 12, 50 * (1 - number), daily(rng, most, 12)
        yield f"office {most}", 15, 50 * number, office(rng, most, 15)
    yield "hourly", 8, 0, batches(rng, 30, HOUR, 8)
    yield "nightly", 12, 0, batches(rng, 240, DAY, 12)
    for rate in (0.003, 0.02):
        yield f"retries {rate}", 10, 0, retries(rng, rate, 10)


def test_two_hundred_quiet_days_are_quiet() -> None:
    rng = random.Random(20_261_118)
    days, alarms = 0, []
    for what, lasts, people, life in lives(rng):
        street = Street()
        for at in life:
            street.hear(at, rng.randrange(people) if people else None)
        days += lasts
        alarms += [(what, it.at / DAY, it.reason) for it in street.alerts()]
    assert days >= 200
    assert alarms == []


def test_an_outage_is_found_among_all_of_it() -> None:
    """Lives like these, for ten minutes of the last day ten times as loud, and 6/min at least."""
    rng = random.Random(1)
    start = 3 * DAY + 15 * HOUR + 30 * MINUTE
    for life in (
        poisson(rng, 0.01, 4),
        poisson(rng, 1, 4),
        bursty(rng, 1, 4, 4),
        daily(rng, 1, 4),
        office(rng, 1, 4),
        batches(rng, 240, DAY, 4),
        retries(rng, 0.003, 4),
    ):
        times = [at for at in life if at < start + 10 * MINUTE]
        per_min = max(6.0, 9 * sum(start - HOUR <= at < start for at in times) / 60)
        times += [start + number * MINUTE / per_min for number in range(int(10 * per_min))]
        street = Street()
        for at in sorted(times):
            street.hear(at)
        assert [it.at >= start for it in street.alerts()] == [True]


def test_the_lives_are_in_the_order_of_time() -> None:
    for *_, life in lives(random.Random(3)):
        assert all(before <= after for before, after in pairwise(life))
