"""How much an issue matters: a sum from 0 to 100, and its parts, so that no rank is magic.

Arithmetic only: no clock, no database. The table of reasons: docs/inbox.md.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log10
from typing import Literal, TypeAlias

ACT_NOW, NEXT, MOST = 70, 35, 100
NEW_MS = 24 * 60 * 60 * 1000
DEPLOY_MIN = 60  # what begins later than this after a deploy is not put down to it
LEAST_FACTOR, LEAST_EVENTS = 3.0, 10  # below, a spike is not worth a point
# How points grow: 30 for tenfold the usual rate, of at most 35; 10.4 for each tenfold number of
# people, of at most 30, which 686 of them reach, rounded.
SPIKE_SLOPE, SPIKE_MOST = 30.0, 35
USERS_SLOPE, USERS_MOST = 10.4, 30

Kind: TypeAlias = Literal[
    "new", "regressed", "spiking", "users", "high_value", "after_deploy", "failed_fix", "fatal",
    "same_trace",
]  # fmt: skip
Level: TypeAlias = Literal["high", "medium", "low"]
# one or two words for the sum, where the reasons stand beside their points
LABELS: Mapping[Kind, str] = {
    "new": "new",
    "regressed": "came back",
    "spiking": "spike",
    "users": "users",
    "high_value": "high value",
    "after_deploy": "after deploy",
    "failed_fix": "failed fix",
    "fatal": "fatal",
    "same_trace": "same trace",
}


@dataclass(frozen=True, slots=True)
class Weights:
    """The points of each reason, at most where they grow; 0 turns a reason off."""

    new: int = 40
    regressed: int = 36
    spiking: int = 35
    users: int = 30
    high_value: int = 16
    after_deploy: int = 12
    failed_fix: int = 10
    fatal: int = 10
    same_trace: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an issue. None: nobody knows, and nothing is counted for it.

    `first_at`: when it began (ms). `users`, `events`: met and counted in the period looked at.
    `spike_factor`: times its usual rate. `high_value`: what makes it so, such as a tag.
    `after_deploy_min`: minutes from a deploy to its first event. `unhandled`: it ended a program
    of the backend. `worse`: the issue of greater impact that happened in the same trace.
    """

    first_at: int
    users: int = 0
    events: int = 0
    regressed: bool = False
    spike_factor: float | None = None
    high_value: str | None = None
    after_deploy_min: int | None = None
    failed_fix: bool | None = None
    fatal: bool = False
    unhandled: bool = False
    worse: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One reason, its points (never 0) and what is said of it."""

    kind: Kind
    points: int
    words: str

    @property
    def label(self) -> str:
        return self.words if self.kind == "fatal" else LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class Impact:
    """`parts`: the most points first. `score`: their sum, at most MOST."""

    score: int
    parts: tuple[Part, ...]

    @property
    def level(self) -> Level:
        return level(self.score)

    @property
    def sentence(self) -> str:
        """Impact 94: new 40, users 26, high value 16, after deploy 12"""
        parts = ", ".join(f"{it.label} {it.points}" for it in self.parts)
        return f"Impact {self.score}: {parts or 'no reason'}"


def level(score: int) -> Level:
    """The priority that a score stands for, in the words of the API."""
    return "high" if score >= ACT_NOW else "medium" if score >= NEXT else "low"


def score(facts: Facts, weights: Weights, now_ms: int) -> Impact:
    """The impact of an issue. What came back is not called new as well."""
    new = not facts.regressed and now_ms - facts.first_at < NEW_MS
    after = facts.after_deploy_min
    deployed = after is not None and 0 <= after <= DEPLOY_MIN
    points: dict[Kind, int] = {
        "new": weights.new if new else 0,
        "regressed": weights.regressed if facts.regressed else 0,
        "spiking": spike_points(facts, weights),
        "users": users_points(facts.users, weights.users),
        "high_value": weights.high_value if facts.high_value else 0,
        "after_deploy": weights.after_deploy if deployed else 0,
        "failed_fix": weights.failed_fix if facts.failed_fix else 0,
        "fatal": weights.fatal if facts.fatal or facts.unhandled else 0,
        "same_trace": weights.same_trace if facts.worse else 0,
    }
    parts = [Part(kind, n, _words(kind, facts)) for kind, n in points.items() if n > 0]
    parts.sort(key=lambda it: -it.points)
    return Impact(min(MOST, sum(it.points for it in parts)), tuple(parts))


def _words(kind: Kind, facts: Facts) -> str:
    match kind:
        case "users":
            return f"{facts.users:,} user{'' if facts.users == 1 else 's'}"
        case "fatal":
            return "fatal" if facts.fatal else "unhandled"
        case "high_value":
            return facts.high_value or ""
        case "spiking":
            return f"{facts.spike_factor:.3g}× its usual rate"
        case "after_deploy":
            return f"began {facts.after_deploy_min} min after a deploy"
        case "same_trace":
            return f"same trace as {facts.worse}"
        case "new":
            return "new in the last 24 h"
        case "regressed":
            return "came back after it was resolved"
        case "failed_fix":
            return "a fix for it just failed"


def spike_points(facts: Facts, weights: Weights) -> int:
    factor = facts.spike_factor
    if factor is None or factor < LEAST_FACTOR or facts.events < LEAST_EVENTS:
        return 0
    return round(weights.spiking * min(1.0, SPIKE_SLOPE * log10(factor) / SPIKE_MOST))


def users_points(users: int, most: int) -> int:
    """0 for nobody; every tenfold number of people adds as much as the one before."""
    return bisect_right(users_steps(most), users) - 1 if users > 0 else 0


@lru_cache(maxsize=16)
def users_steps(most: int) -> tuple[int, ...]:
    """How many people it takes for 0, 1, 2 … `most` points: the whole course, so that a bound by
    people is a bound by points.
    """
    steps = [0]
    for points in range(1, most + 1):
        # the least number whose points round up to this many
        share = (points - 0.5) / most * USERS_MOST / USERS_SLOPE
        steps.append(max(steps[-1], 1, -int(-(10**share - 1) // 1)))
    return tuple(steps)
