"""Mappings against what ProGuard's own ReTrace makes of the same stacks, after what R8's
documentation says of its format, and against whatever a file may hold.

`tests/data/jvm` is a small shop, built twice by ProGuard: with calls inlined, and without and under
other names; the stacks are of both jars as they ran.
"""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps import proguard, retrace
from lighttrace.sourcemaps.retrace import Mapping, Place

DATA = Path(__file__).parents[1] / "data" / "jvm"
CALL = re.compile(r"\tat (\S+)\.(\S+)\((\S+):(\d+)\)")
R8 = """\
# compiler: R8
# {"id":"com.android.tools.r8.mapping","version":"2.2"}
com.shop.Cart -> a.a:
# {"id":"sourceFile","fileName":"Cart.kt"}
    int size -> a
    1:4:void add(com.shop.Item,int):10:13 -> a
      # {"id":"com.android.tools.r8.residualsignature","signature":"(Lb;I)V"}
    5:5:int com.shop.ItemKt.price(com.shop.Item):7:7 -> a
    5:5:void sum():21 -> a
    6:6:void access$sum(com.shop.Cart):0:0 -> a
    # {"id":"com.android.tools.r8.synthesized"}
    void clear() -> b
    boolean isEmpty() -> b
    1:1:void lambda$new$0():30:30 -> a$$c
com.shop.ItemKt -> a.b:
# {"id":"sourceFile","fileName":"Items.kt"}
com.shop.Outlined -> a.c:
    1:2:int some.outline():0:0 -> a
# {"id":"com.android.tools.r8.outline"}
    4:4:int outlineCaller(int):98:98 -> s
    5:5:int outlineCaller(int):100:100 -> s
    27:27:int outlineCaller(int):0:0 -> s
# {"id":"com.android.tools.r8.outlineCallsite","positions":{"1":4,"2":5},"outline":"La/c;a()I"}
"""


def mapping(text: str | bytes) -> Mapping:
    return Mapping(retrace.build(text if isinstance(text, bytes) else text.encode()))


def places(of: Mapping, name: str, function: str, line: int | None) -> list[Place]:
    found = of.find(name)
    assert found is not None
    return retrace.places(found, retrace.spans(found, function, line), line)


def calls(stack: str) -> list[tuple[str, str, int]]:
    return [(cls, function, int(line)) for cls, function, _, line in CALL.findall(stack)]


@pytest.mark.parametrize("build", ["build1", "build2"])
def test_a_stack_reads_as_the_tools_own_retrace_has_it(build):
    shop = mapping((DATA / f"{build}.mapping.txt").read_bytes())
    made = [
        (it.holder, it.function, it.line)
        for cls, function, line in calls((DATA / f"{build}.stack.txt").read_text())
        for it in places(shop, cls, function, line)
    ]
    assert made == calls((DATA / f"{build}.retraced.txt").read_text())
    assert len(made) == 6


def test_inlined_calls_come_innermost_first_and_in_their_own_files():
    assert places(mapping(R8), "a.a", "a", 5) == [
        Place("com.shop.ItemKt", "price", 7, "Items.kt"),
        Place("com.shop.Cart", "sum", 21, "Cart.kt"),
    ]


def test_a_line_moves_with_its_range_and_stays_within():
    cart = mapping(R8)
    assert [places(cart, "a.a", "a", line)[0].line for line in (1, 3, 4)] == [10, 12, 13]
    found = cart.find("a.a")
    assert found is not None
    assert retrace.spans(found, "a", 99) == []


def test_what_may_be_several_says_so():
    cart = mapping(R8)
    assert places(cart, "a.a", "b", None) == [
        Place("com.shop.Cart", "clear or isEmpty", None, "Cart.kt")
    ]
    assert places(cart, "a.a", "b", 44)[0].line == 44
    assert places(cart, "a.a", "a", None)[0].function == "access$sum or add or sum"


def test_lambdas_and_classes_without_members_are_found():
    assert places(mapping(R8), "a.a", "a$$c", 1)[0].function == "lambda$new$0"
    found = mapping(R8).find("a.b")
    assert found is not None
    assert found.name == "com.shop.ItemKt"
    assert mapping(R8).find("a.zz") is None
    assert mapping(R8).find("") is None


def test_lines_may_end_as_on_windows():
    cart = mapping(R8.replace("\n", "\r\n"))
    assert places(cart, "a.a", "a", 5) == places(mapping(R8), "a.a", "a", 5)


def test_classes_are_found_in_many_blocks():
    text = "".join(
        f"com.shop.C{n} -> a.{n}:\n    1:9:void run{n}(int):10:18 -> a\n" for n in range(5000)
    )
    many = mapping(text)
    for n in (0, 1, 7, 299, 300, 2500, 4999):
        assert places(many, f"a.{n}", "a", 2) == [Place(f"com.shop.C{n}", f"run{n}", 11, "")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no mapping"),
        (b'{"version": 3, "mappings": ""}', "no mapping"),
        (b"a -> b:\n" + b"    " * proguard.MOST_LINE_BYTES, "longer than"),
        (b"a -> b:\n" + b"    int x -> y\n" * 400_000, "more than 4 MiB"),
    ],
)
def test_what_is_no_mapping_ends_in_a_sentence(text, says):
    with pytest.raises(SourceMapError, match=says):
        retrace.build(text)


def test_a_damaged_table_ends_in_a_sentence():
    data = retrace.build(R8.encode())
    for broken in (b"", data[:10], data[:-1], b"LTR1" + data[5:], data + b"x"):
        with pytest.raises(SourceMapError, match="damaged"):
            Mapping(broken)


def test_a_mapping_is_told_from_other_files():
    assert proguard.is_one(R8.encode())
    assert not proguard.is_one(b"PK\3\4")
    assert not proguard.is_one((DATA / "sources.zip").read_bytes())
    assert not proguard.is_one(b'{"a": "x -> y:"}')


LINES = st.sampled_from(
    [
        *R8.splitlines(),
        *(
            "a -> b:",
            " -> :",
            "x -> y",
            "    -> a",
            "    1:2:void m():3 -> a",
            "    m() -> a",
            "    int m() -> a",
            "# {",
        ),
        *("    9:1:void m():5:1 -> a", "    1:²:void m() -> a", "    99999999999:1:void m() -> a"),
        *('# {"id":"com.android.tools.r8.outlineCallsite","positions":{"1":[],"x":2}}', "# []"),
        '# {"id":"com.android.tools.r8.outlineCallsite","positions":7}',
    ]
)


@given(
    st.lists(LINES | st.text(max_size=40), max_size=60).map("\n".join).map(str.encode)
    | st.binary(max_size=200)
)
def test_whatever_a_file_holds_becomes_a_table_or_a_sentence(data):
    try:
        table = Mapping(retrace.build(data))
    except SourceMapError:
        return
    for name, cls in proguard.classes(data):
        found = table.find(name)
        if "\ufffd" not in name:
            assert found == cls
        for function in cls.methods:
            for line in (None, 1, 5, 2**31):
                spans = retrace.spans(cls, function, line)
                for place in retrace.places(cls, spans, line) if spans else ():
                    assert place.line is None or place.line > 0
