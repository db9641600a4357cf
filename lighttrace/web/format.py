"""How numbers and times are said. Pure; every function takes what it needs, and the templates know them by `FILTERS`."""

from collections.abc import Callable, Mapping
from typing import Any

STEPS = ((60_000, 1_000, "s"), (3_600_000, 60_000, "min"), (86_400_000, 3_600_000, "h"))


def span(ms: int) -> str:
    """A duration in its largest unit: 4 s, 22 min, 11 h, 41 d."""
    for limit, unit, name in STEPS:
        if ms < limit:
            return f"{max(0, ms) // unit} {name}"
    return f"{ms // 86_400_000} d"


def ago(at_ms: int, now_ms: int) -> str:
    return "now" if now_ms - at_ms < 1_000 else f"{span(now_ms - at_ms)} ago"


def size(size_bytes: int) -> str:
    """6.1 MB, 40 GB: powers of ten, as disks are sold."""
    number = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f}".removesuffix(".0") + f" {unit}"
        number /= 1000
    return f"{number:.1f}".removesuffix(".0") + " TB"


def count(n: int) -> str:
    """4,102"""
    return f"{n:,}"


FILTERS: Mapping[str, Callable[..., Any]] = {"span": span, "ago": ago, "size": size, "count": count}
