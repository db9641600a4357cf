"""Artifact bundles: those of real tools are read, and hostile ones end in a sentence."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.errors import BundleError
from lighttrace.sourcemaps import bundle
from lighttrace.sourcemaps.bundle import MANIFEST, Bundle, Member
from tests.uploads.recorded import CHUNK_POSTS, DEBUG_IDS
from tests.uploads.recorded import bundle as recorded

HEAD = b"SYSB\2\0\0\0"
JS = {"type": "minified_source", "url": "~/a.js", "headers": {"Sourcemap": "a.js.map"}}


def made(files: Mapping[str, bytes | str], manifest: Any = None, how: int = 8) -> bytes:
    """A bundle; without a manifest each file is a script."""
    out = io.BytesIO()
    out.write(HEAD)
    if manifest is None:
        manifest = {"files": {name: {**JS, "url": f"~/{name}"} for name in files}}
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if manifest is not False:
            said = manifest if isinstance(manifest, str | bytes) else json.dumps(manifest)
            archive.writestr(MANIFEST, said)
    return out.getvalue()


def opened(data: bytes) -> Bundle:
    return bundle.read(io.BytesIO(data))


def contents(data: bytes) -> dict[str, bytes]:
    found = opened(data)
    return {it.url: found.read(it) for it in found.members}


def refused(data: bytes) -> str:
    with pytest.raises(BundleError) as caught:
        contents(data)
    return str(caught.value)


@pytest.mark.parametrize("name", CHUNK_POSTS)
def test_the_bundles_of_every_tool_are_read(name: str) -> None:
    found = opened(recorded(name))
    [script] = [it for it in found.members if it.kind == "script"]
    [source_map] = [it for it in found.members if it.kind == "map"]
    debug_id = DEBUG_IDS.get(name)
    expected = bytes.fromhex(debug_id.replace("-", "")) if debug_id else None
    assert (script.debug_id, source_map.debug_id) == (expected, expected)
    assert script.map_url in ("main.js.map", source_map.url.rpartition("/")[2])
    assert b"shippingLabel" in found.read(source_map)
    assert json.loads(found.read(source_map))["version"] == 3


def test_members_are_found_by_the_manifest_and_by_nothing_else() -> None:
    entry = {**JS, "headers": {"DEBUG-ID": "no uuid", "SourceMap": "x.map", "other": 1}}
    files = {"files/_/_/strange name": "a()", "main.js": "never named"}
    data = made(files, {"files": {"files/_/_/strange name": entry}, "org": None})
    [member] = opened(data).members
    assert member == Member("files/_/_/strange name", "script", "~/a.js", None, "x.map", 3)
    assert contents(data) == {"~/a.js": b"a()"}


def test_kinds_that_nothing_is_done_with_are_left_out() -> None:
    listed = {
        "a": {**JS, "type": "indexed_ram_bundle"},
        "b": {"type": "source", "url": ""},
        "c": {},
    }
    assert opened(made({"a": "1", "b": "2", "c": "3"}, {"files": listed})).members == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "its end is missing"),
        (b"SYSB\2\0\0\0", "its end is missing"),
        (HEAD + b"<html>" * 99, "its end is missing"),
        (made({"a.js": "1"})[:-10], "its end is missing"),
        (made({"a.js": "1"}, False), "has no manifest.json"),
        (made({"a.js": "1"}, "{"), "manifest.json cannot be read"),
        (made({"a.js": "1"}, b"\xff\xfe{}"), "manifest.json cannot be read"),
        (made({"a.js": "1"}, "[" * 50_000), "manifest.json cannot be read"),
        (made({"a.js": "1"}, {"files": []}), "manifest.json cannot be read"),
        (made({"a.js": "1"}, {}), "manifest.json cannot be read"),
        (made({}, {"files": {"b.js": JS}}), "b.js is in the manifest.json but not in the bundle"),
        (made({"../etc/passwd": "1"}), "is no name for a file"),
        (made({"a/../../b": "1"}), "is no name for a file"),
        (made({"/etc/passwd": "1"}), "is no name for a file"),
        (made({"C:/windows": "1"}), "is no name for a file"),
        (made({"a\\b": "1"}), "is no name for a file"),
        (made({"a\nb": "1"}), "is no name for a file"),
        (made({"a" * 2000: "1"}), "longer than 1,024 characters"),
        (made({"a": "1"}, {"files": {"a": {**JS, "url": "~/" + "a" * 3000}}}), "URL of a is too"),
        (made({"a": "1"}, {"files": {"a": {**JS, "url": "~/a\0b"}}}), "control characters"),
        (made({"a": "1"}, how=zipfile.ZIP_LZMA), "compressed in a way"),
        (made({"a": b"\0" * 5_000_000}), "more than 250 times its size"),
        (made({f"{n}": b"\0" * 4_000_000 for n in range(20)}), "more than 250 times its size"),
    ],
)  # fmt: skip
def test_a_hostile_bundle_ends_in_a_sentence(data: bytes, why: str) -> None:
    assert why in refused(data)


def test_a_hundred_thousand_members_are_refused_before_they_are_looked_at() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(60_000):
            archive.writestr(str(n), b"")
    file = io.BytesIO(HEAD + out.getvalue())
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match="60,000 files; at most 50,000"):
            bundle.read(file)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def lying(data: bytes, offset: int, value: int, record: bytes = b"PK\1\2") -> bytes:
    """With a number of the first such record changed."""
    at = data.index(record) + offset
    return data[:at] + struct.pack("<L", value) + data[at + 4 :]


def test_what_it_says_of_itself_is_not_believed() -> None:
    data = made({"a.js": "let a = 1;" * 100})
    assert contents(data)["~/a.js"].startswith(b"let a")
    assert "larger than 64 MiB" in refused(lying(data, 24, 2**31))  # 2 GB claimed
    assert "cannot be read out" in refused(lying(data, 24, 5))  # less than it has
    assert "cannot be read out" in refused(lying(data, 16, 1))  # a wrong checksum
    assert "encrypted" in refused(lying(data, 8, 1 | 8 << 16))
    assert "longer than the bundle" in refused(lying(data, 12, 2**31, b"PK\5\6"))


def test_a_name_may_be_there_once_only() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for text in ("1", "2"):
                archive.writestr("a.js", text)
    assert "a.js is in the bundle twice" in refused(HEAD + out.getvalue())


def test_numbers_of_64_bits_are_refused() -> None:
    data = made({"a.js": "1"})
    at = data.index(b"PK\5\6")
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**40, 2**40, 2**60, 2**60)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    assert "64 bit kind" in refused(data[:at] + end64 + locator + data[at:])


@settings(max_examples=300)
@given(st.data())
def test_whatever_is_changed_in_a_real_bundle_nothing_else_is_raised(data: st.DataObject) -> None:
    whole = bytearray(recorded(data.draw(st.sampled_from(CHUNK_POSTS))))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        piece = data.draw(st.binary(min_size=0, max_size=12))
        whole[at : at + data.draw(st.integers(0, 12))] = piece
    try:
        contents(bytes(whole))
    except BundleError as error:
        assert str(error)
