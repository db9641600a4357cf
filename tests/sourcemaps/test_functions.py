"""The name of a function: right when it is given, none when nobody can know."""

import json

import pytest

from lighttrace.sourcemaps.decode import decode
from lighttrace.sourcemaps.functions import Call, names
from lighttrace.sourcemaps.table import Table, Token
from tests.sourcemaps.test_decode import BROWSER
from tests.sourcemaps.vlq import source_map


def call(called: str | None, function: str | None, around: str | None = None) -> Call:
    return Call(Token(0, 1, 1, called, around), function)


def test_the_function_around_a_place_names_its_frame():
    stack = [call("click", "?", ""), call("fn", "t", "submitOrder"), call(None, "e", "Cart.pay")]
    assert names(stack) == [None, "submitOrder", "Cart.pay"]


def test_without_the_text_what_is_called_names_the_frame_that_is_called():
    stack = [call("click", "?"), call("submitOrder", "t"), call("Order", "u"), call(None, "new S")]
    assert names(stack) == [None, "click", "submitOrder", "Order"]


def test_a_callback_does_not_get_the_name_of_the_parameter_it_was():
    for function in ("<anonymous>", "?", "", None, "Array.<anonymous>", "total", "Object.total"):
        assert names([call("callback", "r"), call(None, function)]) == [None, None]
    assert names([call("callback", "r"), call(None, "t", "")]) == [None, None]


def test_a_frame_that_waits_does_not_say_whom_it_called():
    assert names([call("save", "async r"), call(None, "t")]) == [None, None]


def test_no_name_comes_from_a_frame_without_a_map():
    assert names([Call(None, "x"), call(None, "t"), Call(None, "y")]) == [None, None, None]
    assert names([call("pay", "x"), Call(Token(-1, -1, -1, None, None), "y")]) == [None, None]
    assert names([]) == []


def test_a_table_knows_the_functions_of_its_sources():
    text = "const pay = () => {\n  fail()\n}\npay(function () { fail() })"
    lines = [[(0, 0, 0, 0), (4, 0, 1, 2, 0), (6, 0, 3, 0, 0), (8, 0, 3, 18), (9, 1, 0, 0)]]
    given = decode(
        source_map(lines, sources=["a.ts", "b.ts"], sourcesContent=[text], names=["pay", "pay"])
    )
    for table in (given.table, Table.from_bytes(given.table.to_bytes())):
        found = [table.find(0, column) for column in (0, 4, 6, 8, 9)]
        assert [token and token.function for token in found] == ["", "pay", "", "", None]


def test_without_the_text_of_a_source_the_script_says_what_it_can():
    """A map has the names of what was renamed, and the script says where functions are."""
    script = "class t{#a(){x}book(){x}}const n=()=>{x};f(()=>x);function long(){x}var o=()=>x"
    at = {name: script.index(name) for name in ("t{", "#a", "book", "n=", "long", "x}book")}
    lines = [
        sorted(
            [
                (0, 0, 0, 0),
                (at["t{"], 0, 0, 6, 0),
                (at["#a"], 0, 1, 0, 1),
                (at["book"], 0, 2, 0),
                (at["n="], 0, 3, 0, 2),
                (at["long"], 0, 4, 0),
            ]
        )
    ]
    data = source_map(lines, sources=["a.ts"], names=["Cart", "#pay", "total"])
    table = decode(data, script=script).table
    places = [index for index in range(len(script)) if script.startswith("x", index)]
    found = [table.find(0, column) for column in places]
    assert [it and it.function for it in found] == [
        "Cart.#pay",
        "Cart.book",
        "total",
        "",
        "long",
        "",
    ]
    assert decode(data).table.find(0, places[0]) == Token(0, 1, 0, "#pay", None)


def test_a_text_that_came_apart_from_its_map_counts():
    lines = [[(0, 0, 0, 20, 0)]]
    decoded = decode(source_map(lines), text_of={"src/a.ts": "const pay = () => { fail() }"}.get)
    assert decoded.sources[0].content == "const pay = () => { fail() }"
    assert decoded.table.find(0, 0) == Token(0, 0, 20, "pay", "pay")


@pytest.mark.parametrize("texts", [True, False])
def test_the_stack_of_a_real_browser_has_the_names_of_its_sources(texts):
    """Without the texts, the handler that the minifier left without a name has none either."""
    a_map = json.loads((BROWSER / "main.js.map").read_bytes())
    if not texts:
        del a_map["sourcesContent"]
    script = (BROWSER / "main.js").read_text("utf-8")
    table = decode(json.dumps(a_map).encode(), script=script).table
    frames = json.loads((BROWSER / "expected_positions.json").read_bytes())["checkout_error"][::-1]
    places = [(line - 1, column - 1) for line, column in (it["minified"] for it in frames)]
    calls = [Call(table.find(*at), it["function"]) for at, it in zip(places, frames, strict=True)]
    expected = [it["original_function"] for it in frames]
    assert expected == [None, "click", "onPay", "submitOrder", "shippingLabel"]
    assert names(calls) == [it if texts or it != "onPay" else None for it in expected]
