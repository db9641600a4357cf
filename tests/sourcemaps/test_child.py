"""What is read out of a bundle: contents once each, files, debug ids, maps written into scripts."""

import base64
import io
import json
import time
from typing import Any

import pytest

from lighttrace.errors import BundleError
from lighttrace.sourcemaps import child, records
from lighttrace.sourcemaps.records import Content, Done, Failed, File, Record, Sources
from lighttrace.sourcemaps.table import Table
from tests.sourcemaps.test_bundle import made
from tests.store.uploads import zstd
from tests.uploads.recorded import CHUNK_POSTS, DEBUG_IDS
from tests.uploads.recorded import bundle as recorded

ID = "1f9a4a52-4b2d-4e57-9d40-0d9a3a8f5c11"
RAW_ID = bytes.fromhex(ID.replace("-", ""))
MAP: dict[str, Any] = {
    "version": 3,
    "sources": ["src/a.ts"],
    "sourcesContent": ["one()"],
    "names": [],
    "mappings": "AAAA",
}


def read(data: bytes) -> list[Record]:
    return list(child.read(io.BytesIO(data)))


def files(found: list[Record]) -> list[File]:
    return [it for it in found if isinstance(it, File)]


def a_bundle(*given: tuple[str, str, str | bytes], **headers: dict[str, str]) -> bytes:
    """Files as (kind, url, content); `headers` by the name of the file."""
    listed = {
        f"{n}": {"type": kind, "url": url, "headers": headers.get(url.rpartition("/")[2][:1], {})}
        for n, (kind, url, _) in enumerate(given)
    }
    return made({f"{n}": it[2] for n, it in enumerate(given)}, {"files": listed})


@pytest.mark.parametrize("name", CHUNK_POSTS)
def test_the_bundle_of_every_tool_gives_a_script_its_map_and_their_sources(name: str) -> None:
    found = read(recorded(name))
    assert found[-1] == Done()
    by_kind = {it.kind: it for it in files(found)}
    debug_id = DEBUG_IDS.get(name)
    assert by_kind["map"].debug_id == by_kind["script"].debug_id
    assert (by_kind["map"].debug_id or b"").hex() == (debug_id or "").replace("-", "")
    if debug_id is None:  # the bundlers' plugins rename both, and leave the comment as it was
        assert by_kind["script"].map_url == by_kind["map"].url
    [sources] = [it for it in found if isinstance(it, Sources)]
    assert "src/checkout.tsx" in [path for path, _, _ in sources.rows]
    texts = {it.sha1 for it in found if isinstance(it, Content) and it.kind == "source"}
    assert {sha1 for _, sha1, _ in sources.rows} == texts


def test_a_content_comes_once_and_before_what_refers_to_it() -> None:
    text = json.dumps(MAP)
    found = read(
        a_bundle(
            ("source_map", "~/a.js.map", text),
            ("source_map", "~/b.js.map", text),
            ("source_map", "~/c.js.map", json.dumps({**MAP, "file": "c"})),
        )
    )
    told: set[bytes] = set()
    for it in found:
        if isinstance(it, Content):
            assert it.sha1 not in told
            told.add(it.sha1)
        elif isinstance(it, Sources):
            assert {sha1 for _, sha1, _ in it.rows} <= told
        elif isinstance(it, File):
            assert it.sha1 in told
    assert len(told) == 3 and len(files(found)) == 3  # two maps, and the one source of both


@pytest.mark.parametrize("end", ["", "\n", "\n//# debugId=" + ID + "\n"])
def test_a_map_that_is_written_into_its_script_lies_beside_it(end: str) -> None:
    inline = base64.b64encode(json.dumps(MAP).encode()).decode()
    url = "//# sourceMappingURL=data:application/json;charset=utf-8;base64," + inline
    found = read(a_bundle(("minified_source", "~/js/a.js", f"one();\n{url}{end}")))
    inside, script = files(found)
    assert inside.url == script.map_url == "~/js/a.js.inline.map"
    assert inside.debug_id == script.debug_id == (RAW_ID if "debugId" in end else None)
    sizes = {it.kind: it.size_bytes for it in found if isinstance(it, Content)}
    assert sizes == {"source": 5, "map": len(json.dumps(MAP)), "script": len("one();\n" + end)}


@pytest.mark.parametrize("coded", ["!!!", "%7B", ""])
def test_a_map_written_into_a_script_may_be_broken_and_says_so(coded: str) -> None:
    url = f"//# sourceMappingURL=data:application/json;base64,{coded}"
    found = read(a_bundle(("minified_source", "~/a.js", f"one();\n{url}")))
    [broken] = [it for it in found if isinstance(it, Content) and it.kind == "map"]
    assert broken.error and found[-1] == Done()


@pytest.mark.parametrize(
    ("url", "named", "joined"),
    [
        ("~/js/a.js", "a.js.map", "~/js/a.js.map"),
        ("~/js/a.js", "../maps/a.js.map?v=1", "~/maps/a.js.map?v=1"),
        ("~/js/a.js", "/maps/a.js.map", "~/maps/a.js.map"),
        ("~/js/a.js", "https://cdn.example/a.js.map", "https://cdn.example/a.js.map"),
        ("https://shop.example/js/a.js", "a.js.map", "https://shop.example/js/a.js.map"),
        ("~/a.js", "http://[half", "http://[half"),
    ],
)
def test_where_a_script_says_its_map_is(url: str, named: str, joined: str) -> None:
    comment = f"one();\n//# sourceMappingURL={named}\n"
    [script] = files(read(a_bundle(("minified_source", url, comment))))
    assert script.map_url == joined
    header = a_bundle(("minified_source", url, "one();"), a={"Sourcemap": named})
    [script] = files(read(header))
    assert script.map_url == joined


def test_debug_ids_are_also_found_where_tools_write_them() -> None:
    found = read(
        a_bundle(
            ("minified_source", "~/a.js", f"one();\n//# debugId={ID}"),
            ("source_map", "~/a.js.map", json.dumps({**MAP, "debug_id": ID})),
        )
    )
    assert [it.debug_id for it in files(found)] == [RAW_ID, RAW_ID]


def test_texts_that_a_map_lacks_are_taken_from_the_bundle() -> None:
    found = read(
        a_bundle(
            ("source_map", "~/a.js.map", json.dumps({**MAP, "sourcesContent": None})),
            ("source", "~/src/a.ts", "two()"),
        )
    )
    [sources] = [it for it in found if isinstance(it, Sources)]
    [text] = [it for it in found if isinstance(it, Content) and it.kind == "source"]
    assert sources.rows == [("src/a.ts", text.sha1, False)]


@pytest.mark.parametrize("known_by", ["id", "header", "name"])
def test_where_nobody_has_the_texts_the_script_names_the_functions(known_by: str) -> None:
    a_map = {**MAP, "sourcesContent": None, "names": ["pay"], "mappings": "SAAAA"}
    header = {"id": {"debug-id": ID}, "header": {"Sourcemap": "b.map"}, "name": {}}[known_by]
    map_url = {"id": "~/x.map", "header": "~/b.map", "name": "~/a.js.map"}[known_by]
    found = read(
        a_bundle(
            ("source_map", map_url, json.dumps(a_map)),
            ("minified_source", "~/a.js", "function t(){x}"),
            **{"a": header, "x": header},
        )
    )
    at = next(n for n, it in enumerate(found) if isinstance(it, Content) and it.kind == "map")
    token = table_in(found[at + 1]).find(0, 13)
    assert token is not None and token.function == "pay"


def test_one_map_that_cannot_be_read_spoils_no_bundle() -> None:
    found = read(
        a_bundle(
            ("source_map", "~/a.js.map", "<html>not found</html>"),
            ("source_map", "~/b.js.map", json.dumps(MAP)),
        )
    )
    [broken, _, good] = [it for it in found if isinstance(it, Content)]
    assert "not JSON" in (broken.error or "") and good.error is None
    assert len(files(found)) == 2 and found[-1] == Done()


def test_a_broken_bundle_ends_with_why() -> None:
    assert read(b"SYSB") == [Failed("The bundle is not a zip file, or its end is missing.")]


def test_records_come_through_a_file_and_must_not_break_off() -> None:
    found = read(recorded("vite-07"))
    out = io.BytesIO()
    for record in found:
        records.write(out, record)
    data = out.getvalue()
    assert list(records.read(io.BytesIO(data))) == found
    for end in (0, 2, 50, len(data) // 2, len(data) - 1):
        with pytest.raises(BundleError, match="half-way"):
            list(records.read(io.BytesIO(data[:end])))


def table_in(piece: Record) -> Table:
    assert isinstance(piece, records.Piece)
    return Table.from_bytes(zstd.decompress(piece.data))


def test_a_table_comes_through() -> None:
    found = read(a_bundle(("source_map", "~/a.js.map", json.dumps(MAP))))
    at = next(n for n, it in enumerate(found) if isinstance(it, Content) and it.kind == "map")
    token = table_in(found[at + 1]).find(0, 3)
    assert token is not None and token[:3] == (0, 0, 0)


def test_a_map_is_another_with_other_sources_or_another_script_beside_it() -> None:
    bare = json.dumps({**MAP, "sourcesContent": None})
    the_map = ("source_map", "~/a.js.map", bare)
    beside = [
        [],
        [("source", "~/src/a.ts", "secret()")],
        [("source", "~/src/a.ts", "another()")],
        [("source", "~/src/b.ts", "of no use")],
        [("minified_source", "~/a.js", "one();")],
        [("minified_source", "~/a.js", "another();")],
    ]
    names = [
        next(it.sha1 for it in files(read(a_bundle(the_map, *more))) if it.kind == "map")
        for more in beside
    ]
    assert names[3] == names[0]
    assert len(set(names)) == len(names) - 1


def test_a_text_that_a_map_names_ten_thousand_times_is_read_once() -> None:
    many = json.dumps({**MAP, "sources": ["src/a.ts"] * 10_000, "sourcesContent": []})
    text = " " * 1_000_000
    began = time.process_time()
    found = read(a_bundle(("source_map", "~/a.js.map", many), ("source", "~/src/a.ts", text)))
    assert time.process_time() - began < 15  # once for each name took 50
    sources = [row for it in found if isinstance(it, Sources) for row in it.rows]
    assert len(sources) == 10_000 and len({sha1 for _, sha1, _ in sources}) == 1
