"""What stands out in an issue: large differences that many people are behind, and nothing else."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lighttrace.store.standing_out import FEWEST_EVENTS, standing_out
from lighttrace.store.tag_stats import Tally


def tally(witnesses: int | None = None, **by_key: dict[str, int]) -> Tally:
    events = max((sum(values.values()) for values in by_key.values()), default=0)
    counted = {key.replace("_", "."): Counter(values) for key, values in by_key.items()}
    return Tally(events, events if witnesses is None else witnesses, 1, counted)


def said(here: Tally, there: Tally) -> list[tuple[str, str, int, int]]:
    return [(it.key, it.value, round(it.here), round(it.there)) for it in standing_out(here, there)]


def test_a_slow_network_is_83_percent_here_and_31_across_the_project():
    here = tally(connection={"4g": 341, "wifi": 71}, country={"DE": 200, "FR": 212})
    there = tally(connection={"4g": 310, "wifi": 690}, country={"DE": 480, "FR": 520})
    assert said(here, there) == [("connection", "4g", 83, 31)]


def test_small_numbers_do_not_shout():
    there = tally(connection={"4g": 310, "wifi": 690})
    assert said(tally(connection={"4g": FEWEST_EVENTS - 1}), there) == []
    assert said(tally(connection={"4g": 13, "wifi": 9}), there) == []
    assert said(tally(connection={"4g": 60}), there) != []


def test_one_person_who_fails_a_thousand_times_is_one_testimony():
    there = tally(browser={"Firefox 150": 50, "Chrome 141": 950})
    many = {"Firefox 150": 1000}
    assert said(tally(browser=many, witnesses=800), there) == [("browser", "Firefox 150", 100, 5)]
    assert said(tally(browser=many, witnesses=1), there) == []


def test_where_in_the_code_it_failed_is_not_news():
    here = tally(transaction={"/checkout": 500}, component={"checkout": 500})
    there = tally(transaction={"/": 900, "/checkout": 100}, component={"shop": 1000})
    assert said(here, there) == []


def test_a_tag_that_few_events_bear_says_nothing_about_the_issue():
    here = tally(plan={"pro": 100}, level={"error": 1000})
    there = tally(plan={"pro": 100, "free": 900})
    assert said(here, there) == []


def test_a_tag_that_only_this_issue_has_cannot_be_compared():
    assert said(tally(cart={"full": 500}), tally(plan={"free": 900})) == []


def test_of_a_family_the_most_telling_one_is_said_and_three_lines_at_most():
    here = tally(
        browser={"Safari 26.1": 300, "Safari 26.2": 200},
        browser_name={"Safari": 500},
        os={"iOS 26": 500},
        country={"DE": 500},
        plan={"pro": 490, "free": 10},
    )
    there = tally(
        browser={"Safari 26.1": 60, "Safari 26.2": 40, "Chrome 141": 900},
        browser_name={"Safari": 100, "Chrome": 900},
        os={"iOS 26": 50, "Windows": 950},
        country={"DE": 300, "FR": 700},
        plan={"pro": 200, "free": 800},
    )
    assert [it[0] for it in said(here, there)] == ["os", "browser.name", "plan"]


COUNTS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.integers(min_value=1, max_value=10**6), max_size=3
)


@given(COUNTS, COUNTS, st.integers(min_value=0, max_value=10**6))
def test_it_is_never_wrong_about_what_it_says(here, there, witnesses):
    for it in standing_out(tally(key=here, witnesses=witnesses), tally(key=there)):
        assert 0 <= it.there < it.here <= 100 and sum(here.values()) >= FEWEST_EVENTS
