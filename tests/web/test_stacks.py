"""A stack as people read it: folded, counted, opened where it crashed, within a budget."""

from typing import Any

import pytest

from lighttrace.event.model import Frame, Ruled
from lighttrace.web import stacks
from lighttrace.web.stacks import Budget, Call, Fold, Gap


def own(name: str = "f", **over: Any) -> Frame:
    fields = {"function": name, "filename": "shop/cart.py", "lineno": 7, "in_app": True}
    return Frame(**{**fields, **over})


def foreign(package: str = "flask", **over: Any) -> Frame:
    path = f"/venv/site-packages/{package}/app.py"
    fields = {"function": "run", "filename": f"{package}/app.py", "abs_path": path}
    return Frame(**{**fields, "lineno": 1, "in_app": False, **over})


def entries(*calls: Frame, **options: Any) -> list[Call | Fold | Gap]:
    budget = options.pop("budget", None) or Budget()
    return list(stacks.stack(calls, "e0", "python", budget, main=True, **options).entries)


def test_the_newest_call_comes_first_and_library_calls_are_one_line():
    first, fold = entries(foreign("celery"), foreign("flask"), own("total"))
    assert isinstance(first, Call) and (first.function, first.opened) == ("total", True)
    assert isinstance(fold, Fold) and fold.words == "2 frames in flask, celery"


def test_where_a_rule_turned_round_what_the_sdk_said_is_marked():
    said_no, said_yes = Ruled(said=False, app_by="+app"), Ruled(said=True, app_by="-app")
    crash, mine, theirs = entries(
        own("theirs", in_app=False, ruled=said_yes), own("mine", ruled=said_no), own("crash")
    )
    assert isinstance(mine, Call) and mine.pill == "yours by a rule"
    assert isinstance(theirs, Call) and theirs.pill == "not yours by a rule"
    assert isinstance(crash, Call) and crash.pill == "crashed here"


def test_a_single_library_call_needs_no_folding():
    assert [type(it) for it in entries(own("a"), foreign(), own("b"))] == [Call, Call, Call]


def test_a_stack_of_only_library_calls_is_not_folded():
    found = entries(foreign("a"), foreign("b"), foreign("c"))
    assert [type(it) for it in found] == [Call] * 3


def test_asking_for_all_folds_nothing():
    budget = Budget(every=True)
    assert len(entries(foreign("a"), foreign("b"), own(), budget=budget)) == 3


def test_what_crashed_in_a_library_says_from_where_it_was_called():
    fold, call = entries(own("checkout"), foreign(), foreign())
    assert isinstance(fold, Fold) and isinstance(call, Call)
    assert (call.pill, call.opened) == ("called from here", True)


def test_recursion_is_said_once():
    first, again = entries(*(own("down") for _ in range(40)))
    assert isinstance(first, Call) and isinstance(again, Call)
    assert (first.opened, first.times, again.times) == (True, 1, 39)


def test_calls_that_were_cut_out_leave_a_gap():
    calls = [own(f"f{at}", lineno=at) for at in range(stacks.OLDEST + 5)]
    found = entries(*calls, omitted=700)
    at = next(place for place, it in enumerate(found) if isinstance(it, Gap))
    assert found[at] == Gap(700)
    older = found[at + 1]
    assert isinstance(older, Call) and older.key == f"e0-{stacks.OLDEST - 1}"


def test_a_thousand_calls_stay_a_small_page_and_the_rest_is_fetched():
    source = ["x" * 100] * 5
    calls = [
        own(f"f{at}", lineno=at, pre_context=source, context_line="y" * 100, post_context=source)
        for at in range(1000)
    ]
    found = [it for it in entries(*calls) if isinstance(it, Call)]
    with_source = [it for it in found if it.lines]
    assert len(with_source) < 30 and found[0].lines
    assert all(it.lazy for it in found if not it.lines)
    late = stacks.one(calls, 3, "e0-3", "python")
    assert late is not None and late.opened and late.lines
    assert stacks.one(calls, 1000, "e0-1000", "python") is None


def test_variables_tell_nothing_from_empty():
    call = stacks.one([own(vars={"a": None, "b": "", "c": "3"})], 0, "e0-0", "python")
    assert call is not None
    assert [(it.name, it.value, it.missing) for it in call.variables] == [
        ("a", "None", True),
        ("b", '""', False),
        ("c", "3", False),
    ]


@pytest.mark.parametrize(
    ("frame", "platform", "expected"),
    [
        (Frame(filename="shop/cart.py", lineno=7), "python", ("shop/", "cart.py:7")),
        (
            Frame(filename="webpack://app/./src/a.tsx", lineno=3, colno=9),
            "javascript",
            ("app/./src/", "a.tsx:3:9"),
        ),
        (Frame(filename="app:///main.js?v=1", lineno=3), "node", ("", "main.js:3")),
        (Frame(filename="C:\\shop\\a.cs", lineno=3), "csharp", ("C:/shop/", "a.cs:3")),
        (
            Frame(filename="Cart.kt", module="com.shop.Cart", lineno=3),
            "java",
            ("com.shop.", "Cart.kt:3"),
        ),
        (Frame(filename="<unknown>", package="/usr/lib/libc.so"), "native", ("", "libc.so")),
        (Frame(), "python", ("", "")),
    ],
)
def test_where_a_call_is(frame: Frame, platform: str, expected: tuple[str, str]):
    assert stacks.where(frame, platform) == expected


@pytest.mark.parametrize(
    ("path", "module", "platform", "expected"),
    [
        ("/app/node_modules/@scope/pack/x.js", None, "node", "@scope/pack"),
        ("node:internal/timers", None, "node", "node"),
        ("/go/pkg/mod/github.com/a/gin@v1.9/x.go", None, "go", "gin"),
        ("/usr/lib/ruby/gems/3.3.0/gems/rack-3.1.0/lib/x.rb", None, "ruby", "rack"),
        ("/srv/vendor/laravel/framework/x.php", None, "php", "laravel/framework"),
        ("Handler.java", "android.os.Handler", "java", "android.os"),
        ("", None, "python", "libraries"),
    ],
)
def test_what_a_library_call_belongs_to(
    path: str, module: str | None, platform: str, expected: str
):
    assert stacks.library(Frame(abs_path=path, module=module), platform) == expected
