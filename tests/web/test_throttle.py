"""Guessing passwords is slow, and costs nobody else their account for long."""

from lighttrace.web.throttle import ENTRIES, PAUSE_S, PER_ACCOUNT, PER_ADDRESS, Throttle


def test_after_five_wrong_tries_an_account_pauses_for_fifteen_minutes_and_then_goes_on():
    throttle = Throttle()
    assert [throttle.tried("mira@example.com", f"10.0.0.{n}", 0.0) for n in range(5)] == [
        4,
        3,
        2,
        1,
        0,
    ]

    assert throttle.wait_s("mira@example.com", "10.9.9.9", 1.0) == PAUSE_S - 1
    assert throttle.wait_s("jonas@example.com", "10.9.9.9", 1.0) == 0
    assert throttle.wait_s("mira@example.com", "10.9.9.9", PAUSE_S + 0.5) == 0
    assert throttle.tried("mira@example.com", "10.9.9.9", PAUSE_S + 0.5) == PER_ACCOUNT - 1


def test_an_account_is_the_same_in_capitals_and_with_spaces():
    throttle = Throttle()
    for spelling in (
        "Mira@Example.com",
        " mira@example.com",
        "MIRA@EXAMPLE.COM ",
        "mira@example.com",
        "mIRA@example.com",
    ):
        throttle.tried(spelling, "10.0.0.1", 0.0)
    assert throttle.wait_s("mira@example.com", "10.0.0.2", 0.0) > 0


def test_one_address_cannot_walk_through_many_accounts():
    throttle = Throttle()
    for n in range(PER_ADDRESS):
        throttle.tried(f"user{n}@example.com", "203.0.113.7", 0.0)
    assert throttle.wait_s("fresh@example.com", "203.0.113.7", 0.0) > 0
    assert throttle.wait_s("fresh@example.com", "203.0.113.8", 0.0) == 0


def test_ipv6_is_counted_by_its_network():
    throttle = Throttle()
    for n in range(PER_ADDRESS):
        throttle.tried(f"user{n}@example.com", f"2001:db8:0:1::{n:x}", 0.0)
    assert throttle.wait_s("fresh@example.com", "2001:db8:0:1:ffff::1", 0.0) > 0
    assert throttle.wait_s("fresh@example.com", "2001:db8:0:2::1", 0.0) == 0


def test_the_right_password_clears_the_account_but_buys_no_guesses_for_the_address():
    throttle = Throttle()
    for n in range(PER_ADDRESS - 1):
        throttle.tried(f"user{n}@example.com", "203.0.113.7", 0.0)
    throttle.tried("own@example.com", "203.0.113.7", 0.0)
    throttle.succeeded("own@example.com", "203.0.113.7")
    assert throttle.wait_s("own@example.com", "203.0.113.7", 0.0) == 0

    throttle.tried("victim@example.com", "203.0.113.7", 0.0)
    assert throttle.wait_s("victim@example.com", "203.0.113.7", 0.0) > 0


def test_memory_is_bounded_whatever_is_typed():
    throttle = Throttle()
    for n in range(ENTRIES):
        throttle.tried(f"{n}" * 1000, f"address {n}" * 100, 0.0)
    assert len(throttle._tries) <= ENTRIES
    assert max(len(text) for _, text in throttle._tries) <= 320
