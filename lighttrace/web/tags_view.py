"""The tags of an issue as distributions: the telling ones first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lighttrace.store.tag_stats import TagStat
from lighttrace.web import charts, format

SHOWN = 6  # keys in the rail; the others are folded
NAMED = 24  # characters of a value that is named below its bar
TOP = 4  # values drawn by themselves; the rest is one piece
# Said elsewhere on the page, or the same for every event of an issue.
LEFT_OUT = frozenset(
    {"level", "environment", "mechanism", "handled", "browser.name", "os.name", "runtime.name"}
)
# What SDKs and the server read off every event; below what the team chose to say.
COMMON = (
    "release", "browser", "os", "device", "user", "url", "transaction", "server_name", "runtime",
    "logger", "dist", "sdk", "device.family",
)  # fmt: skip
_RANK = {key: place for place, key in enumerate(COMMON)}


@dataclass(frozen=True, slots=True)
class Share:
    value: str
    count: int
    percent: str
    fill: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """`headline` is the largest value, or how many there are where none stands out."""

    key: str
    headline: str
    bar: Markup
    shares: tuple[Share, ...]
    others: int  # events with a value that is not among the shares
    distinct: int

    @property
    def legend(self) -> tuple[Share, ...]:
        """What the pieces of the bar are, where there are few enough to say it below."""
        few = 1 < self.distinct <= TOP and all(len(it.value) <= NAMED for it in self.shares)
        return self.shares[:TOP] if few else ()


def distributions(
    stats: Sequence[TagStat], *, everything: bool = False
) -> tuple[Distribution, ...]:
    """The team's own tags, then the common ones; keys with a value per event last. `everything`:
    also what the page of the issue says elsewhere.
    """
    left_out = frozenset() if everything else LEFT_OUT
    useful = [stat for stat in stats if stat.key not in left_out and stat.values]
    most = max((stat.total for stat in useful), default=1)
    useful.sort(key=lambda stat: _order(stat, most))
    return tuple(_distribution(stat) for stat in useful)


def _order(stat: TagStat, most: int) -> tuple[bool, bool, int, int, str]:
    scattered = stat.distinct > 20 and stat.distinct * 2 > stat.total
    common = _RANK.get(stat.key)
    release_first = -1 if stat.key == "release" else common if common is not None else 0
    own = common is None or stat.key == "release"
    return scattered, not own, release_first, -(10 * stat.total // most), stat.key


def _distribution(stat: TagStat) -> Distribution:
    parts = [count for _, count in stat.values[:TOP]]
    rest = stat.total - sum(parts)
    first, count = stat.values[0]
    share = format.percent(count, stat.total)
    flat = stat.distinct > TOP and count * 4 < stat.total
    headline = (
        f"{stat.distinct} values" if flat else first if count == stat.total else f"{first} {share}"
    )
    shares = tuple(
        Share(value, n, format.percent(n, stat.total), charts.FILLS[min(at, TOP)])
        for at, (value, n) in enumerate(stat.values)
    )
    label = f"{stat.key}: " + ", ".join(f"{it.value} {it.percent}" for it in shares[:TOP])
    return Distribution(
        stat.key,
        headline,
        charts.segments([*parts, rest] if rest > 0 else parts, label),
        shares,
        stat.total - sum(n for _, n in stat.values),
        stat.distinct,
    )
