"""Which function a place of an original file is in, against other readers of the same text."""

import json
import re
import subprocess
from bisect import bisect_right
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.sourcemaps.decode import decode
from lighttrace.sourcemaps.functions import Call, names
from lighttrace.sourcemaps.scopes import changes
from lighttrace.sourcemaps.table import Table
from tests.sourcemaps.conftest import HERE, node


def function_at(source: str, place: str, path: str = "a.tsx") -> str | None:
    """The function at the first `place` of a text."""
    found = changes(path, source)
    at = source.index(place)
    line, column = source.count("\n", 0, at), at - (source.rfind("\n", 0, at) + 1)
    index = bisect_right([(it.line, it.column) for it in found], (line, column)) - 1
    return found[index].name if found else None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("function pay() { HERE }", "pay"),
        ("async function* pay<T extends (x: T) => {}>(a: T): AsyncGenerator<T> { HERE }", "pay"),
        ("const pay = () => { HERE }", "pay"),
        ("const pay = async (a, b) => HERE", "pay"),
        ("const pay = amount => HERE;", "pay"),
        ("let a = 1, pay = function () { HERE }", "pay"),
        ("const pay: Handler<{ a: string }, void>[] = (x) => HERE", "pay"),
        ("const pay: (a: A) => B = (a): B | (() => C) => { HERE }", "pay"),
        ("var pay = function charge() { HERE }", "charge"),
        ("self.pay = exports.pay = () => HERE", "pay"),
        ("Ledger.prototype.book = function () { HERE }", "Ledger.book"),
        ("Ledger.book = () => HERE", "Ledger.book"),
        ("const api = { pay() { HERE } }", "pay"),
        ("const api = { async *pay(a) { HERE } }", "pay"),
        ("const api = { get total() { HERE } }", "total"),
        ("const api = { pay: async (a) => HERE }", "pay"),
        ("const api = { 'pay now': function () { HERE } }", "pay now"),
        ("const api = { class() { HERE } }", "class"),
        ("const api = { function: 1, class: () => HERE }", "class"),
        ("class Cart { delete() { HERE } }", "Cart.delete"),
        ("class Cart { pay(a: A): { b: B } { HERE } }", "Cart.pay"),
        ("class Cart extends Base<{ a: A }> { static async #pay() { HERE } }", "Cart.#pay"),
        ("class Cart { private pay = async (a: A): Promise<A> => { HERE } }", "Cart.pay"),
        ("class Cart { pay: Handler = (a) => HERE }", "Cart.pay"),
        ("class Cart { a = 1\n get(x) { HERE } }", "Cart.get"),
        ("class Cart { constructor(private a: A) { HERE } }", "new Cart"),
        ("const Basket = class { pay() { HERE } }", "Basket.pay"),
        ("const View = ({ a }: Props) => <b>Don't {HERE}</b>", "View"),
        ("function View() { return <a on={() => 1} b='>'>it's {HERE} {'}'}</a> }", "View"),
        ("function pay(a = () => 1) { return a ? (b) : HERE }", "pay"),
        ("const pay = a => b ? c => d : HERE", "pay"),
        ("const half = 4 / 2; const pay = () => /[/}]/g.test(HERE)", "pay"),
        ("const pay = () => `a ${`b ${{ x }.x} }`} ${HERE}`", "pay"),
        ("const pay = () => a\n  .b(HERE)\nconst x = 1", "pay"),
        ("const pay = () => 1\nconst x = HERE", ""),
        ("function pay() {}\nHERE", ""),
        ("list.map((x) => HERE)", ""),
        ("pay(function () { HERE })", ""),
        ("memo(() => HERE)", ""),
        ("export default () => HERE", ""),
        ("module.exports = function () { HERE }", ""),
        ("const value = (function () { return HERE })()", ""),
        ("const value = function () { return HERE }()", ""),
        ("const value = a ? () => HERE : b", ""),
        ("class Cart { static { HERE } }", ""),
        ("function pay() { list.map((x) => HERE) }", ""),
        ("'unfinished\nfunction pay() { HERE }", None),
        ("function pay() { HERE", None),
        ("function pay() { HERE ) }", None),
    ],
)
def test_a_function_has_the_name_that_people_gave_it(source, name):
    assert function_at(source, "HERE") == name


def test_a_component_has_the_functions_of_its_scripts():
    text = """<template><a @click="pay('it')">It's {{ total( }}</a></template>
<script lang="ts">export default { methods: { load() { LOAD } } }</script>
<script setup lang="ts">
const pay = (a: A): B => <B>{ PAY }
</script>
<style>a { color: red }</style>"""
    found = {it: function_at(text, it, "src/App.vue") for it in ("total", "LOAD", "PAY", "color")}
    assert found == {"total": "", "LOAD": "load", "PAY": "pay", "color": ""}


def test_only_scripts_have_functions():
    assert changes("src/style.css", "a { b: c }") == []
    assert function_at("function pay() { HERE }", "HERE", "webpack/bootstrap") == "pay"
    assert function_at("const pay = <T>(a: T) => HERE", "HERE", "a.ts") == "pay"


def test_columns_are_counted_as_javascript_counts_them():
    found = changes("a.js", "const a = '🛒🛒', pay = () => { b }")
    assert [(it.column, it.name) for it in found] == [(0, ""), (24, "pay"), (35, "")]


@pytest.mark.xdist_group("builds")
def test_another_parser_sees_the_same_functions(node_modules):
    """TypeScript's parser, over sources of our own and of packages: no name is wrong."""
    files = [path for path in (HERE / "shop").iterdir()]
    for folder in ("webpack/lib", "terser/lib", "jose/dist/webapi", "koa/lib", "rollup/dist/es"):
        files += sorted((node_modules / folder).rglob("*.js"))[:90]
    listed = "\n".join(map(str, files))
    ran = subprocess.run(
        ["node", str(HERE / "names.mjs")], input=listed, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    seen: Counter[str] = Counter()
    wrong = []
    for file, places in json.loads(ran.stdout).items():
        found = changes(file, Path(file).read_text("utf-8"))
        starts = [(it.line, it.column) for it in found]
        for line, column, name in places:
            ours = found[bisect_right(starts, (line, column)) - 1].name if found else None
            seen["unknown" if ours is None else "named" if ours else "nameless"] += 1
            if ours not in (None, name):
                wrong.append((file, line + 1, column, name, ours))
    assert wrong == []
    assert seen["named"] > 50_000
    assert seen["nameless"] > 10_000
    assert seen["unknown"] < seen.total() / 1000


FRAME = re.compile(r"^\s+at (?:(.*?)(?: \[as \w+\])? \()?(?:file://)?([^\s()]+):(\d+):(\d+)\)?$")
BUILDS = ("esbuild", "terser", "rollup", "vite", "webpack", "tsc")


def stacks(build: Path, *, texts: bool = True) -> dict[str, list[tuple[str, str | None]]]:
    """For each failure of a build: what V8 calls each frame, and what we do. Oldest first.
    `texts`: whether the maps have those of the sources; else there is the script.
    """

    def table_of(script: Path) -> Table:
        data = Path(f"{script}.map").read_bytes()
        if texts:
            return decode(data).table
        a_map = json.loads(data)
        a_map.pop("sourcesContent")
        return decode(json.dumps(a_map).encode(), script=script.read_text("utf-8")).table

    told = {}
    tables: dict[str, Table] = {}
    for failure, stack in json.loads(node("stacks.mjs", build / "main.js")).items():
        calls = []
        for line in reversed(stack.splitlines()):
            frame = FRAME.match(line)
            if frame and frame[2].startswith(str(build)):
                if frame[2] not in tables:
                    tables[frame[2]] = table_of(Path(frame[2]))
                token = tables[frame[2]].find(int(frame[3]) - 1, int(frame[4]) - 1)
                calls.append(Call(token, frame[1]))
        told[failure] = [
            (it.function or "", name) for it, name in zip(calls, names(calls), strict=True)
        ]
    return told


@pytest.fixture(scope="session")
def plain(builds: Path) -> dict[str, list[tuple[str, str | None]]]:
    return stacks(builds / "plain")


def bare(name: str) -> str:
    return re.sub(r"^(?:(?:async|new|get|set) )+", "", name).rpartition(".")[2].lstrip("_")


@pytest.mark.xdist_group("builds")
@pytest.mark.parametrize("bundler", BUILDS)
def test_frames_of_a_minified_program_are_called_as_those_of_the_plain_one(bundler, builds, plain):
    right = 0
    for failure, frames in stacks(builds / bundler).items():
        real = {bare(function).rstrip("2") for function, _ in plain[failure]}
        wrong = [
            (function, ours)
            for function, ours in frames
            # what is compiled to an older language calls a constructor more
            if ours is not None and bare(ours) not in real | {bare(function)}
        ]
        assert wrong == [], failure
        right += sum(ours is not None for _, ours in frames)
    assert right >= 70


@pytest.mark.xdist_group("builds")
@pytest.mark.parametrize(("bundler", "fewest"), [("esbuild", 70), ("vite", 70), ("webpack", 40)])
def test_without_texts_most_frames_still_have_their_names(bundler, fewest, builds, plain):
    """Minifiers put functions into others, which no map tells: then it is the other one's."""
    right, wrong = 0, []
    for failure, frames in stacks(builds / bundler, texts=False).items():
        real = {bare(function).rstrip("2") for function, _ in plain[failure]}
        named = [bare(ours) for _, ours in frames if ours is not None]
        wrong += [ours for ours in named if ours not in real]
        right += sum(ours in real for ours in named)
    assert right >= fewest
    assert set(wrong) <= {"bill", "inner"}  # a key, and a variable that took another's place


@given(st.text("ab(){}[]<>=:;,.`'\"/\\*$?|\n \u2028é🛒1", max_size=60))
def test_any_text_has_changes_in_order_or_none(text):
    for path in ("a.js", "a.ts"):
        found = changes(path, text)
        places = [(it.line, it.column) for it in found]
        assert places == sorted(set(places))


PIECES = st.sampled_from(
    [
        *("function f", "class A", "=>", "(", ")", "{", "}", "<", ">", ":", "a", "=", "async "),
        *("get ", "[", "]", "`", "${", "/", "'", ",", ";", "?", "\n", "x.y", "const ", "|"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_pieces_of_programs_have_changes_in_order_or_none(text):
    places = [(it.line, it.column) for it in changes("a.tsx", text)]
    assert places == sorted(set(places))


@pytest.mark.parametrize(
    "piece", ["a=>", ">()", "(a):", "function f():a ", "class A ", "a=b:c=", "x:T|", "a.b", "f<"]
)
def test_a_hostile_file_is_given_up(piece):
    """What would take minutes, if each piece looked at all that follow, takes no time."""
    changes("a.ts", "{" + piece * 20_000 + "()=>1}")
