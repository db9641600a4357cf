"""Maps as tools write them, and as nobody should."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.decode import debug_id, decode
from lighttrace.sourcemaps.table import Token
from tests.sourcemaps.vlq import mappings, source_map

BROWSER = Path(__file__).parents[1] / "data" / "sourcemaps" / "browser"


def refused(data: bytes) -> str:
    with pytest.raises(SourceMapError) as told:
        decode(data)
    return str(told.value)


def test_a_place_of_the_bundle_is_a_place_of_the_sources():
    shop = decode((BROWSER / "main.js.map").read_bytes())
    expected = json.loads((BROWSER / "expected_positions.json").read_bytes())["checkout_error"]
    found = []
    for frame in expected:
        line, column = frame["minified"]
        token = shop.table.find(line - 1, column - 1)
        assert token is not None
        found.append((shop.sources[token.source].path, token.line + 1, token.column))
    assert found == [
        (frame["source"].removeprefix("../../"), frame["line"], frame["column"])
        for frame in expected
    ]
    assert shop.debug_id == "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad"


def test_a_place_belongs_to_the_last_mapping_before_it_on_its_line():
    table = decode(source_map([[(2, 0, 7, 1, 0), (9, 0, 8, 0), (20,)], [], [(4, 0, 9, 9)]])).table
    assert table.find(0, 1) is None
    assert table.find(0, 2) == table.find(0, 8) == Token(0, 7, 1, "pay", None)
    assert table.find(0, 9) == table.find(0, 19) == Token(0, 8, 0, None, None)
    assert table.find(0, 20) == table.find(0, 10_020) == Token(-1, -1, -1, None, None)
    assert table.find(1, 5) is None
    assert table.find(2, 3) is None
    assert table.find(2, 4) == Token(0, 9, 9, None, None)
    assert table.find(3, 0) is None
    assert table.find(-1, 0) is None
    assert table.find(2, -1) is None


def test_a_place_that_the_script_does_not_have_is_outside():
    data = source_map([[(0, 0, 7, 1, 0), (9, 0, 8, 0)], [(0, 0, 9, 0)]])
    alone = decode(data).table
    assert alone.find(0, 10_009) is not None
    assert alone.find(0, 10_010) is None  # no call is so far behind the last of what is mapped
    beside = decode(data, script="pay('🛒 🛒')\r\nx\n//# sourceMappingURL=a.js.map").table
    assert beside.find(0, 12) is not None  # both carts are two characters
    assert beside.find(0, 13) is None
    assert beside.find(1, 1) is not None
    assert beside.find(1, 2) is None


def test_mappings_out_of_order_are_put_in_order():
    table = decode(source_map([[(9, 0, 2, 0), (3, 0, 1, 0)], [(5, 0, 3, 0)]])).table
    assert table.find(0, 4) == Token(0, 1, 0, None, None)
    assert table.find(0, 9) == Token(0, 2, 0, None, None)
    assert table.find(1, 5) == Token(0, 3, 0, None, None)


def test_of_mappings_at_one_place_the_first_counts_there_and_the_last_behind_it():
    table = decode(source_map([[(0, 0, 0, 0), (4, 0, 1, 0), (4, 0, 2, 0), (6, 0, 3, 0)]])).table
    found = [table.find(0, column) for column in (3, 4, 5, 6)]
    assert [token and token.line for token in found] == [0, 1, 2, 3]


def test_sections_are_one_map():
    def part(line: int, column: int, **fields: Any) -> dict[str, Any]:
        lines = [[(0, 0, 0, 0, 0), (6, 0, 0, 6)], [(0, 0, 1, 0)]]
        return {
            "offset": {"line": line, "column": column},
            "map": json.loads(source_map(lines, **fields)),
        }

    joined = decode(
        json.dumps(
            {
                "version": 3,
                "sections": [
                    part(0, 0),
                    part(0, 4, sources=["src/b.ts"], names=["charge"], debug_id="AB" * 16),
                    part(5, 2, sources=["src/c.ts"]),
                ],
            }
        ).encode()
    )
    assert [source.path for source in joined.sources] == ["src/a.ts", "src/b.ts", "src/c.ts"]
    assert joined.table.find(0, 3) == Token(0, 0, 0, "pay", None)
    assert joined.table.find(0, 4) == Token(1, 0, 0, "charge", None)
    assert joined.table.find(0, 9) == Token(1, 0, 0, "charge", None)  # what the first part had at 6
    assert joined.table.find(0, 10) == Token(1, 0, 6, None, None)
    assert joined.table.find(1, 0) == Token(1, 1, 0, None, None)
    assert joined.table.find(2, 0) is None
    assert joined.table.find(5, 1) is None
    assert joined.table.find(5, 8) == Token(2, 0, 6, None, None)
    assert joined.table.find(6, 0) == Token(2, 1, 0, None, None)
    assert joined.debug_id == "abababab-abab-abab-abab-abababababab"


def test_what_may_be_missing_is_not_missed():
    bare = decode(b'{"version":3,"sources":["a.js"],"mappings":"AAAA"}')
    assert bare.table.find(0, 0) == Token(0, 0, 0, None, None)
    assert (bare.debug_id, bare.file, bare.sources[0].content) == (None, None, None)
    assert decode(b'{"mappings":""}').table.find(0, 0) is None


def test_a_source_without_name_and_text_is_no_source():
    lines = [[(0, 0, 1, 0), (5, 1, 2, 0), (9, 2, 3, 0)]]
    given = decode(
        source_map(lines, sources=[None, "src/b.ts", None], sourcesContent=[None, None, "let a"])
    )
    assert given.table.find(0, 0) == Token(-1, -1, -1, None, None)
    assert given.table.find(0, 5) == Token(1, 2, 0, None, None)
    assert given.table.find(0, 9) == Token(2, 3, 0, None, "")
    assert given.sources[2].path == "unnamed"
    assert given.sources[2].content == "let a"


@pytest.mark.parametrize("key", ["ignoreList", "x_google_ignoreList"])
def test_ignored_sources_are_said_to_be(key):
    given = decode(source_map(sources=["a.js", "vendor.js"], **{key: [1, 7, "0", None]}))
    assert [source.ignored for source in given.sources] == [False, True]


@pytest.mark.parametrize("key", ["debugId", "debug_id"])
def test_debug_ids_have_one_spelling(key):
    said = "4933F61520C554A1B1B965A2E8D1F4AD"
    assert decode(source_map(**{key: said})).debug_id == "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad"
    assert decode(source_map(**{key: ["no"]})).debug_id is None
    assert debug_id("4933f615") is None
    assert debug_id(None) is None


def test_what_stands_before_or_within_the_json_does_no_harm():
    plain = source_map([[(0, 0, 3, 0, 0)]])
    for data in (
        b")]}'\n" + plain,
        b"\xef\xbb\xbf" + plain,
        plain.replace(b'"version": 3', b'"version": 3, "x": NaN'),
        plain.replace(b"src/a.ts", b"src/\xff\\ud800.ts"),
        plain.replace(b'"version": 3', b'"version": 3, "x": 1' + b"0" * 6000),
    ):
        assert decode(data).table.find(0, 0) == Token(0, 3, 0, "pay", None)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The map is not JSON"),
        (b"<!doctype html>", "The map is not JSON"),
        (b"[]", "This is not a source map"),
        (b"{}", "it has neither `mappings` nor `sections`"),
        (b'{"version":2,"mappings":""}', "another version than 3"),
        (b'{"mappings":["AAAA"]}', "This is not a source map: Expected `str | null`"),
        (source_map(mappings="AAAA,!"), "'!', which is not base64"),
        (source_map(mappings="AAAA,Ag"), "a number that does not end"),
        (source_map(mappings="ggggggggggggggggggggggB"), "or is too large"),
        (source_map(mappings="AAA"), "has 3 numbers; it must be 1, 4 or 5"),
        (source_map(mappings="AADA"), "before the start of a file"),
        (source_map(mappings="DAAA"), "before the start of a file"),
        (source_map(mappings="ADAA"), "before the start of a file"),
        (source_map(mappings="AACA;ACAA"), "points to source 2, and lists only 1"),
        (source_map(mappings="AAAAC"), "points to name 2, and lists only 1"),
        (source_map(mappings=";" * 1_000_000), "more than 1,000,000 generated lines"),
        (b'{"sections":[{"offset":{"line":0,"column":0},"url":"b.map"}]}', "is kept elsewhere"),
        (b'{"sections":[{"offset":{"line":-1,"column":0},"map":{"mappings":""}}]}', "in the order"),
        (b'{"sections":[{"map":{"mappings":""}}]}', "missing required field `offset`"),
        (b'{"a":' * 100_000, "The map is not JSON"),
    ],
)
def test_what_is_wrong_with_a_map_is_said_in_a_sentence(data, sentence):
    assert sentence in refused(data)


def test_sections_have_bounds_of_their_own():
    part = b'{"mappings":"A"}'
    for _ in range(12):
        part = b'{"sections":[{"offset":{"line":0,"column":0},"map":%b}]}' % part
    assert "nest deeper than 8 levels" in refused(part)
    far = b'{"sections":[{"offset":{"line":%d,"column":0},"map":{"mappings":"A"}}]}'
    assert "more than 1,000,000 generated lines" in refused(far % 999_999_999)
    assert "not in the order" in refused(far % 10**30)
    wide = b'{"sections":[{"offset":{"line":0,"column":2147483647},"map":{"mappings":"%b"}}]}'
    assert "columns" in refused(wide % b"+/////D,+/////D")


NUMBERS = st.integers(0, 40)
SEGMENTS = st.one_of(
    st.tuples(NUMBERS),
    st.tuples(NUMBERS, st.integers(0, 2), NUMBERS, NUMBERS),
    st.tuples(NUMBERS, st.integers(0, 2), NUMBERS, NUMBERS, st.integers(0, 3)),
)


@given(st.lists(st.lists(SEGMENTS, max_size=8, unique_by=lambda segment: segment[0]), max_size=6))
def test_every_mapping_is_found_where_it_was_written(lines):
    sources, names = ["a.js", "b.js", "c.js"], ["f", "g", "ø", ""]
    table = decode(source_map(lines, sources=sources, names=names)).table
    for line, segments in enumerate(lines):
        for column, *rest in segments:
            expected = Token(-1, -1, -1, None, None)
            if rest:
                name = names[rest[3]] if len(rest) == 4 else None
                expected = Token(rest[0], rest[1], rest[2], name, None)
            assert table.find(line, column) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside),
    max_leaves=6,
)
FIELDS = ("version", "mappings", "sections", "sources", "sourcesContent", "names", "sourceRoot")
FIELDS += ("file", "ignoreList", "x_google_ignoreList", "debugId", "debug_id", "offset", "map")
MAPS = st.recursive(
    st.fixed_dictionaries(
        {"mappings": st.text("ACDE+/gh,;!=é", max_size=30) | JSON},
        optional={
            "sources": st.lists(st.none() | st.text(max_size=5), max_size=3) | JSON,
            "names": st.lists(JSON, max_size=3),
            **{field: JSON for field in FIELDS if field not in ("mappings", "sources", "names")},
        },
    ),
    lambda inside: st.fixed_dictionaries(
        {
            "sections": st.lists(
                st.fixed_dictionaries(
                    {
                        "offset": st.fixed_dictionaries(
                            {"line": st.integers(-1, 9), "column": st.integers(-1, 9)}
                        ),
                        "map": inside,
                    }
                ),
                max_size=3,
            )
        }
    ),
    max_leaves=4,
)


@given(MAPS, st.text("f(){}=>'x\n", max_size=20))
def test_a_hostile_map_ends_in_a_table_or_in_a_sentence(a_map, text):
    try:
        decoded = decode(json.dumps(a_map).encode(), text_of={"a": text}.get, script=text)
    except SourceMapError as error:
        assert str(error).endswith(".")
        return
    for line in range(decoded.table.line_count + 1):
        for column in range(12):
            token = decoded.table.find(line, column)
            assert token is None or token.source < len(decoded.sources)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_bytes_that_are_no_map_end_in_a_sentence(data):
    assert refused(data).endswith(".")


def test_the_writer_of_these_tests_writes_what_the_standard_says():
    assert mappings([[(0, 0, 0, 0)], [(16, 0, 1, 0, 1)]]) == "AAAA;gBACAC"
