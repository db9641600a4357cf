"""Mappings of ProGuard and R8 that come in a zip, each called after its id: `proguard/UUID.txt`.

Older sentry-cli sends them like this. Sizes that a zip says of itself are not believed.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lighttrace.errors import BundleError
from lighttrace.sourcemaps.bundle import check_end
from lighttrace.sourcemaps.proguard import MOST_BYTES
from lighttrace.uploads.chunks import Chunks

NAME = re.compile(r"/?proguard/([0-9a-fA-F-]{32,36})\.txt")
NATIVE = (
    "Native debug files (ELF, Mach-O, PE, wasm …) are not supported: native stack traces are not "
    "read here. Mappings of ProGuard and R8, and bundles of sources are."
)
MOST_FILES = 50  # one for each variant of a build
MOST_RATIO = 250  # times smaller than unpacked; mappings are 8 to 15
FROM_RATIO_BYTES = 4 * 1024 * 1024
STEP_BYTES = 1024 * 1024
_WRONG = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Mapping:
    """One that was unpacked, to be handed in."""

    path: Path
    debug_id: str
    name: str


def unpack(chunks: Chunks, file: IO[bytes]) -> list[Mapping]:
    """All of them, in files of their own. Raises BundleError, which leaves none, and
    UploadsFullError.
    """
    found: list[Mapping] = []
    check_end(file, MOST_FILES)  # a list of a million files would fill the server's memory
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if not 0 < len(members) <= MOST_FILES:
                raise BundleError(f"An archive has 1 to {MOST_FILES} mappings.")
            left = MOST_BYTES
            for it in members:
                named = NAME.fullmatch(it.filename)
                if named is None:
                    raise BundleError(NATIVE)
                if it.file_size > max(FROM_RATIO_BYTES, it.compress_size * MOST_RATIO):
                    raise BundleError(f"{it.filename} says that it unpacks to far too much.")
                found.append(Mapping(chunks.new_file(), named[1], it.filename))
                with archive.open(it) as member:
                    left = _copy(member, found[-1].path, left)
    except _WRONG as error:
        _drop(found)
        raise BundleError(f"The archive is not a zip file, or a broken one ({error}).") from None
    except BaseException:
        _drop(found)
        raise
    return found


def _copy(member: IO[bytes], path: Path, left: int) -> int:
    """How many bytes may still come after it."""
    with path.open("wb") as out:
        while data := member.read(STEP_BYTES):
            left -= len(data)
            if left < 0:
                raise BundleError(f"The mappings are larger than {MOST_BYTES // 2**20} MiB.")
            out.write(data)
    return left


def _drop(found: list[Mapping]) -> None:
    for it in found:
        it.path.unlink(missing_ok=True)
