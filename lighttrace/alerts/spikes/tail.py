"""How surprising a count is: the upper tail of the negative binomial distribution.

Errors come in bursts, so their counts spread more than Poisson's, whose variance is its mean. Here
the variance is `spread` times the mean; a spread of 1 is Poisson.
"""

from math import exp, lgamma, log, log1p

NEGLIGIBLE = 1e-17  # of the sum: below the last digit of a float
# Beyond, the difference of two log-gammas loses digits that the product they stand for keeps.
MOST_SHAPE = 1e5


def tail(n: int, mean: float, spread: float) -> float:
    """P(X ≥ n) of counts with this mean and a variance of `spread · mean`; `spread` is at least 1.

    With d = spread − 1, p(0) = (1+d)^(−mean/d) and p(k+1) = p(k)·(mean + k·d) / ((1+d)(k+1)),
    which is Poisson's where d is 0.
    """
    if n <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    excess = spread - 1.0
    if n > mean:  # beyond the largest p: each is smaller than the one before
        return min(1.0, _upwards(n, mean, excess))
    return max(0.0, 1.0 - _downwards(n - 1, mean, excess))


def _upwards(k: int, mean: float, excess: float) -> float:
    p = total = _p(k, mean, excess)
    while p > NEGLIGIBLE * total:
        p *= (mean + k * excess) / ((1.0 + excess) * (k + 1))
        total += p
        k += 1
    return total


def _downwards(k: int, mean: float, excess: float) -> float:
    """P(X ≤ k). Going down p may rise again, where the spread is large, so it goes down to 0."""
    p = total = _p(k, mean, excess)
    while k > 0:
        k -= 1
        p *= (1.0 + excess) * (k + 1) / (mean + k * excess)
        total += p
    return total


def _p(n: int, mean: float, excess: float) -> float:
    if excess <= 0:
        return exp(n * log(mean) - mean - lgamma(n + 1))
    shape = mean / excess
    if shape < MOST_SHAPE:
        rising = n * log(excess) + lgamma(n + shape) - lgamma(shape)
    else:
        rising = sum(log(mean + k * excess) for k in range(n))
    spread_log = log1p(excess)
    return exp(rising - shape * spread_log - n * spread_log - lgamma(n + 1))
