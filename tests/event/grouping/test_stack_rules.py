"""Stack trace rules: which frames count after them, and which are the application's."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import RuleError
from lighttrace.event import frames
from lighttrace.event.grouping import calls, fingerprint_rules, lt1
from lighttrace.event.grouping.rules import NONE, Rules
from lighttrace.event.grouping.stack_rules import StackRules, parse
from lighttrace.event.model import Event, Frame
from lighttrace.event.title import titles
from tests.event.grouping.make import event, frame, link

# oldest first, as clients send them
STACK = [frame(name, module=f"shop.{name}") for name in ("main", "run", "work", "helper", "throw")]


def rules(text: str) -> Rules:
    return Rules.of([], [parse(line) for line in text.strip().splitlines()])


def seen(text: str, one: Event | None = None) -> Event:
    return rules(text).seen(one or event("python", link("E", "v", *STACK)))


def counting(text: str, *stack: dict[str, Any], platform: str = "python", **fields: Any) -> str:
    """The functions that count, oldest first: `main run work`."""
    one = seen(text, event(platform, link("E", "v", *(stack or STACK), **fields)))
    own = one.exceptions[0].frames
    found = calls.contributing(own, platform, True) or calls.contributing(own, platform, False)
    return " ".join(call[-1].partition(":")[2] for call in found)


def flags(text: str, *stack: dict[str, Any], platform: str = "python") -> list[bool]:
    one = seen(text, event(platform, link("E", "v", *stack)))
    return list(frames.in_app(one.exceptions[0].frames, platform))


def test_a_frame_may_be_left_out() -> None:
    assert counting("function:none -group") == "main run work helper throw"
    assert counting("stack.function:helper -group") == "main run work throw"


def test_arrows_point_at_newer_and_at_older_frames_and_not_at_the_frame_itself() -> None:
    assert counting("function:work ^-group") == "main run work"
    assert counting("function:work v-group") == "work helper throw"
    assert counting("function:helper ^-group -group") == "main run work"  # a throw helper
    assert counting("function:run v-group -group") == "work helper throw"  # a thread base
    assert counting("function:throw ^-group") == "main run work helper throw"  # nothing is newer


def test_later_rules_win() -> None:
    assert counting("module:shop.* -group\nfunction:work +group") == "work"
    assert counting("function:work +group\nmodule:shop.* -group") == ""


def test_every_matcher_asks_what_it_is_named_after() -> None:
    here = frame("f", module="com.acme.Pay", abs_path="C:\\Src\\Gen\\pay.java", package="/opt/L.so")
    for rule in (
        "module:com.acme.**", "stack.module:com.*.Pay", "path:**/GEN/*.java",
        "stack.abs_path:c:/**", "package:**/l.so", "stack.package:/opt/**", "function:f",
        "stack.function:*", "app:yes",
        "family:other", "family:all", "family:native,other", "error.type:E", "error.value:V",
        "error.mechanism:onerror", "!function:g", "!app:no", "!error.type:F", "type:E value:v",
    ):  # fmt: skip
        mechanism = {"type": "onerror"}
        assert counting(f"{rule} -group", here, mechanism=mechanism) == "", rule
    for rule in (
        "module:com.Acme.*", "path:**/gen/*.js", "package:*.dll", "function:F", "app:no",
        "family:native", "family:javascript", "error.type:e", "error.mechanism:x", "!function:f",
    ):  # fmt: skip
        assert counting(f"{rule} -group", here, mechanism={"type": "onerror"}) == "f", rule


def test_a_frame_has_the_family_of_its_own_platform() -> None:
    mixed = [frame("f", platform="cocoa", module="m"), frame("g", module="n")]
    assert counting("family:native -group", *mixed, platform="node") == "g"
    assert counting("family:javascript -group", *mixed, platform="node") == "f"


def test_all_matchers_hold_for_one_and_the_same_frame() -> None:
    assert counting("function:work module:shop.run -group") == "main run work helper throw"
    assert counting("function:work module:shop.work -group") == "main run helper throw"


def test_a_caller_and_a_callee_are_the_neighbours() -> None:
    assert counting("[ function:main ] | function:run -group") == "main work helper throw"
    assert counting("[ function:main ] | function:work -group") == "main run work helper throw"
    assert counting("function:run | [ function:work ] -group") == "main work helper throw"
    assert counting("function:run | [ function:main ] -group") == "main run work helper throw"
    both = "[function:main] | function:run | [function:work] -group"
    assert counting(both) == "main work helper throw"
    assert counting("[ function:* ] | function:main -group") == "main run work helper throw"
    assert counting("[ !function:main app:yes ] | module:* -group") == "main run"


def test_the_application_is_what_rules_say_it_is() -> None:
    theirs, ours = frame("lib", False, module="lib"), frame("own", True, module="own")
    assert counting("function:own -app\nfunction:lib +app", ours, theirs) == "lib"
    assert counting("function:own -app", ours, theirs) == "own lib"  # then all frames count
    assert counting("family:all -app\nfunction:own +app", ours, theirs) == "own"


def test_a_rule_about_one_frame_does_not_turn_the_others_round() -> None:
    """Where the client marks some frames, an unmarked one is a library's; rules are no client."""
    library = frame("get", None, module="flask.app", abs_path="/site-packages/flask/app.py")
    mine, other = (frame(f, None, module=f, abs_path=f"/srv/{f}.py") for f in ("mine", "other"))
    assert flags("function:none +app", library, mine, other) == [False, True, True]
    assert flags("function:mine -app", library, mine, other) == [False, False, True]
    assert flags("function:get +app", library, mine, other) == [True, True, True]
    sdk = frame("capture", None, module="sentry_sdk.api", abs_path="/x/sentry_sdk/api.py")
    assert counting("function:mine -app", mine, other, sdk) == "other"
    assert counting("function:capture +app", mine, sdk) == "mine capture"


def test_what_the_client_said_is_remembered() -> None:
    one = seen("function:lib +app", event("python", link("E", "v", frame("lib", False))))
    lib = one.exceptions[0].frames[0]
    assert lib.in_app is True and lib.ruled is not None
    assert lib.ruled.said is False and lib.ruled.app_by == "function:lib +app"


def test_rules_see_what_those_before_them_made_of_a_frame() -> None:
    assert (
        counting("function:work -app\napp:no -group\nfunction:work +app") == "main run helper throw"
    )
    assert counting("function:work category=io\ncategory:io -group") == "main run helper throw"
    assert counting("category:io -group\nfunction:work category=io") == "main run work helper throw"
    assert (
        counting("function:run category=x\n[ category:x ] | app:yes -group")
        == "main run helper throw"
    )


def test_a_rule_may_bring_back_what_is_left_out_by_itself_but_not_a_library() -> None:
    loop = frame("nextTick", True, filename="queue.js")
    own = frame("f", True, filename="a.js")
    assert counting("function:none +group", own, loop, platform="node") == "f"
    assert counting("function:nextTick +group", own, loop, platform="node") == "f nextTick"
    lib = frame("lib", False, module="lib")
    assert counting("function:lib +group", frame("f", module="m"), lib) == "f"


def test_only_so_many_frames_count() -> None:
    assert counting("error.type:E max-frames=2") == "helper throw"
    assert counting("error.type:F max-frames=2") == "main run work helper throw"
    assert counting("function:* max-frames=2\nfunction:main max-frames=3") == "work helper throw"
    assert counting("function:helper -group\nerror.type:E max-frames=2") == "work throw"


def test_a_stack_that_is_too_short_does_not_count() -> None:
    assert counting("error.type:E min-frames=5") == "main run work helper throw"
    assert counting("error.type:E min-frames=6") == ""
    by_value = rules("error.type:E min-frames=6")
    one, other = (event("python", link("E", value, *STACK)) for value in ("lost", "found"))
    assert NONE.group(one).hash == NONE.group(other).hash
    assert by_value.group(by_value.seen(one)).hash != by_value.group(by_value.seen(other)).hash


def test_a_stack_may_be_the_other_way_round() -> None:
    assert counting("family:all invert-stacktrace=yes max-frames=2") == "run main"
    assert counting("family:all invert-stacktrace=yes\nfamily:all invert-stacktrace=no") == (
        "main run work helper throw"
    )


def test_all_links_of_a_chain_threads_and_messages_are_ruled() -> None:
    stack = {"frames": STACK}
    chain = event("python", link("A", "a", *STACK), link("B", "b", *STACK))
    assert all(calls_of(link.frames) == 4 for link in seen("function:run -group", chain).exceptions)
    only_b = seen("error.type:B function:run -group", chain)
    assert [calls_of(link.frames) for link in only_b.exceptions] == [5, 4]
    message = event("python", message="x", stacktrace=stack)
    assert calls_of(seen("function:run -group", message).frames) == 4
    thread = event("python", threads=[{"id": 1, "stacktrace": stack}])
    assert calls_of(seen("function:run -group", thread).threads[0].frames) == 4


def calls_of(stack: tuple[Frame, ...]) -> int:
    return len(calls.contributing(stack, "python", True))


def test_a_borrowed_stack_is_asked_whose_it_is() -> None:
    """Native clients put the stack of a lone exception into the thread that crashed."""
    threads = [{"id": 1, "crashed": True, "stacktrace": {"frames": STACK}}]
    one = event("native", link("SIGSEGV", "fault"), threads=threads)
    assert calls_of(seen("error.type:SIGSEGV function:run -group", one).threads[0].frames) == 4
    assert calls_of(seen("error.type:SIGBUS function:run -group", one).threads[0].frames) == 5


def test_titles_name_the_place_that_rules_leave() -> None:
    one = event("python", link("E", "v", *STACK))
    assert titles(one).culprit == "shop.throw in throw"
    assert titles(seen("function:throw -app\nfunction:helper -app", one)).culprit == (
        "shop.work in work"
    )


def test_an_event_no_rule_speaks_of_stays_as_it_is() -> None:
    one = event("python", link("E", "v", *STACK))
    after = seen("function:none -group\nfunction:run +app\nfunction:work category=x", one)
    assert after.exceptions[0].frames is one.exceptions[0].frames
    assert NONE.seen(one) is one and lt1.group(after) == lt1.group(one)


def test_a_rule_is_kept_as_it_was_written() -> None:
    rule = parse(" [ module:acme.web ]  |  stack.function:run  ^-group -group  # why not ")
    assert rule.text == "[ module:acme.web ] | stack.function:run ^-group -group"
    assert parse(rule.text) == rule


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("function:run", "an action is missing"), ("-group", "expected a matcher"),
        ("functoin:run -group", 'no matcher "functoin". Did you mean "function"?'),
        ("tags.x:1 -group", 'no matcher "tags.x"'), ("message:x -group", 'no matcher "message"'),
        ("function:run -grop", 'there is no action "-grop". Did you mean "group"?'),
        ("function:run +", "expected an action, got +"),
        ("function:run group", "expected an action"),
        ("function:run max-frame=3", 'no action "max-frame=". Did you mean "max-frames"?'),
        ("function:run max-frames=0", "a number from 1 to 1,000, not 0"),
        ("function:run max-frames=many", "a number from 1 to 1,000"),
        ("function:run invert-stacktrace=perhaps", "yes or no"),
        ("[ function:a ] function:b -group", "expected | behind ]"),
        ("[ function:a | function:b -group", "expected ] or a matcher, got |"),
        ("function:a|[function:b] -group", "put blanks around |"),
        ("[ ] | function:b -group", "a matcher is missing in [ ]"),
        ("function:a | function:b -group", "expected [ behind |"),
        ("[ error.type:E ] | function:b -group", "exceptions are asked outside"),
        ("[ function:a ] | -group", "expected a matcher"), ("", "expected a matcher"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_what_is_wrong_with_it(rule: str, says: str) -> None:
    with pytest.raises(RuleError) as error:
        parse(rule)
    assert says in str(error.value)


@given(st.text(alphabet='apfv.:*!"\\-+^# =[]|group', max_size=60) | st.text(max_size=60))
def test_any_line_is_a_rule_or_an_error(line: str) -> None:
    try:
        rule = parse(line)
    except RuleError as error:
        assert str(error)
    else:
        StackRules([rule]).applied(event("python", link("E", "v", *STACK)))


def test_a_huge_event_is_not_slow_under_many_rules() -> None:
    """An attacker chooses the frames: 50 exceptions of 250, none like another, and 100 threads."""

    def one(name: str) -> dict[str, Any]:
        return frame(f"f{name}" * 20, module=f"m{name}" * 20, filename=f"/a{name}b" * 20)

    calls = [[one(f"{at}.{n}") for n in range(250)] for at in range(50)]
    threads = [{"id": n, "stacktrace": {"frames": calls[n % 50]}} for n in range(100)]
    huge = event("python", *(link("E", "v", *stack) for stack in calls), threads=threads)
    many = [parse(f"path:**/a*{n}b*x{n}/** module:*m{n}* -group") for n in range(100)]
    many += [parse("app:yes ^-group"), parse("family:all v+group")] * 50
    hostile = Rules.of([fingerprint_rules.parse("module:*x* path:**a*b*c -> x")] * 200, many)
    start = time.process_time()
    hostile.group(hostile.seen(huge))
    assert time.process_time() - start < 5  # 0.3 s where nothing else runs
