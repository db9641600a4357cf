"""Which commits are suspected, by the files of the stack."""

from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.model import Frame
from lighttrace.event.source_links import NO_RULES, Rules, prefix
from lighttrace.event.suspects import Change, Suspect, suspects

CRASH = Frame(filename="src/checkout.tsx", lineno=145)
CALLER = Frame(filename="src/cart/PlaceOrder.tsx", lineno=62)


def change(sha: str, *paths: str, at: int = 0, who: str = "tove@example.com") -> Change:
    return Change(sha, f"Change {sha}\n\nand more", "Tove", who, at, paths)


def found(*changes: Change, calls: tuple[Frame, ...] = (CRASH, CALLER), rules: Rules = NO_RULES):
    some = suspects(calls, "javascript", changes, rules)
    return [(it.change.sha, it.file, it.frame) for it in some]


def test_the_commit_that_touched_the_crashing_file_comes_first_then_the_newest():
    assert found(
        change("a", "apps/web/src/cart/PlaceOrder.tsx", at=9),
        change("b", "apps/web/src/checkout.tsx", at=1),
        change("c", "README.md", at=8),
        change("d", "apps/web/src/checkout.tsx", "x.ts", at=5),
    ) == [
        ("d", "apps/web/src/checkout.tsx", 1),
        ("b", "apps/web/src/checkout.tsx", 1),
        ("a", "apps/web/src/cart/PlaceOrder.tsx", 2),
    ]


def test_three_at_most_and_each_once_with_its_best_frame():
    both = ("src/cart/PlaceOrder.tsx", "src/checkout.tsx")
    shown = found(*(change(str(n), *both, at=n) for n in range(9)))
    assert shown == [(sha, "src/checkout.tsx", 1) for sha in "876"]


def test_a_name_alone_counts_only_if_one_file_is_called_so():
    bare = (Frame(filename="api.py"),)
    assert found(change("a", "shop/api.py"), calls=bare) == [("a", "shop/api.py", 1)]
    assert found(change("a", "shop/api.py"), change("b", "till/api.py"), calls=bare) == []
    other = (Frame(filename="src/index.ts"),)
    assert found(change("a", "lib/index.ts"), change("b", "web/index.ts"), calls=other) == []


def test_the_longest_common_end_decides_between_files_of_one_name():
    calls = (Frame(abs_path="/app/web/src/index.ts"),)
    paths = change("a", "admin/src/index.ts"), change("b", "web/src/index.ts")
    assert found(*paths, calls=calls) == [("b", "web/src/index.ts", 1)]


def test_a_rule_and_a_java_class_lead_to_their_file():
    calls = (Frame(filename="App.java", module="com.example.shop.App", platform="java"),)
    path = "app/src/main/java/com/example/shop/App.java"
    others = change("b", "com/example/till/App.java")
    assert found(change("a", path), others, calls=calls) == [("a", path, 1)]
    rules = Rules(paths=(prefix("src/ => web/"),))
    ruled = change("a", "old/src/checkout.tsx"), change("b", "web/checkout.tsx")
    assert found(*ruled, calls=(CRASH,))[0][0] == "a"
    assert found(*ruled, calls=(CRASH,), rules=rules) == [("b", "web/checkout.tsx", 1)]


def test_without_files_the_authors_of_the_release_are_named_and_called_weak():
    some = [change("a", who="a@x.example"), change("b", who="A@x.example"), change("c", who="b@x")]
    shown = suspects([CRASH], "javascript", some, NO_RULES)
    assert [(it.change.sha, it.is_weak) for it in shown] == [("a", True), ("c", True)]
    assert suspects([CRASH], "javascript", [Change("x")], NO_RULES) == ()


def test_files_that_are_told_and_touch_nothing_accuse_nobody():
    assert found(change("a", "README.md"), change("b")) == []
    assert found(change("a", "src/checkout.tsx"), calls=()) == []


@given(
    st.lists(st.text(max_size=20), max_size=5),
    st.lists(st.text(max_size=20), max_size=5),
)
def test_whatever_is_told_is_taken(names: list[str], paths: list[str]):
    calls = [Frame(filename=name, abs_path=name, module=name) for name in names]
    shown = suspects(calls, "python", [Change("a", paths=tuple(paths))], NO_RULES)
    assert all(isinstance(it, Suspect) and it.file in paths for it in shown)


def test_the_first_line_is_the_subject():
    assert change("a").subject == "Change a"
    assert Change("a", "\n\nLate\nx").subject == "Late"
