"""Rules that can never speak, and that nothing else is taken for one."""

import pytest

from lighttrace.event.query.read import parse
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
        ("new", "age:>1h", "an issue that is new is never age:>1h"),
        ("new", "firstSeen:+7d", "an issue that is new is never firstSeen:+7d"),
        ("spike", "lastSeen:>1h", "an issue that is told of is never lastSeen:>1h"),
        ("spike", "environment:a environment:[b,c]", "environment:a and environment:[b,c] at once"),
        ("spike", "component:a gateway !gateway", "nothing is gateway and !gateway at once"),
        ("spike", "component:a component:b", "no event is component:a and component:b at once"),
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
        ("spike", "is:new OR is:resolved"),
        ("spike", "is:spiking !is:acknowledged is:unhandled is:assigned"),
        ("new", "environment:[a,b] environment:[b,c] component:A component:a"),
        ("new", 'release:1.0 release:shop@1.0 time:"UTC" message:a message:b'),
        ("new", "firstSeen:2026-11-24 lastSeen:-1h"),
        ("50 events in 5m", "events:>1000 !is:new"),
    ],
)
def test_what_can_be_is_left_alone(when: str, where: str) -> None:
    assert why_never([trigger(when)], parse(where)) is None


def test_one_moment_of_several_is_enough() -> None:
    assert why_never([trigger("new"), trigger("regression")], parse("is:new")) is None
    assert why_never([trigger("new"), trigger("regression")], parse("is:ongoing")) is not None
