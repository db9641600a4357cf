"""How much one target hears. Time is a number: nothing here waits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.alerts.storm import HOURLY, LONGEST_MS, STRONG, decide
from lighttrace.store.lanes import Held, Lane

NOW = 1_795_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
NIGHT = 8 * HOUR


class Target:
    """Somebody who is told things, and a mail server that takes each message at once."""

    def __init__(self) -> None:
        self.lane = Lane()
        self.held: list[Held] = []
        self.got: list[tuple[int, str, tuple[str, ...]]] = []  # (when, form, kinds)
        self.slowest_ms = 0  # from having it to being told
        self._made = 0

    def hear(self, kind: str, at: int) -> None:
        self._made += 1
        self.held.append(Held(self._made, kind, at, self._made))
        self.look(at)

    def look(self, now: int) -> int | None:
        """Let out what may go; returns when to look again."""
        while True:
            sent = [at for at, _, _ in self.got if at > now - HOUR]
            found = decide(self.lane, self.held, sent, 0, now)
            self.lane = found.lane
            if found.form is None:
                return found.until
            told = tuple(it.kind for it in self.held if it.id in found.ids)
            self.slowest_ms = max(
                [self.slowest_ms, *(now - it.at for it in self.held if it.id in found.ids)]
            )
            self.held = [it for it in self.held if it.id not in found.ids]
            self.got.append((now, found.form, told))

    def wait(self, now: int, until: int) -> None:
        """As the loop does: look when a window closes, and every half minute."""
        while (now := min(self.look(now) or until, now + MINUTE // 2)) < until:
            pass
        self.look(until)

    def play(self, news: list[tuple[int, str]], until: int) -> None:
        """News at moments after NOW, in order, and what follows up to a moment."""
        now = NOW
        for at, kind in news:
            self.wait(now, NOW + at)
            now = NOW + at
            self.hear(kind, now)
        self.wait(now, NOW + until)

    def minutes(self) -> list[float]:
        """When it got something, in minutes after NOW."""
        return [round((at - NOW) / MINUTE, 1) for at, _, _ in self.got]

    def told(self) -> int:
        return sum(len(kinds) for _, _, kinds in self.got)


@pytest.fixture
def target() -> Target:
    return Target()


def test_the_first_message_goes_at_once_and_the_rest_of_a_deploy_is_one_digest(target: Target):
    target.play([(number * 90 * SECOND // 40, "new") for number in range(40)], HOUR)
    assert target.minutes() == [0, 5]
    assert [len(kinds) for _, _, kinds in target.got] == [1, 39]


def test_a_database_that_takes_twelve_issues_down_makes_two_messages(target: Target):
    target.play([(number * 10 * SECOND, "spike") for number in range(12)], HOUR)
    assert target.minutes() == [0, 5]
    assert target.told() == 12


def test_it_makes_two_messages_even_in_the_middle_of_something_else(target: Target):
    spikes = [(4 * MINUTE + 59 * SECOND + number * 10 * SECOND, "spike") for number in range(12)]
    target.play([(0, "new"), *spikes], HOUR)
    assert [kinds for _, _, kinds in target.got] == [("new",), ("spike",), ("spike",) * 11]


def test_windows_grow_while_news_keeps_coming_and_are_forgotten_after_a_quiet_while(target: Target):
    target.play([(number * MINUTE, "new") for number in range(120)], 3 * HOUR)
    assert target.minutes()[:6] == [0, 5, 15, 35, 65, 95]

    began = len(target.got)
    target.hear("new", NOW + 4 * HOUR)
    target.hear("new", NOW + 4 * HOUR + MINUTE)
    target.wait(NOW + 4 * HOUR + MINUTE, NOW + 5 * HOUR)
    assert target.minutes()[began:] == [240, 245]


def test_a_strong_message_does_not_wait_behind_weak_ones_and_holds_them_up_only_so_long(
    target: Target,
):
    target.play([(0, "new"), (MINUTE, "new"), (2 * MINUTE, "regression")], HOUR)
    assert [
        (at, kinds) for at, (_, _, kinds) in zip(target.minutes(), target.got, strict=True)
    ] == [
        (0, ("new",)),
        (2, ("regression",)),
        (7, ("new",)),
    ]


def test_strong_news_every_quarter_of_an_hour_starves_nobody(target: Target):
    strong = [(number * 16 * MINUTE, "spike") for number in range(12)]
    weak = [(number * 5 * MINUTE + 7, "new") for number in range(36)]
    target.play(sorted(strong + weak), 4 * HOUR)
    assert target.told() == 48
    assert target.slowest_ms <= LONGEST_MS


def test_what_a_rule_says_every_half_hour_of_a_day_is_48_messages_and_not_one_more(target: Target):
    target.play([(number * 30 * MINUTE, "volume") for number in range(48)], DAY + HOUR)
    assert len(target.got) == 48


def test_after_a_loud_day_and_a_quiet_week_the_next_message_goes_at_once(target: Target):
    target.play([(number * SECOND * 30, "new") for number in range(2_880)], DAY)
    target.wait(NOW + DAY, NOW + 8 * DAY)
    assert target.held == []
    target.hear("new", NOW + 8 * DAY)
    assert target.got[-1] == (NOW + 8 * DAY, "alone", ("new",))


def test_comments_are_never_gathered_but_the_tenth_message_of_an_hour_speaks_for_the_rest(
    target: Target,
):
    for _ in range(25):
        target.hear("mention", NOW)
    target.wait(NOW, NOW + MINUTE)
    assert [form for _, form, _ in target.got] == ["alone"] * 9 + ["last"]
    assert len(target.got[-1][2]) == 16


def test_what_waited_for_the_morning_is_told_in_one_message():
    held = [Held(number, "new", NOW + number * HOUR, number) for number in range(6)]
    found = decide(Lane(), held, (), 0, NOW + NIGHT, since=NOW + NIGHT)
    assert (found.form, len(found.ids)) == ("together", 6)


def test_what_is_on_its_way_counts_for_the_hour_it_may_arrive_in():
    held = [Held(1, "regression", NOW, 1)]
    assert decide(Lane(), held, (), HOURLY, NOW).form is None
    assert decide(Lane(), held, (), HOURLY - 2, NOW).form == "alone"


def test_a_clock_that_is_put_back_holds_nothing_for_longer_than_a_window(target: Target):
    target.hear("new", NOW + 365 * DAY)
    target.got.clear()  # its hour is another one
    target.hear("new", NOW)
    target.hear("new", NOW + SECOND)
    target.wait(NOW + SECOND, NOW + LONGEST_MS + MINUTE)
    assert target.held == []
    again = (2 * HOUR, 2 * HOUR + SECOND, 4 * HOUR, 4 * HOUR + SECOND)
    target.play([(at, "new") for at in again], 5 * HOUR)
    assert target.minutes()[-4:] == [120, 125, 240, 245], "as ever after a quiet while"


KINDS = ("new", "regression", "spike", "volume", "mention", "escalating", "failed")
news = st.lists(
    st.tuples(st.integers(0, 20 * MINUTE), st.sampled_from(KINDS), st.integers(1, 12)), max_size=60
)


@settings(max_examples=100, deadline=None)
@given(news)
def test_whatever_comes_no_hour_has_more_than_ten_messages_and_everything_is_told(
    story: list[tuple[int, str, int]],
):
    target, at, came = Target(), 0, []
    for pause, kind, times in story:
        at += pause
        came += [(at, kind)] * times
    target.play(came, at + 48 * HOUR)
    times = [at for at, _, _ in target.got]
    for start in times:
        assert sum(start <= at < start + HOUR for at in times) <= HOURLY
    assert target.held == [] and target.told() == len(came)


def test_the_strong_kinds_are_those_that_say_something_got_worse():
    assert {"regression", "escalating", "spike", "spike_escalated"} == STRONG
