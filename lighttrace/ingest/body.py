"""A body as it was sent becomes the bytes that were meant. Pure.

Raises BodyError and TooLargeError only. Every decoder is asked for one byte more than it may give,
so a body of 20 KB that unpacks to 20 GB costs 20 MiB and stops there. Encodings: docs/protocol.md,
"Bodies".
"""

import sys

import brotli  # type: ignore[import-untyped]
from isal import isal_zlib

from lighttrace.errors import BodyError, TooLargeError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# a gzip or zstd body may consist of several; each one copies what is left, so there is a bound
MEMBERS = 32
BROTLI_STEP = 256 * 1024  # its decoder may give as much again as it was asked for
ZSTD_WINDOW_LOG = 23  # 8 MiB: what RFC 9659 lets a sender of HTTP bodies use
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}

_IsalError: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # not as its stub says
GZIP, ZLIB, RAW_DEFLATE = 31, 15, -15  # how zlib names its wrappings


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo a Content-Encoding. An unknown or empty one means that nothing was done to the body.

    Raises TooLargeError beyond `limit` bytes, BodyError for a body that is broken or cut off.
    """
    try:
        match encoding.strip().lower():
            case "gzip" | "x-gzip":
                plain = _inflate(body, GZIP, limit)
            case "deflate":
                plain = _deflate(body, limit)
            case "br":
                plain = _brotli(body, limit)
            case "zstd":
                plain = _zstd(body, limit)
            case _:
                plain = body
    except (_IsalError, brotli.error, zstd.ZstdError) as error:
        raise BodyError(f"The body is not what its Content-Encoding says: {error}.") from error
    if len(plain) > limit:
        raise too_large(limit)
    return plain


def too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {limit:,} bytes.")


def inflate(body: bytes, limit: int) -> bytes:
    """Undo zlib (legacy clients wrap it in base64). Raises as `decompress`."""
    return decompress(body, "deflate", limit)


def _deflate(body: bytes, limit: int) -> bytes:
    """With zlib's header, as the standard says, or without, as some clients understood it."""
    if len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0:
        try:
            return _inflate(body, ZLIB, limit)
        except _IsalError:
            pass  # a raw stream may look like a header by chance
    return _inflate(body, RAW_DEFLATE, limit)


def _inflate(body: bytes, wrapping: int, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit + 1
    for _ in range(MEMBERS):
        stream = isal_zlib.decompressobj(wrapping)
        data = body
        while not stream.eof and room:
            part = stream.decompress(data, room)
            data = stream.unconsumed_tail
            parts.append(part)
            room -= len(part)
            if not part and not stream.eof:
                raise _cut_off()
        # zeros after the last member are padding; anything after a zlib stream is not ours
        body = stream.unused_data.lstrip(b"\x00") if wrapping == GZIP else b""
        if not body or not room:
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise BodyError(f"The body is made of more than {MEMBERS} compressed pieces.")


def _brotli(body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    data = body
    while not stream.is_finished() and size <= limit:
        part = stream.process(data, output_buffer_limit=min(BROTLI_STEP, limit + 1 - size))
        data = b""
        parts.append(part)
        size += len(part)
        if not part and not stream.is_finished():
            raise _cut_off()
    return b"".join(parts)


def _zstd(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit + 1
    for _ in range(MEMBERS):
        stream = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        data = body
        while not stream.eof and room:
            part = stream.decompress(data, room)
            data = b""
            parts.append(part)
            room -= len(part)
            if not part and not stream.eof:
                raise _cut_off()
        body = stream.unused_data if stream.eof else b""
        if not body or not room:
            return b"".join(parts)
    raise BodyError(f"The body is made of more than {MEMBERS} compressed pieces.")


def _cut_off() -> BodyError:
    return BodyError("The compressed body ends too early.")
