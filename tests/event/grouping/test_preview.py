"""What a rule would change, said before anything changes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.grouping.preview import Flow, Pile, Preview, Sample, compare, sample
from lighttrace.event.grouping.rules import FINGERPRINT, NONE, STACK
from lighttrace.event.model import Event
from tests.event.grouping.make import event, frame, link

A, B, C, D = 1, 2, 3, 4
NAMES = {A: "A", B: "B", C: "C", D: "D"}
CALLER, OTHER = frame("pay", module="cart"), frame("pay", module="wallet")
HELPER = frame("report", module="log")


def failing(kind: str, *frames: Any, **fields: Any) -> Event:
    return event("python", link(kind, "v", *frames), **fields)


def tried(kind: str, rule: str, *past: tuple[int, Event]) -> Preview:
    """A rule on events that are in issues; what is in an issue says which hashes it has."""
    known = {NONE.group(one).hash: issue for issue, one in past}
    then = NONE.plus(kind, rule)
    return compare([sample(one, issue, NONE, then) for issue, one in past], known)


def test_a_rule_may_join_and_split_and_leave_alone() -> None:
    found = tried(
        FINGERPRINT,
        "error.type:Down* -> down, {{ tags.region }}",
        *[(A, failing("DownA", CALLER, tags={"region": "eu"}))] * 3,
        *[(B, failing("DownB", CALLER, tags={"region": "eu"}))] * 2,
        *[(C, failing("DownC", CALLER, tags={"region": "us"}))] * 2,
        (C, failing("DownC", CALLER, tags={"region": "cn"})),
        *[(D, failing("KeyError", CALLER))] * 5,
    )
    assert (found.n, found.moved, found.issues) == (13, 8, 3)
    assert (found.others, found.other_events) == (1, 5)
    assert found.verdict(NAMES) == (
        "Would change 3 issues: joins A and B in a new issue, splits C into 2."
    )
    assert [(pile.place, pile.n) for pile in found.before] == [(A, 3), (C, 3), (B, 2)]
    assert [pile.n for pile in found.after] == [5, 2, 1]
    assert found.after[0].is_new and found.after[0].title == "DownA: v"
    assert sorted(found.flows, key=lambda it: it.source) == [
        Flow(0, 0, 3), Flow(1, 1, 2), Flow(1, 2, 1), Flow(2, 0, 2)
    ]  # fmt: skip


def test_a_rule_may_lead_into_an_issue_that_is_there() -> None:
    """Without the frame of the helper, B is what A is already."""
    found = tried(
        STACK, "function:report -group",
        (A, failing("E", CALLER)), (B, failing("E", CALLER, HELPER)),
    )  # fmt: skip
    assert found.verdict(NAMES) == "Would change 2 issues: joins A and B."
    assert (found.moved, found.before) == (1, (Pile(A, 1), Pile(B, 1)))
    assert found.after == (Pile(A, 2),)


def test_an_issue_whose_events_all_get_another_hash_begins_anew() -> None:
    found = tried(STACK, "function:report -group", *[(B, failing("E", CALLER, HELPER))] * 4)
    assert found.verdict(NAMES) == "Would change 1 issue: begins B anew."
    assert found.renewed == (B,) and found.after[0].is_new


def test_some_of_an_issue_may_go_elsewhere() -> None:
    found = tried(
        FINGERPRINT, "tags.region:us -> {{ default }}, us",
        (A, failing("E", CALLER)), (A, failing("E", CALLER, tags={"region": "us"})),
        (B, failing("E", OTHER)),
    )  # fmt: skip
    assert found.verdict(NAMES) == "Would change 1 issue: splits A into 2."
    assert [pile.is_new for pile in found.after] == [False, True] and found.others == 1


def test_nothing_and_no_events() -> None:
    found = tried(FINGERPRINT, "error.type:X -> x", (A, failing("E", CALLER)))
    assert found.verdict(NAMES) == "Would change nothing: the one event stays where it is."
    assert found.before == () and found.others == 1
    assert compare([], {}).verdict({}) == "There are no events to try it on."


def test_an_issue_of_two_hashes_that_become_one_stays_as_it_is() -> None:
    """Merged by hand before: the rule says what somebody has said already."""
    past = [(A, failing("E", CALLER)), (A, failing("E", CALLER, HELPER))]
    assert tried(STACK, "function:report -group", *past).moved == 0


def test_many_changes_are_not_all_named() -> None:
    past = [(number, failing(f"E{number}", HELPER, CALLER)) for number in range(1, 7)]
    found = tried(STACK, "function:report -group", *past)
    assert found.verdict(dict.fromkeys(range(7), "I")) == (
        "Would change 6 issues: begins I, I and 4 more anew."
    )
    splits = [(n, failing("E", CALLER, tags={"a": f"{n}{x}"})) for n in range(1, 6) for x in "xy"]
    split = compare([Sample(n, b"%d" % n, b"%d" % at, "t") for at, (n, _) in enumerate(splits)], {})
    assert split.verdict({}) == (
        "Would change 5 issues: splits ? into 2, splits ? into 2, splits ? into 2, and 2 more."
    )
    joined = tried(FINGERPRINT, "error.type:E* -> e", *past)
    assert joined.verdict({n: f"I-{n}" for n in range(9)}) == (
        "Would change 6 issues: joins I-1, I-2 and 4 more in a new issue."
    )


def test_a_new_issue_is_called_as_the_rule_says() -> None:
    rule = 'error.type:E -> e title="All of {{ error.type }}"'
    found = tried(FINGERPRINT, rule, (A, failing("E", CALLER)))
    assert found.after[0].title == "All of E"


def test_the_rule_that_is_tried_wins_over_those_there_are() -> None:
    now = NONE.plus(FINGERPRINT, "error.type:E -> one").plus(STACK, "function:pay -group")
    one = failing("E", CALLER)
    then = now.plus(FINGERPRINT, "error.type:E -> two")
    assert then.group(then.seen(one)).hash != now.group(now.seen(one)).hash
    back = now.plus(STACK, "function:pay +group").seen(one).exceptions[0].frames[0].ruled
    assert back is not None and back.group is True


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc"), st.sampled_from("abcd"))))
def test_events_are_neither_lost_nor_made(past: list[tuple[int, str, str]]) -> None:
    samples = [Sample(issue, now.encode(), then.encode(), "t") for issue, now, then in past]
    found = compare(samples, {b"a": 1, b"b": 2})
    assert found.n == len(past)
    listed = sum(pile.n for pile in found.before)
    assert listed == sum(pile.n for pile in found.after) == sum(flow.n for flow in found.flows)
    assert listed + found.other_events == found.n and found.moved <= listed
    assert found.verdict({}).endswith(".")
