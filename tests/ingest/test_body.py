"""Unpacking bodies: every encoding SDKs use, every way a body can be broken, and bombs."""

import base64
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import BodyError, IngestError, TooLargeError
from lighttrace.ingest.body import MEMBERS, decompress, zstd
from lighttrace.ingest.legacy import event_payload

MIB = 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [gzip.compress],
    "x-gzip": [gzip.compress],
    "deflate": [zlib.compress, raw_deflate],
    "br": [brotli.compress],
    "zstd": [zstd.compress],
}
EACH = [(name, pack) for name, packers in PACKERS.items() for pack in packers]
each_encoding = pytest.mark.parametrize(("encoding", "pack"), EACH)


@each_encoding
def test_every_encoding_comes_out_as_it_went_in(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    for data in (b"", b"x", b'{"message":"hello"}' * 5000, bytes(range(256)) * 100):
        assert decompress(pack(data), encoding, MIB) == data
        assert decompress(pack(data), f" {encoding.upper()} ", MIB) == data


@pytest.mark.parametrize("encoding", ["", "identity", "utf-8", "none", "aws-chunked"])
def test_an_empty_or_unknown_encoding_means_none(encoding: str) -> None:
    assert decompress(b"{}\n", encoding, 10) == b"{}\n"
    with pytest.raises(TooLargeError):
        decompress(b"x" * 11, encoding, 10)


@each_encoding
def test_the_limit_is_exact(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"a" * 70_000)
    assert len(decompress(packed, encoding, 70_000)) == 70_000
    with pytest.raises(TooLargeError):
        decompress(packed, encoding, 69_999)


@each_encoding
def test_a_body_that_was_cut_off_is_refused(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b'{"message":"hello"}' * 100)
    for end in (0, 1, len(packed) // 2, len(packed) - 1):
        with pytest.raises(BodyError):
            decompress(packed[:end], encoding, MIB)


@each_encoding
def test_a_bomb_stops_at_the_limit_in_little_memory(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    bomb = pack(bytes(20 * MIB))
    assert len(bomb) < MIB
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decompress(bomb, encoding, 4 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * MIB


def test_gzip_may_have_several_members_and_padding() -> None:
    assert (
        decompress(gzip.compress(b"hello ") + gzip.compress(b"world"), "gzip", 100)
        == b"hello world"
    )
    assert decompress(gzip.compress(b"hello") + b"\x00" * 7, "gzip", 100) == b"hello"
    with pytest.raises(TooLargeError):
        decompress(gzip.compress(b"x" * 60) * 2, "gzip", 100)
    with pytest.raises(BodyError):
        decompress(gzip.compress(b"hello") + b"junk", "gzip", 100)


def test_a_body_of_a_million_tiny_pieces_is_not_worked_through() -> None:
    for encoding, piece in (("gzip", gzip.compress(b"")), ("zstd", zstd.compress(b""))):
        with pytest.raises(BodyError, match=str(MEMBERS)):
            decompress(piece * 20_000, encoding, MIB)


def test_a_zstd_body_may_not_ask_for_a_huge_window() -> None:
    options = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(b"x" * 1000) + packer.flush()
    with pytest.raises(BodyError):
        decompress(packed, "zstd", MIB)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "", "x"]))
def test_anything_else_raises_only_what_is_declared(body: bytes, encoding: str) -> None:
    try:
        plain = decompress(body, encoding, 1000)
    except (BodyError, TooLargeError):
        return
    assert len(plain) <= 1000


@given(st.data())
def test_a_damaged_body_raises_only_what_is_declared(data: st.DataObject) -> None:
    encoding, pack = data.draw(st.sampled_from(EACH))
    packed = bytearray(pack(b'{"message":"hello"}' * 20))
    packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        decompress(bytes(packed), encoding, 1000)
    except IngestError as error:
        assert isinstance(error, BodyError | TooLargeError)


EVENT = b'{"message":"from an old client"}'


@pytest.mark.parametrize(
    "body",
    [
        EVENT,
        b" \n" + EVENT,
        b"\xef\xbb\xbf" + EVENT,
        base64.b64encode(zlib.compress(EVENT)),
        base64.encodebytes(zlib.compress(EVENT)),
        base64.b64encode(EVENT),
        zlib.compress(EVENT),
    ],
)
def test_old_clients_wrap_their_event_in_many_ways(body: bytes) -> None:
    assert event_payload(body, MIB).lstrip(b" \n\xef\xbb\xbf") == EVENT


@pytest.mark.parametrize("body", [b"eJ", b"not json", b"a" * 1001, b"\x78\x9cjunk", b"%%%%"])
def test_a_body_that_is_none_of_it_is_refused(body: bytes) -> None:
    with pytest.raises(BodyError):
        event_payload(body, MIB)


def test_an_old_clients_bomb_stops_at_the_limit() -> None:
    with pytest.raises(TooLargeError):
        event_payload(base64.b64encode(zlib.compress(bytes(10 * MIB))), MIB)


@given(st.binary(max_size=100))
def test_a_store_body_raises_only_what_is_declared(body: bytes) -> None:
    try:
        event_payload(body, 1000)
    except (BodyError, TooLargeError):
        return
