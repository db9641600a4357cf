"""The artifact bundle that Sentry's tools upload: a zip behind eight bytes, `SYSB` and a version,
with a manifest that says what each member is. Pure; raises BundleError only.

Members are found by the manifest, never by guessing names, and nothing is ever unpacked to a path.
What a bundle says of itself is not believed: sizes, checksums and counts are bounded before memory
is taken for them, and what is read is measured.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError
from typing import IO, Any, BinaryIO, Literal, TypeAlias
from uuid import UUID

import msgspec

from lighttrace.errors import BundleError

Kind: TypeAlias = Literal["map", "script", "source", "mapping"]
KINDS: dict[str, Kind] = {
    "minified_source": "script",
    "source_map": "map",
    "source": "source",
}
MANIFEST = "manifest.json"
MOST_MEMBERS = 50_000  # the builds of very large pages have 10,000
MOST_MEMBER_BYTES = 64 * 1024 * 1024  # as of a map (`decode.MOST_BYTES`)
MOST_TOTAL_BYTES = 1024 * 1024 * 1024
MOST_MANIFEST_BYTES = 32 * 1024 * 1024
MOST_DIRECTORY_BYTES = 32 * 1024 * 1024
ENTRY_BYTES = 256  # of the list of files, for each, beside its name
MOST_NAME = 1024  # characters
MOST_URL = 2048
MOST_RATIO = 250  # times smaller than unpacked; maps are 4 to 12, a file of blanks 1,000
FROM_RATIO_BYTES = 4 * 1024 * 1024  # what is smaller than that may be as empty as it likes
STEP_BYTES = 1024 * 1024
_END = Struct("<4s4H2LH")
_ENCRYPTED = 0x1
_WRONG = (
    *(zipfile.BadZipFile, zlib.error, StructError, EOFError, NotImplementedError),
    *(OverflowError, ValueError, RuntimeError, OSError, KeyError, IndexError),
)
_STRANGE = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the bundle. `url`: where browsers find it, `~` for any host; `debug_id`: 16
    bytes; `map_url`: the header that names a script's map, as it was written.
    """

    name: str
    kind: Kind
    url: str
    debug_id: bytes | None
    map_url: str | None
    size_bytes: int  # as the bundle says


class _Entry(msgspec.Struct):
    type: str = ""
    url: str = ""
    headers: dict[str, Any] | None = None


class _Manifest(msgspec.Struct):
    files: dict[str, _Entry]


class Bundle:
    """What is in a bundle that was opened; the file has to stay open as long."""

    def __init__(self, archive: zipfile.ZipFile, members: tuple[Member, ...]) -> None:
        self._archive = archive
        self.members = members

    def read(self, member: Member) -> bytes:
        """All of a member. Raises BundleError if it is not what the bundle says it is."""
        return _content(self._archive, member.name, MOST_MEMBER_BYTES)


def read(file: BinaryIO) -> Bundle:
    """Open a bundle, and look whether all that it speaks of is there and within bounds."""
    check_end(file)
    try:
        archive = zipfile.ZipFile(file)
        _check_members(archive.infolist())
    except _WRONG as error:
        raise BundleError(f"The bundle is not a zip file, or a broken one ({error}).") from None
    if MANIFEST not in archive.NameToInfo:
        raise BundleError(f"The bundle has no {MANIFEST}, which says what its files are.")
    return Bundle(archive, tuple(_members(archive)))


def check_end(file: IO[bytes], members: int = MOST_MEMBERS, names: int = MOST_NAME) -> None:
    """The zip's last record, before anything is read on its word; `members` with `names` of so many
    characters may be in it.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise BundleError("The bundle is not a zip file, or its end is missing.")
    _, _, _, _, count, directory_bytes, _, _ = _END.unpack_from(tail, at)
    if b"PK\6\7" in tail[max(0, at - 20) : at]:
        raise BundleError("The bundle is a zip file of the 64 bit kind, which none of 1 GiB needs.")
    if count > members:
        raise _too_many(count, members)
    if directory_bytes > min(MOST_DIRECTORY_BYTES, size, members * (ENTRY_BYTES + names)):
        raise BundleError("The bundle's list of files is longer than the bundle may have it.")


def _too_many(count: int, most: int = MOST_MEMBERS) -> BundleError:
    return BundleError(f"The bundle has {count:,} files; at most {most:,} can be uploaded at once.")


def _check_members(found: list[zipfile.ZipInfo]) -> None:
    if len(found) > MOST_MEMBERS:
        raise _too_many(len(found))
    names = set()
    total = packed = 0
    for it in found:
        shown = it.filename[:100]
        if len(it.filename) > MOST_NAME:
            raise BundleError(f"A name in the bundle is longer than {MOST_NAME:,} characters.")
        if _STRANGE.search(it.filename):
            raise BundleError(f"{shown!r} is no name for a file of a bundle.")
        if it.filename in names:
            raise BundleError(f"{shown} is in the bundle twice.")
        if it.flag_bits & _ENCRYPTED:
            raise BundleError(f"{shown} is encrypted; bundles must not be.")
        if it.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{shown} is compressed in a way that bundles are not (use deflate).")
        if it.file_size > MOST_MEMBER_BYTES:
            raise BundleError(f"{shown} is larger than {MOST_MEMBER_BYTES // 2**20} MiB.")
        if it.file_size > max(FROM_RATIO_BYTES, it.compress_size * MOST_RATIO):
            raise BundleError(
                f"{shown} says that it unpacks to more than {MOST_RATIO} times its size."
            )
        names.add(it.filename)
        total += it.file_size
        packed += it.compress_size
    if total > MOST_TOTAL_BYTES:
        raise BundleError(f"Unpacked, the bundle is larger than {MOST_TOTAL_BYTES // 2**30} GiB.")
    if total > max(FROM_RATIO_BYTES, packed * MOST_RATIO):
        raise BundleError(
            f"The bundle says that it unpacks to more than {MOST_RATIO} times its size."
        )


def _members(archive: zipfile.ZipFile) -> Iterator[Member]:
    """What the manifest says of each; kinds that nothing here is done with are left out."""
    content = _content(archive, MANIFEST, MOST_MANIFEST_BYTES)
    try:
        files = msgspec.json.decode(content, type=_Manifest).files
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"The bundle's {MANIFEST} cannot be read: {error}.") from None
    if len(files) > MOST_MEMBERS:
        raise _too_many(len(files))
    for name, entry in files.items():
        info = archive.NameToInfo.get(name)
        if info is None:
            raise BundleError(f"{name[:100]} is in the {MANIFEST} but not in the bundle.")
        if len(entry.url) > MOST_URL or _CONTROL.search(entry.url):
            raise BundleError(f"The URL of {name[:100]} is too long, or has control characters.")
        kind = KINDS.get(entry.type)
        if kind is None or not entry.url:
            continue
        headers = _headers(entry)
        yield Member(
            name=name,
            kind=kind,
            url=entry.url,
            debug_id=_debug_id(headers.get("debug-id")),
            map_url=headers.get("sourcemap") or headers.get("x-sourcemap"),
            size_bytes=info.file_size,
        )


def _headers(entry: _Entry) -> Mapping[str, str]:
    return {
        name.lower(): value
        for name, value in (entry.headers or {}).items()
        if isinstance(value, str) and not _CONTROL.search(value)
    }


def _debug_id(text: str | None) -> bytes | None:
    try:
        return UUID(text).bytes if text and len(text) <= 45 else None
    except ValueError:
        return None


def _content(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(name) as file:
            while part := file.read(STEP_BYTES):
                size += len(part)
                if size > limit:
                    raise BundleError(f"{name[:100]} is larger than {limit // 2**20} MiB.")
                parts.append(part)
    except _WRONG as error:
        raise BundleError(f"{name[:100]} cannot be read out of the bundle ({error}).") from None
    return b"".join(parts)
