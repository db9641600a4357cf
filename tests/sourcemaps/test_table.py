"""What is stored of a map is read back as it was, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.decode import decode
from lighttrace.sourcemaps.table import Table, Token
from tests.sourcemaps.vlq import source_map

WIDE = source_map(
    [
        [(0, 0, 0, 0, 1), (300, 0, 70_000, 3), (70_000, 1, 2, 5, 0), (5_000_000, 1, 2, 9)],
        [],
        [(1,)],
    ],
    sources=["a.ts", "b.ts"],
    names=["pay", "größe"],
)
PLACES = [(0, 0), (0, 299), (0, 300), (0, 70_000), (0, 5_000_000), (1, 0), (2, 1), (3, 0)]


def test_a_table_is_read_back_as_it_was():
    table = decode(WIDE).table
    again = Table.from_bytes(table.to_bytes())
    assert [again.find(*place) for place in PLACES] == [table.find(*place) for place in PLACES]
    assert again.find(0, 0) == Token(0, 0, 0, "größe", None)
    assert (len(again), again.line_count) == (5, 3)
    assert again.size_bytes == table.size_bytes
    assert again.to_bytes() == table.to_bytes()


def test_an_empty_map_has_a_table():
    table = Table.from_bytes(decode(b'{"mappings":""}').table.to_bytes())
    assert table.find(0, 0) is None
    assert len(table) == 0


@given(st.binary(max_size=90))
def test_what_is_no_table_is_not_read(data):
    with pytest.raises(SourceMapError, match="Upload the map again"):
        Table.from_bytes(data)


@given(st.data())
def test_a_damaged_table_is_not_read_as_another(data):
    whole = decode(WIDE).table.to_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SourceMapError):
        Table.from_bytes(bytes(damaged))
    with pytest.raises(SourceMapError):
        Table.from_bytes(whole[:place])
