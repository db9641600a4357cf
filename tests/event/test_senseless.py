"""Rules that can never speak, and that nothing else is taken for one."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.query import slips
from lighttrace.event.query.match import compiled
from lighttrace.event.query.read import parse
from lighttrace.event.query.tree import And, Not, Or
from lighttrace.event.senseless import why_never
from lighttrace.event.triggers import trigger


@pytest.mark.parametrize(
    ("when", "where", "why"),
    [
        ("new", "level:>=fatal !level:fatal", "no level is level:>=fatal !level:fatal"),
        ("50 events in 5m", "level:<debug", "no level is level:<debug"),
        ("new", "is:resolved", "an issue that is new is never is:resolved"),
        ("new", "is:ignored", "an issue that is new is never is:ignored"),
        ("new", "!is:new", "an issue that is new is never !is:new"),
        ("regression", "is:new", "an issue that has just come back is never is:new"),
        ("escalating", "(is:new OR is:regressed)", "an issue that is escalating is never"),
        ("spike", "is:archived", "an issue that is told of is never is:archived"),
        ("new", "age:>31d", "an issue that is new is never age:>31d"),
        ("new", "firstSeen:+31d", "an issue that is new is never firstSeen:+31d"),
        ("spike", "lastSeen:>1h", "an issue that is told of is never lastSeen:>1h"),
        ("spike", "environment:a environment:[b,c]", "environment:a and environment:[b,c] at once"),
        ("spike", "component:a gateway !gateway", "nothing is gateway and !gateway at once"),
        ("spike", "component:a component:b", "no event is component:a and component:b at once"),
        ("spike", "component:a !component:[a,b]", "component:a and !component:[a,b] at once"),
        ("spike", "component:a* !has:component", "component:a* and !has:component at once"),
        ("spike", "component:x !component:*", "component:x and !has:component at once"),
        ("spike", "url:a url:b", "no event is url:a and url:b at once"),
        ("spike", "http.status:500 http.status:<400", "http.status:500 and http.status:<400"),
        ("spike", "environment:x !environment:[x,y]", "environment:x and !environment:[x,y]"),
        ("spike", "environment:production !environment:prod*", "and !environment:prod* at once"),
        ("spike", 'environment:"" has:environment', 'environment:"" and has:environment at once'),
        ("spike", "environment:c (environment:a OR environment:b)", "environment:c and"),
        ("spike", "!(environment:a OR level:>=debug)", "no level is !level:>=debug"),
        (
            "spike",
            "(level:fatal level:debug) OR is:resolved",
            "no level is level:fatal level:debug",
        ),
        ("spike", "is:new is:ongoing", "no issue is is:new and is:ongoing at once"),
        ("spike", "is:assigned is:unassigned", "is:assigned and is:unassigned at once"),
        ("spike", "is:assigned assigned:none", "no issue is"),
        ("spike", "assigned:#a assigned:#b", "assigned:#a and assigned:#b at once"),
        ("spike", "owner:none has:owner", "owner:none and has:owner at once"),
        ("spike", "events:>100 count:<10", "no issue is events:>100 and count:<10 at once"),
        ("spike", "users:0 users:>0", "no issue is users:0 and users:>0 at once"),
        ("every", "events:0", "an issue that is told of is never events:0"),
        ("regression", "events:1", "an issue that has just come back is never events:1"),
        ("50 events in 5m", "count:<50", "an issue of 50 events in 5m is never count:<50"),
        ("10 users", "users:<10", "an issue of 10 users is never users:<10"),
        ("spike", "age:<1h age:>2d", "no issue is age:<1h and age:>2d at once"),
        ("spike", "age:<30m", "an issue that spikes is never age:<30m"),
        ("new", "!age:<31d", "an issue that is new is never !age:<31d"),
        ("new", "is:spiking", "an issue that is new is never is:spiking"),
        ("spike", 'time:"Mon-Fri UTC" time:"Sat,Sun UTC"', "no moment is"),
        ("spike", 'time:"Mon 09:00-10:00 UTC" !time:"Mon UTC"', "no moment is"),
    ],
)
def test_what_nothing_can_match_is_said(when: str, where: str, why: str) -> None:
    found = why_never([trigger(when)], parse(where))
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    ("when", "where"),
    [
        ("new", ""),
        ("new", "is:new age:<1h level:>=error !level:fatal"),
        ("regression", "age:>1h firstSeen:+7d !is:new"),
        ("new", "age:>7d"),  # its event waited in a client
        ("spike", "is:new OR is:resolved"),
        ("spike", "is:spiking !is:acknowledged is:unhandled is:assigned"),
        ("new", "environment:[a,b] environment:[b,c] component:A component:a"),
        ("new", 'release:1.0 release:shop@1.0 time:"UTC" message:a message:b'),
        ("new", "firstSeen:2026-11-24 lastSeen:-1h"),
        ("new", "firstSeen:<2026-11-24T10:00Z lastSeen:2026-11-24T10:00Z"),
        ("50 events in 5m", "events:>1000 !is:new"),
        ("50 events in 5m", "events:50 users:0"),
        ("new", "is:acknowledged events:>=50 users:10"),  # loud, a while later
        ("spike", "tags[environment]:a environment:b events:<10000 tags[events]:0"),
        ("spike", "environment:[a,b] !environment:a component:a* !component:ab"),
        ("spike", "assigned:mira assigned:mira@shop.example owner:#a !owner:#b"),
        ("spike", "project:shop project:1 issue:SHOP-I issue:shop-1"),
        ("spike", "age:>2d firstSeen:2026-01-01 users:>5 users:<9"),
        ("spike", 'time:"Mon UTC" time:"Sun Pacific/Auckland"'),
        ("spike", 'time:"Mon-Tue UTC" !time:"Mon UTC"'),
        ("spike", "(environment:a OR is:resolved) environment:a"),
        ("spike", " ".join(f"(a{n}:x OR b{n}:y)" for n in range(20)) + " level:fatal level:info"),
    ],
)
def test_what_can_be_is_left_alone(when: str, where: str) -> None:
    assert why_never([trigger(when)], parse(where)) is None


def test_one_moment_of_several_is_enough() -> None:
    assert why_never([trigger("new"), trigger("regression")], parse("is:new")) is None
    assert why_never([trigger("new"), trigger("regression")], parse("is:ongoing")) is not None


PIECE = st.sampled_from(
    [
        *("level:>=error", "level:[debug,fatal]", "is:new", "is:[new,resolved]", "is:unassigned"),
        *("events:>5", "count:[1,2]", "count:*", "users:<2k", "age:<1h", "firstSeen:2026-11-24"),
        *("lastSeen:+5m", "component:a*", "component:[a,b]", "has:component", 'environment:""'),
        *("environment:*", "assigned:none", "assigned:[#a,mira]", "owner:#b", "has:owner", "gone"),
        *('time:"Mon UTC"', 'time:"22:00-06:00 Asia/Kolkata"', "issue:SHOP-1", "project:[1,x]"),
        *("tags[level]:x", "tags[events]:>5", "url:*", "n:>5", "n:<=5", "release:latest", '"a b"'),
    ]
).flatmap(lambda it: st.sampled_from([it, f"!{it}"]))
SEARCH = st.recursive(
    PIECE,
    lambda part: st.lists(part, min_size=2, max_size=4).flatmap(
        lambda it: st.sampled_from([" ".join(it), f"({' OR '.join(it)})", f"!({' '.join(it)})"])
    ),
    max_leaves=12,
)
WHENS = (
    "new",
    "regression",
    "escalating",
    "spike",
    "every",
    "feedback",
    "50 events in 5m",
    "9 users",
)


@given(search=SEARCH, when=st.lists(st.sampled_from(WHENS), min_size=1, max_size=3))
def test_what_is_less_is_never_more_sensible(search: str, when: list[str]) -> None:
    """Another alternative takes no sense away, and another term adds none."""
    tree, triggers = parse(search), [trigger(it) for it in when]
    if why_never(triggers, tree) is None:
        assert why_never(triggers, Or((tree, parse("component:other")))) is None
    else:
        assert why_never(triggers, And((tree, parse("component:other")))) is not None
        assert all(why_never([it], tree) is not None for it in triggers)


def test_what_the_docs_say_to_write_can_be_asked_and_turned_round() -> None:
    docs = Path(__file__).parents[2].joinpath("docs", "alerts.md").read_text("utf-8")
    table = docs.partition("| To ask for | Write |")[2].partition("\n\n")[0]
    asked = [it for row in table.splitlines()[2:] for it in re.findall("`([^`]+)`", row)]
    assert len(asked) > 30
    for text in asked:
        slips.refuse(text)
        for tree in (parse(text), Not(parse(text))):
            compiled(tree)
            assert why_never([trigger("every")], tree) is None, text
