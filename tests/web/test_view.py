"""What an event is on its page: the chain, threads, values, steps, tags and JSON, all bounded."""

from typing import Any

import pytest

from lighttrace.event.details import Breadcrumb
from lighttrace.event.model import Event, ExceptionValue, Frame, Mechanism, Thread
from lighttrace.store.tag_stats import TagStat
from lighttrace.web import crumbs, json_tree, tags_view, view

FRAME = Frame(function="f", filename="a.py", lineno=1, in_app=True, context_line="x()")


def an_event(**over: Any) -> Event:
    fields = {
        "event_id": "a" * 32,
        "received_at": 1_000_000,
        "happened_at": 1_000_000,
        "raw": {},
        "kind": "error",
        "platform": "python",
    }
    return Event(**{**fields, **over})


def test_the_chain_is_told_from_the_last_one_back():
    chain = tuple(ExceptionValue(type=name, frames=(FRAME,)) for name in ("A", "B", "C"))
    shown = view.event(an_event(exceptions=chain), main=chain[2])
    assert [it.type for it in shown.raised] == ["C", "B", "A"]
    assert [it.relation for it in shown.raised] == ["", "caused by", "caused by"]
    opened = [
        [getattr(entry, "opened", False) for entry in it.stack.entries] for it in shown.raised
    ]
    assert opened == [[True], [False], [False]]


@pytest.mark.parametrize(
    ("source", "relation"),
    [
        ("__cause__", "caused by"),
        ("__context__", "raised while handling"),
        ("suppressed[0]", "suppressed by it"),
    ],
)
def test_how_one_hangs_together_with_the_other(source: str, relation: str):
    inner = ExceptionValue(type="A", mechanism=Mechanism(source=source))
    shown = view.event(an_event(exceptions=(inner, ExceptionValue(type="B"))))
    assert shown.raised[1].relation == relation


def test_of_a_long_chain_the_first_are_shown_and_the_others_folded():
    chain = tuple(ExceptionValue(type=f"E{at}") for at in range(20))
    shown = view.event(an_event(exceptions=chain))
    assert (len(shown.raised), len(shown.folded)) == (view.BLOCKS, 20 - view.BLOCKS)


def test_the_thread_that_crashed_comes_first_and_many_are_fetched_later():
    threads = tuple(Thread(id=str(at), name=f"w{at}", frames=(FRAME,)) for at in range(40))
    crashed = Thread(id="c", name="main", crashed=True, frames=(FRAME,))
    shown = view.event(an_event(threads=(*threads, crashed)))
    first = shown.threads[0]
    assert (first.name, first.state, first.opened) == ("main", "crashed", True)
    assert sum(it.stack is not None for it in shown.threads) == view.STACKS
    part = view.part(an_event(threads=threads), "t30")
    assert isinstance(part, view.Task) and part.name == "w30" and part.stack is not None


@pytest.mark.parametrize("key", ["", "x", "e", "e0", "e0-1", "e9-0", "t9", "s-9", "e0--1", "e٣-0"])
def test_there_is_nothing_behind_a_key_that_makes_no_sense(key: str):
    event = an_event(exceptions=(ExceptionValue(type="A", frames=(FRAME,)),))
    assert view.part(event, key) is None


def test_long_values_are_cut_and_json_in_a_text_is_laid_out():
    event = an_event(
        raw={"extra": {"long": "x" * 9000, "json": '{"a": [1, 2], "b": "' + "y" * 60 + '"}'}}
    )
    long, laid_out = view.event(event).extra
    assert (len(long.text), long.cut, long.block) == (view.VALUE, True, True)
    assert laid_out.block and '\n  "a"' in laid_out.text


# What led there


def crumb(
    at_ms: int | None, message: str = "", category: str = "ui.click", **data: str
) -> Breadcrumb:
    return Breadcrumb(
        at_ms=at_ms,
        type="default",
        category=category,
        level="info",
        message=message,
        data=tuple(data.items()),
    )


def test_a_step_of_a_person_that_came_twice_at_once_is_marked():
    steps = crumbs.trail([crumb(1000, "pay"), crumb(1900, "pay"), crumb(9000, "pay")], 10_000).steps
    assert [it.echo_ms for it in steps] == [None, 900, None]
    assert [it.before_ms for it in steps] == [-9000, -8100, -1000]


def test_equal_steps_of_a_program_are_counted():
    polls = [crumb(at, category="fetch", method="GET", url="/poll") for at in range(5)]
    (step,) = crumbs.trail(polls, 10_000).steps
    assert (step.times, [it.text for it in step.said]) == (5, ["GET /poll"])


def test_a_failed_request_stands_out():
    (step,) = crumbs.trail(
        [crumb(0, category="xhr", method="POST", url="/pay", status_code="502")], 10
    ).steps
    assert [(it.text, it.tone) for it in step.said] == [("POST /pay", ""), ("502", "bad")]


def test_steps_without_a_time_are_kept():
    (step,) = crumbs.trail([crumb(None, "started")], 10).steps
    assert step.before_ms is None


def test_the_earlier_steps_are_counted_and_come_when_asked_for():
    many = [crumb(at, f"step {at}") for at in range(50)]
    trail = crumbs.trail(many, 100)
    assert (len(trail.steps), trail.earlier) == (crumbs.SHOWN, 50 - crumbs.SHOWN)
    assert len(crumbs.trail(many, 100, every=True).steps) == 50


# Tags


def stat(key: str, *values: tuple[str, int], distinct: int = 0) -> TagStat:
    total = sum(n for _, n in values)
    return TagStat(key=key, total=total, distinct=distinct or len(values), values=values)


def test_the_tags_of_the_team_come_before_what_every_sdk_sends():
    stats = [stat("os", ("Linux", 3)), stat("level", ("error", 3)), stat("team", ("billing", 3))]
    assert [it.key for it in tags_view.distributions(stats)] == ["team", "os"]


def test_the_largest_share_is_named_and_many_small_ones_are_counted():
    many, one, two = tags_view.distributions(
        [
            stat("a", ("x", 4)),
            stat("b", ("x", 3), ("y", 1)),
            stat("c", *((f"v{at}", 1) for at in range(10))),
        ]
    )
    assert [it.headline for it in (one, two, many)] == ["x", "x 75 %", "10 values"]
    assert [len(it.legend) for it in (one, two, many)] == [0, 2, 0]


# JSON


def test_json_is_folded_escaped_and_bounded():
    html = str(json_tree.tree({"<b>": ["</script>", 1, None, True, {}], "secret": "[Filtered]"}))
    assert "<b>" not in html and "</script>" not in html
    assert '<span class="filtered">[Filtered]</span>' in html
    assert "2 keys" in html and "5 entries" in html
    long = str(json_tree.tree(list(range(100_000))))
    assert "more in the file" in long and len(long) < 400_000
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    assert "end" in str(json_tree.tree(deep))
