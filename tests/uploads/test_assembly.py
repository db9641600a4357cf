"""From chunks to maps that are found; what is broken ends in a sentence and leaves nothing."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from lighttrace.clock import FixedClock
from lighttrace.errors import DiskError
from lighttrace.sourcemaps.records import Content, Done, Piece, Record, Sources
from lighttrace.sourcemaps.retrace import Mapping
from lighttrace.sourcemaps.table import Table
from lighttrace.store import artifacts, bundles, debug_files, maps
from lighttrace.store.bundles import Build, Bundle
from lighttrace.store.maps import FoundMap
from lighttrace.store.store import Store
from lighttrace.uploads import assembly as module
from lighttrace.uploads import bundling, keeping
from lighttrace.uploads.assembly import Assembly
from lighttrace.uploads.bundling import Given
from tests.sourcemaps.test_bundle import made
from tests.sourcemaps.test_child import MAP, a_bundle
from tests.store.make import rows, running
from tests.uploads.recorded import CUT_IN_CHUNKS, bundle, chunks

JVM = Path(__file__).parents[1] / "data" / "jvm"
REAL = sys.executable
BUILD = Build(1, "web@1", "b7")
TABLES = ("artifact", "artifact_piece", "map_source", "bundle_file")


@pytest.fixture
def work(store: Store, tmp_path: Path, clock: FixedClock) -> Assembly:
    return Assembly(store, tmp_path / "uploads", clock)


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock) -> Any:
    async with running(tmp_path / "lighttrace.db", clock) as store:
        yield store


async def upload(
    work: Assembly, store: Store, data: bytes, *parts: bytes, build: Build = BUILD
) -> bytes:
    """As the endpoints do: chunks, then the order. Returns the bundle's SHA-1."""
    parts = parts or (data,)
    names = [sha1(it).digest() for it in parts]
    for name, part in zip(names, parts, strict=True):
        work.chunks.put(name, part)
    whole = sha1(data).digest()
    await store.write(bundles.receive, whole, names, [build], "tests/1", 1)
    return whole


async def state(store: Store, name: bytes) -> tuple[str, str | None]:
    found = await store.read(bundles.by_sha1, name)
    assert isinstance(found, Bundle)
    return found.state, found.error


async def leftovers(store: Store, folder: Path) -> tuple[dict[str, int], list[str]]:
    counts = {it: (await rows(store, f"select count(*) from {it}"))[0][0] for it in TABLES}
    return counts, [it.name for it in folder.rglob("*") if it.name not in ("chunks", "lock")]


NOTHING: Any = (dict.fromkeys(TABLES, 0), [])


async def test_a_bundle_that_came_in_chunks_is_read(
    work: Assembly, store: Store, tmp_path: Path
) -> None:
    parts = list(chunks(CUT_IN_CHUNKS).values())
    name = await upload(work, store, b"".join(parts), *parts)
    assert await state(store, name) == ("created", None)
    assert await work.one() and not await work.one()
    assert await state(store, name) == ("ok", None)
    found = await store.read(maps.by_url, BUILD, "https://shop.example/main.js")
    assert isinstance(found, FoundMap) and found.script_id is not None
    content = await store.read(artifacts.content, found.id)
    assert content is not None
    sources = await store.read(artifacts.sources, found.id)
    assert len(Table.from_bytes(content)) > 50
    assert {it.path for it in sources} >= {"src/api.ts", "src/checkout.tsx"}
    assert (await leftovers(store, tmp_path / "uploads"))[1] == []


async def test_a_mapping_of_proguard_is_read_as_one(work: Assembly, store: Store) -> None:
    data = (JVM / "build1.mapping.txt").read_bytes()
    name = await upload(work, store, data, build=Build(1))
    await store.write(debug_files.name_it, 1, "00" * 16, 1, "mapping.txt", 1)
    assert await store.read(debug_files.mapping, 1, "00" * 16) is None
    assert await work.one()
    assert await state(store, name) == ("ok", None)
    found = await store.read(debug_files.mapping, 1, "00" * 16)
    assert found is not None
    content = await store.read(artifacts.content, found.id)
    assert content is not None
    cls = Mapping(content).find("a.c")
    assert cls is not None
    assert cls.name == "com.shop.PaymentError"


async def test_sources_that_sentry_cli_has_bundled_are_read(work: Assembly, store: Store) -> None:
    name = await upload(work, store, (JVM / "sources.zip").read_bytes(), build=Build(1))
    await store.write(debug_files.name_it, 1, "00" * 16, 1, "sources.zip", 1)
    assert await work.one()
    assert await state(store, name) == ("ok", None)
    found = await store.read(debug_files.source, 1, "00" * 16, "~/com/shop/Money.jvm")
    assert found is not None
    content = await store.read(artifacts.content, found.id)
    assert content == (JVM / "src/com/shop/Money.java").read_bytes()


HOSTILE = {
    "a mapping with a line without end": (b"a -> b:\n" + b" " * 70_000, "is longer than any"),
    "a zip bomb": (made({"a.js": b"\0" * 50_000_000}), "more than 250 times its size"),
    "a path trick": (made({"../../lighttrace.db": "1"}), "is no name for a file"),
    "no manifest": (made({"a.js": "1"}, False), "has no manifest.json"),
    "no zip": (b"SYSB" * 100, "its end is missing"),
    "half of its files broken": (
        a_bundle(("source_map", "~/a.js.map", json.dumps(MAP)), ("source", "~/b.ts", "x" * 400))
        .replace(b"PK\3\4", b"PK\3\5"),
        "cannot be read out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_cannot_be_used_ends_in_a_sentence_and_leaves_nothing(
    work: Assembly, store: Store, tmp_path: Path, what: str
) -> None:
    data, why = HOSTILE[what]
    name = await upload(work, store, data)
    assert await work.one()
    told, said = await state(store, name)
    assert told == "error" and why in (said or "")
    assert await leftovers(store, tmp_path / "uploads") == NOTHING


async def test_a_bundle_that_breaks_half_way_takes_back_what_it_had_stored(
    work: Assembly, store: Store, tmp_path: Path
) -> None:
    files = [("source", f"~/{n}.ts", os.urandom(4000).hex()) for n in range(300)]
    data = a_bundle(*files)
    at = data.index(b"PK\1\2")
    last = data.rindex(b"PK\3\4", 0, at)  # the manifest is the last; the file before it breaks
    last = data.rindex(b"PK\3\4", 0, last)
    name = await upload(work, store, data[:last] + b"PK\3\5" + data[last + 4 :])
    assert await work.one()
    assert "299" in ((await state(store, name))[1] or "")
    assert await leftovers(store, tmp_path / "uploads") == NOTHING


def test_no_transaction_of_an_upload_is_long() -> None:
    piece, few = Piece(b"x" * 100_000), Sources([("a.ts", None, False)] * 500)
    found: list[Record] = [*[piece] * 5, *[few] * 5, *[Content("source", b"", 0)] * 500, Done()]
    some = list(keeping.batches(found))
    assert [it for batch in some for it in batch] == found
    assert [len(batch) for batch in some] == [3, 3, 2, 2, 200, 200, 101]


async def test_a_wrong_checksum_is_told(work: Assembly, store: Store, tmp_path: Path) -> None:
    part = bundle("vite-07")
    work.chunks.put(sha1(part).digest(), part)
    await store.write(bundles.receive, b"x" * 20, [sha1(part).digest()], [BUILD], "t", 1)
    assert await work.one()
    assert await state(store, b"x" * 20) == (
        "error",
        "The bundle's checksum is another than that of its chunks.",
    )
    assert await leftovers(store, tmp_path / "uploads") == NOTHING


async def test_a_failed_one_may_be_sent_again(work: Assembly, store: Store) -> None:
    data = bundle("vite-07")
    name = sha1(data).digest()
    await store.write(bundles.receive, name, [b"y" * 20], [BUILD], "t", 1)
    assert await work.one()
    assert (await state(store, name))[1] == "Some of its chunks are gone: upload it again."
    await upload(work, store, data)
    assert await state(store, name) == ("created", None)
    assert await work.one()
    assert await state(store, name) == ("ok", None)


async def test_one_that_was_being_read_when_the_server_was_killed_is_read_again(
    work: Assembly, store: Store, tmp_path: Path
) -> None:
    name = await upload(work, store, bundle("esbuild-06"))
    taken = await store.write(bundles.take, 1)
    assert taken is not None
    left, _ = await store.write(artifacts.begin, "source", b"z" * 20, 5, 1)
    await store.write(bundles.add_files, taken.id, 0, [bundles.File("~/old.js", left)])
    (tmp_path / "uploads" / "work-old").mkdir(parents=True)
    assert await work.one()
    assert await state(store, name) == ("ok", None)
    assert await rows(store, "select count(*) from bundle_file where url = '~/old.js'") == [(0,)]
    assert not (tmp_path / "uploads" / "work-old").exists()


async def test_contents_that_are_there_are_stored_once(work: Assembly, store: Store) -> None:
    await upload(work, store, a_bundle(("source_map", "~/a.js.map", json.dumps(MAP))))
    assert await work.one()
    before = await store.read(artifacts.sizes)
    more = a_bundle(
        ("source_map", "~/b.js.map", json.dumps(MAP)),
        ("source_map", "~/c.js.map", json.dumps({**MAP, "file": "c"})),
    )
    await upload(work, store, more)
    assert await work.one()
    after = await store.read(artifacts.sizes)
    assert (before.files, after.files, after.bundles) == (2, 3, 2)


async def test_a_map_that_could_not_be_read_is_tried_again_when_it_comes_again(
    work: Assembly, store: Store
) -> None:
    await upload(work, store, a_bundle(("source_map", "~/a.js.map", json.dumps(MAP))))
    assert await work.one()
    await store.write(lambda tx: tx.execute("update artifact set error = 'old' where kind = 'map'"))
    await upload(work, store, a_bundle(("source_map", "~/b.js.map", json.dumps(MAP))))
    assert await work.one()
    assert await rows(store, "select distinct error from artifact") == [(None,)]


def in_child(source: str, bundle: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    """The child with something done before it begins."""
    program = (
        f"import sys; from lighttrace.sourcemaps import child; {source}; child.main(*sys.argv[1:])"
    )
    return subprocess.run(
        [sys.executable, "-c", program, str(bundle), str(out)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_child_has_limits_of_its_own(tmp_path: Path) -> None:
    """More memory than it may have becomes a sentence of the one map it is about."""
    large = json.dumps({**MAP, "mappings": "AAAA," * 2_000_000})
    path, out = tmp_path / "bundle", tmp_path / "out"
    listed = {"files": {"a": {"type": "source_map", "url": "~/a.js.map"}}}
    path.write_bytes(made({"a": large}, listed, how=0))
    done = in_child("child.MEMORY_BYTES = 150_000_000", path, out)
    assert done.returncode == 0, done.stderr
    assert b"of memory" in out.read_bytes()


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A child that does something else, as one that a bundle has broken might."""

    def make(program: str) -> None:
        script = tmp_path / "python"
        script.write_text(f"#!{sys.executable}\n{program}\n")
        script.chmod(0o700)
        monkeypatch.setattr(module.sys, "executable", str(script))

    yield make


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", module.KILLED),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", module.TOO_LONG),
        ("import sys; sys.exit(3)", module.CRASHED),
        ("import sys; open(sys.argv[-1], 'wb').write(b'half')", "ended half-way"),
        ("import threading; threading.Event().wait()", module.TOO_LONG),
    ],
)
async def test_a_child_that_dies_or_hangs_is_told(
    work: Assembly,
    store: Store,
    tmp_path: Path,
    misbehaving: Any,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    why: str,
) -> None:
    misbehaving(program)
    monkeypatch.setattr(module, "LONGEST_S", 1.0)
    name = await upload(work, store, bundle("vite-07"))
    assert await work.one()
    told, said = await state(store, name)
    assert told == "error" and why in (said or "")
    assert await leftovers(store, tmp_path / "uploads") == NOTHING


async def test_only_one_process_reads_at_a_time(
    work: Assembly, store: Store, tmp_path: Path, clock: FixedClock
) -> None:
    name = await upload(work, store, bundle("vite-07"))
    with work._alone() as first:
        assert first
        assert not await Assembly(store, tmp_path / "uploads", clock).one()
    assert await state(store, name) == ("created", None)
    assert await work.one()


async def test_the_loop_reads_what_is_handed_in(
    work: Assembly, store: Store, tmp_path: Path
) -> None:
    loop = asyncio.create_task(work.run(lambda: None))
    try:
        (tmp_path / "a.js").write_text("one();\n//# sourceMappingURL=a.js.map")
        (tmp_path / "a.js.map").write_text(json.dumps(MAP))
        given = [Given("~/a.js", tmp_path / "a.js"), Given("~/a.js.map", tmp_path / "a.js.map")]
        names = []
        for _ in range(2):
            path = work.chunks.new_file()
            bundling.write(path, given)
            names.append(await work.hand_in(path, [BUILD], "tests", 1))
            assert (await asyncio.wait_for(work.settled(names[-1]), 20)).state == "ok"
        assert names[0] == names[1]
        assert (await leftovers(store, tmp_path / "uploads"))[1] == []
        found = await store.read(maps.by_url, BUILD, "/a.js")
        assert isinstance(found, FoundMap) and found.script_id is not None
    finally:
        loop.cancel()


async def test_a_server_that_stops_takes_its_child_along_and_goes_on_later(
    work: Assembly, store: Store, tmp_path: Path, misbehaving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    misbehaving(
        "import os, threading\n"
        f"open({str(pid)!r}, 'w').write(str(os.getpid()) + ' ')\nthreading.Event().wait()"
    )
    name = await upload(work, store, bundle("vite-07"))
    loop = asyncio.create_task(work.run(lambda: None))
    while not pid.exists() or not pid.read_text().endswith(" "):
        await asyncio.sleep(0.01)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert await state(store, name) == ("assembling", None)
    monkeypatch.setattr(module.sys, "executable", REAL)
    assert await work.one()
    assert await state(store, name) == ("ok", None)


async def test_a_mistake_of_ours_does_not_hold_up_the_others(
    work: Assembly, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await upload(work, store, bundle("vite-07"))
    second = await upload(work, store, bundle("esbuild-06"))
    with monkeypatch.context() as patch:
        patch.setattr(module.records, "read", lambda file: 1 / 0)
        assert await work.one()
    assert await work.one() and not await work.one()
    assert await state(store, first) == ("error", module.CRASHED)
    assert await state(store, second) == ("ok", None)


async def test_a_full_disk_is_waited_for(
    work: Assembly, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await upload(work, store, bundle("vite-07"))

    def full(*_: Any) -> None:
        raise DiskError("the database cannot be written: disk full")

    with monkeypatch.context() as patch:
        patch.setattr(module.keeping, "keep", full)
        with pytest.raises(DiskError):
            await work.one()
    assert await state(store, name) == ("assembling", None)
    assert await work.one()
    assert await state(store, name) == ("ok", None)
