"""Releases in the order in which they were made."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.version import number_of, package_of, sort_key

ORDER = (
    "shop@0.9", "shop@1.0.0-alpha", "shop@1.0.0-alpha.1", "shop@1.0.0-alpha.beta",
    "shop@1.0.0-beta", "shop@1.0.0-beta.2", "shop@1.0.0-beta.11", "shop@1.0.0-rc.1", "shop@1.0.0",
    "shop@1.0.0+7", "shop@1.0.0+42", "shop@1.0.0.1", "shop@1.0.1", "shop@1.2", "shop@1.10",
    "shop@2.0.0-2", "shop@2.0.0-10", "shop@2.0.0-a", "shop@2", "shop@20240501", "shop@20261123",
)  # fmt: skip


def test_versions_are_ordered_as_semver_says() -> None:
    shuffled = list(ORDER)
    random.Random(7).shuffle(shuffled)
    assert sorted(shuffled, key=lambda it: sort_key(it) or b"") == list(ORDER)
    for earlier, later in pairwise(ORDER):
        assert (sort_key(earlier) or b"") < (sort_key(later) or b"")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shop@1.2", "shop@1.2.0"),
        ("1.2.0", "v1.2.0"),
        ("a@1.0", "b@1.0"),
        ("1.0.0rc1", "1.0.0-rc1"),
    ],
)
def test_some_spellings_are_one_version(one: str, other: str) -> None:
    assert sort_key(one) == sort_key(other) is not None


@pytest.mark.parametrize(
    "name",
    ["", "shop@", "main", "shop@abcdef012345", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "shop@1.2.3.4.5", "feature/checkout", "123456789012", "1..2", "-1", "1.0+", "summer 2026",
     "9" * 40],
)  # fmt: skip
def test_a_commit_or_a_word_has_no_place_in_the_order(name: str) -> None:
    assert sort_key(name) is None


def test_package_and_number() -> None:
    assert (package_of("shop@1.2"), number_of("shop@1.2")) == ("shop", "1.2")
    assert (package_of("1.2"), number_of("1.2")) == ("", "1.2")
    assert (package_of("@acme/shop@1.2"), number_of("@acme/shop@1.2")) == ("@acme/shop", "1.2")


@given(st.text(max_size=60))
def test_any_name_has_a_key_or_none(name: str) -> None:
    found = sort_key(name)
    assert found is None or len(found) < 2000


numbers = st.lists(st.integers(0, 10**17), min_size=1, max_size=4)


@given(numbers, numbers)
def test_numbers_compare_as_numbers(one: list[int], other: list[int]) -> None:
    keys = [sort_key(".".join(map(str, parts))) for parts in (one, other)]
    if None in keys:
        return  # long enough to be read as a commit hash
    padded = [[*parts, 0, 0, 0][:4] for parts in (one, other)]
    assert (keys[0] < keys[1]) == (padded[0] < padded[1])  # type: ignore[operator]
