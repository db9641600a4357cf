"""Chunks on the disk: whole or not there, the right ones, bounded, gone after a day."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha1
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.errors import BundleError, UploadsFullError
from lighttrace.uploads import chunks as module
from lighttrace.uploads.chunks import KEPT_MS, Chunks, owned

A, B = b"first" * 100, b"second" * 100


def name(data: bytes) -> bytes:
    return sha1(data).digest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "chunks"


@pytest.fixture
def chunks(folder: Path, clock: FixedClock) -> Chunks:
    return Chunks(folder, clock)


def joined(chunks: Chunks, *names: bytes) -> bytes:
    out = io.BytesIO()
    told = chunks.join(names, out)
    assert (told.sha1, told.size_bytes) == (name(out.getvalue()), len(out.getvalue()))
    return out.getvalue()


def test_what_is_missing_is_asked_for_once_and_in_order(chunks: Chunks) -> None:
    names = [name(A), name(B), name(A)]
    assert chunks.missing(names) == [name(A), name(B)]
    chunks.put(name(B), B)
    assert chunks.missing(names) == [name(A)]
    chunks.put(name(A), A)
    assert chunks.missing(names) == []
    assert joined(chunks, *names) == A + B + A


def test_a_chunk_that_is_not_what_it_says_is_not_kept(chunks: Chunks, folder: Path) -> None:
    with pytest.raises(BundleError, match="send it again"):
        chunks.put(name(A), B)
    assert chunks.missing([name(A)]) == [name(A)] and not folder.exists()


def test_a_chunk_that_is_gone_is_said(chunks: Chunks) -> None:
    chunks.put(name(A), A)
    with pytest.raises(BundleError, match="upload it again"):
        joined(chunks, name(A), name(B))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    monkeypatch.setattr(module, "MOST_BUNDLE_BYTES", 1000)
    yield


def test_all_together_are_bounded_and_what_is_read_makes_room(
    chunks: Chunks, small: None, clock: FixedClock, folder: Path
) -> None:
    chunks.put(name(A), A)
    chunks.put(name(A), A)  # a second time it takes nothing
    for _ in range(2):
        with pytest.raises(UploadsFullError, match="Try again later"):
            chunks.put(name(B), B)
    assert [it.name for it in folder.iterdir()] == [name(A).hex()]
    again = Chunks(folder, clock)  # after a restart
    with pytest.raises(UploadsFullError):
        again.put(name(B), B)
    again.drop([name(A)], clock.now_ms())
    again.put(name(B), B)
    with pytest.raises(BundleError, match="larger than"):
        joined(again, name(B), name(B))


def test_what_somebody_has_asked_about_since_is_not_dropped(
    chunks: Chunks, clock: FixedClock
) -> None:
    chunks.put(name(A), A)
    chunks.put(name(B), B)
    began = clock.now_ms()
    clock.advance(1000)
    assert chunks.missing([name(B)]) == []
    chunks.drop([name(A), name(B)], began)
    assert chunks.missing([name(A), name(B)]) == [name(A)]


def test_what_nobody_finishes_goes_after_a_day(
    chunks: Chunks, clock: FixedClock, folder: Path
) -> None:
    chunks.put(name(A), A)
    left = chunks.new_file()
    left.write_bytes(b"half a bundle")
    clock.advance(KEPT_MS // 2)
    chunks.put(name(B), B)
    chunks.sweep()
    assert left.exists()
    clock.advance(KEPT_MS // 2 + 1)
    chunks.sweep()
    assert chunks.missing([name(A), name(B)]) == [name(A)]


def test_a_file_made_here_is_a_chunk_of_its_own(chunks: Chunks, small: None) -> None:
    file = chunks.new_file()
    file.write_bytes(A)
    assert chunks.take_in(file) == name(A)
    assert joined(chunks, name(A)) == A and not file.exists()
    file = chunks.new_file()
    file.write_bytes(B)
    with pytest.raises(UploadsFullError):
        chunks.take_in(file)
    assert not file.exists()


def test_a_disk_that_is_nearly_full_is_left_to_events(
    chunks: Chunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE_BYTES", 2**60)
    with pytest.raises(UploadsFullError, match="nearly full"):
        chunks.put(name(A), A)


def test_nobody_has_a_chunk_because_somebody_else_sent_it(chunks: Chunks) -> None:
    hers, his = owned("1", name(A)), owned("2", name(A))
    chunks.put(name(A), A, hers)
    assert chunks.missing([hers, his, name(A)]) == [his, name(A)]
    assert joined(chunks, hers) == A
    with pytest.raises(BundleError, match="send it again"):
        chunks.put(name(B), A, his)
    assert chunks.missing([his]) == [his]


def test_what_chunks_make_can_be_looked_at_without_writing_it(chunks: Chunks) -> None:
    chunks.put(name(A), A)
    chunks.put(name(B), B)
    assert chunks.join([name(B), name(A)]).sha1 == name(B + A)


def test_what_is_uploaded_is_for_the_server_alone_to_read(
    tmp_path: Path, clock: FixedClock
) -> None:
    uploads = tmp_path / "uploads"
    Chunks(uploads / "chunks", clock).put(name(A), A)
    for folder in (uploads, uploads / "chunks"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_chunk_that_comes_eight_times_at_once_is_kept_once(chunks: Chunks, folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for it in [pool.submit(chunks.put, name(A), A) for _ in range(8)]:
            it.result()
    assert [it.name for it in folder.iterdir()] == [name(A).hex()]
    assert joined(chunks, name(A)) == A
