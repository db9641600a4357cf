"""Globs: what they stand for, and that nobody can make them slow."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.grouping.globs import compiled, compiled_path


@pytest.mark.parametrize(
    ("glob", "text", "holds"),
    [
        ("KeyError", "KeyError", True), ("KeyError", "KeyErrors", False), ("", "", True),
        ("*", "", True), ("*", "a\nb", True), ("Db*", "DbDown", True), ("Db*", "db", False),
        ("*Error", "KeyError", True), ("*Error", "Errors", False), ("*a*", "xay", True),
        ("a*a", "a", False), ("a*a", "aa", True), ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False), ("***", "x", True), ("a.c", "abc", False),
        ("a[b]?", "a[b]?", True), ("a/*", "a/b/c", True),
    ],
)  # fmt: skip
def test_a_star_is_anything_and_the_rest_is_itself(glob: str, text: str, holds: bool) -> None:
    assert compiled(glob)(text) is holds


@pytest.mark.parametrize(
    ("glob", "text", "holds"),
    [
        ("**/generated/**", "/srv/a/generated/b.py", True),
        ("**/generated/**", "generated/b.py", True),  # tested with a leading slash as well
        ("/app/*.py", "/app/a.py", True), ("/app/*.py", "/app/b/a.py", False),
        ("/app/**.py", "/app/b/a.py", True), ("*.py", "a.py", True), ("*.py", "b/a.py", False),
        ("**/checkout/*Button.tsx", "/x/checkout/a/checkout/PayButton.tsx", True),
        ("**/checkout/*Button.tsx", "/x/checkout/a/PayButton.tsx", False),
        ("**/a/*/c/**", "/a/b/b/a/b/c/d", True), ("/a*/b", "/a/b", True),
        ("c:\\app\\*", "c:/app/x.cs", True), ("/*/x", "//x", True),
    ],
)  # fmt: skip
def test_in_a_path_one_star_stays_in_its_folder(glob: str, text: str, holds: bool) -> None:
    assert compiled_path(glob)(text) is holds


def plainly(glob: str, text: str, folders: bool) -> bool:
    """What globs mean, without any haste."""
    if not glob:
        return not text
    if glob.startswith("**") or (glob.startswith("*") and not folders):
        rest = glob.lstrip("*")
        return any(plainly(rest, text[at:], folders) for at in range(len(text) + 1))
    if glob.startswith("*"):
        reach = text.partition("/")[0]
        return any(plainly(glob[1:], text[at:], folders) for at in range(len(reach) + 1))
    return text[:1] == glob[0] and plainly(glob[1:], text[1:], folders)


@given(st.text("ab*/", max_size=8), st.text("ab/", max_size=9))
def test_a_quick_glob_says_what_a_plain_one_does(glob: str, text: str) -> None:
    assert compiled(glob)(text) is plainly(glob, text, folders=False)
    path = glob.replace("***", "**")
    leading = not text.startswith("/") and plainly(path, "/" + text, folders=True)
    assert compiled_path(path)(text) is (plainly(path, text, folders=True) or leading)


@pytest.mark.parametrize(
    "glob",
    ["*a" * 200 + "b", "**a*" * 100 + "b", "**a*c*b", "**/a*" * 80, "*" * 400, "**a" * 150 + "*b"],
)
def test_no_glob_is_slow_on_hostile_text(glob: str) -> None:
    tests = [compiled(glob), compiled_path(glob)]
    hostile = ["a" * 1024, "/a" * 512, "a" * 1000 + "/cb", "ab" * 500 + "c"]
    start = time.process_time()
    for test in tests:
        for text in hostile:
            test(text)
    assert time.process_time() - start < 0.5  # 16 tests; a nested quantifier would take years
