"""The tail against a sum that cannot be wrong: exact ratios, sixty digits for one logarithm."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lighttrace.alerts.spikes.tail import tail


def exact(n: int, mean: Fraction, spread: Fraction) -> float:
    """P(X ≥ n), as 1 − P(X < n): ratios of neighbours as fractions, P(X = 0) in sixty digits."""
    excess = spread - 1
    with localcontext(prec=60):
        mean_, excess_ = (Decimal(it.numerator) / it.denominator for it in (mean, excess))
        zero = (-mean_ if not excess else -mean_ / excess_ * (1 + excess_).ln()).exp()
        share = total = Decimal(1) if n else Decimal(0)
        for k in range(n - 1):
            share *= (mean_ + k * excess_) / ((1 + excess_) * (k + 1))
            total += share
        return float(1 - zero * total)


@given(
    st.integers(0, 400),
    st.fractions(Fraction(1, 10_000), 300, max_denominator=10_000),
    st.fractions(1, 50, max_denominator=1_000_000),
)
@example(10, Fraction(1), Fraction(1))
@example(300, Fraction(100), Fraction(1_000_001, 1_000_000))
@example(5, Fraction(1, 10_000), Fraction(50))
@example(40, Fraction(45), Fraction(50))
@settings(max_examples=300, deadline=None)
def test_it_agrees_with_an_exact_sum(n: int, mean: Fraction, spread: Fraction) -> None:
    found, wanted = tail(n, float(mean), float(spread)), exact(n, mean, spread)
    assert found == pytest.approx(wanted, rel=1e-6 if wanted > 1e-40 else 1, abs=1e-9)


@given(st.integers(0, 500), st.floats(1e-6, 400), st.floats(1, 50))
@settings(max_examples=300, deadline=None)
def test_more_is_never_likelier(n: int, mean: float, spread: float) -> None:
    fewer, more = tail(n, mean, spread), tail(n + 1, mean, spread)
    assert 0 <= more <= fewer * (1 + 1e-9) + 1e-12
    assert tail(n, mean * 1.01, spread) >= fewer * (1 - 1e-9) - 1e-12


def test_figures_of_the_documents() -> None:
    assert tail(8, 1, 1) == pytest.approx(1.0e-5, rel=0.03)
    assert tail(10, 1, 1) == pytest.approx(1.1e-7, rel=0.03)
    assert tail(10, 1, 1.5) == pytest.approx(1.3e-4, rel=0.03)


def test_the_ends() -> None:
    assert tail(0, 5, 2) == 1
    assert tail(3, 0, 1) == 0
    assert tail(10_000_000, 1e-9, 1) == 0
    assert tail(1, 1e7, 50) == pytest.approx(1)
