"""Chunks of uploads that are not read yet: files beside the database, named by their SHA-1.

Not rows of the database: a chunk lives for seconds, and the writer's time belongs to events. Each
file is whole or not there. Its time is when it was last sent or asked about; methods block for as
long as the disk does, so they are called in threads.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest, sha1
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from lighttrace.clock import Clock
from lighttrace.errors import BundleError, UploadsFullError

CHUNK_BYTES = 1024 * 1024
MOST_BYTES = 1024 * 1024 * 1024  # of all together
MOST_BUNDLE_BYTES = 512 * 1024 * 1024
FREE_BYTES = 256 * 1024 * 1024  # of the disk, which are left for events
KEPT_MS = 24 * 60 * 60 * 1000
COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Joined:
    """The file that chunks made together."""

    sha1: bytes
    size_bytes: int


def owned(owner: str, name: bytes) -> bytes:
    """What a chunk of somebody is kept as. To know a SHA-1 is not to have what it is of: nobody
    learns of chunks that others have sent, or makes a bundle of them.
    """
    return sha1(f"{owner}:".encode() + name, usedforsecurity=False).digest()


class Chunks:
    """Those of one folder, which is made when the first chunk comes."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = Lock()
        self._bytes: int | None = None  # of all; None: not counted yet

    def missing(self, names: Sequence[bytes]) -> list[bytes]:
        """Those that have to be sent, in order and once each; the others stay for another day."""
        return [name for name in dict.fromkeys(names) if not self._touch(self._path(name))]

    def put(self, name: bytes, data: bytes, kept_as: bytes | None = None) -> None:
        """Keep a chunk, by its own name or as what is `owned`. Raises BundleError if it is another
        than its name says, UploadsFullError if there is no room.
        """
        if sha1(data, usedforsecurity=False).digest() != name:
            raise BundleError(f"The chunk {name.hex()} did not arrive as it was: send it again.")
        path = self._path(kept_as or name)
        if self._touch(path):
            return
        self._room(len(data))
        part = path.with_suffix(f".{os.urandom(6).hex()}")
        try:
            part.write_bytes(data)
            self._move(part, path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise UploadsFullError(f"The chunk cannot be kept: {error.strerror}.") from error

    def new_file(self) -> Path:
        """Where to write a bundle that is made on this machine."""
        self._room(0)
        return self._folder / f"new-{os.urandom(6).hex()}"

    def take_in(self, file: Path) -> bytes:
        """That bundle as a chunk of its own; returns its SHA-1. `file` is moved, or removed."""
        try:
            self._room(file.stat().st_size)
            with file.open("rb") as opened:
                name = file_digest(opened, "sha1").digest()
            self._move(file, self._path(name))
        finally:
            file.unlink(missing_ok=True)
        return name

    def join(self, names: Sequence[bytes], out: BinaryIO | None = None) -> Joined:
        """Write chunks one after the other, or without `out` only look what they make. Raises
        BundleError if one is gone, or there is no room for all: a short list of names may stand
        for much.
        """
        digest = sha1(usedforsecurity=False)
        try:
            size = sum(self._path(name).stat().st_size for name in names)
            if size > MOST_BUNDLE_BYTES:
                raise BundleError(f"The bundle is larger than {MOST_BUNDLE_BYTES // 2**20} MiB.")
            if out is not None:
                self._leave_some(size)
            for name in names:
                with self._path(name).open("rb") as file:
                    while data := file.read(COPY_BYTES):
                        digest.update(data)
                        if out is not None:
                            out.write(data)
        except FileNotFoundError:
            raise BundleError("Some of its chunks are gone: upload it again.") from None
        except UploadsFullError as error:
            raise BundleError(str(error)) from error
        return Joined(digest.digest(), size)

    def drop(self, names: Sequence[bytes], until_ms: int) -> None:
        """Remove chunks that were read, but for those that somebody has asked about since."""
        for name in names:
            self._remove(self._path(name), until_ms)

    def sweep(self) -> None:
        """Remove what nobody has asked about for a day, and what broke off."""
        until_ms = self._clock.now_ms() - KEPT_MS
        for path in self._files():
            self._remove(path, until_ms)

    def sync(self, names: Sequence[bytes]) -> None:
        """Have the disk hold them, before it is said that they are there."""
        for name in names:
            with suppress(FileNotFoundError):  # said when it is read
                fd = os.open(self._path(name), os.O_RDONLY)
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)

    def _path(self, name: bytes) -> Path:
        return self._folder / name.hex()

    def _files(self) -> list[Path]:
        try:
            return list(self._folder.iterdir())
        except FileNotFoundError:
            return []

    def _touch(self, path: Path) -> bool:
        at_ns = self._clock.now_ms() * 1_000_000
        try:
            os.utime(path, ns=(at_ns, at_ns))
        except FileNotFoundError:
            return False
        return True

    def _move(self, part: Path, path: Path) -> None:
        size = part.stat().st_size
        self._touch(part)
        with self._lock:
            there = path.exists()
            part.replace(path)
            if not there:
                self._bytes = self._count() + size

    def _remove(self, path: Path, until_ms: int) -> None:
        with suppress(FileNotFoundError), self._lock:
            found = path.stat()
            if found.st_mtime_ns <= until_ms * 1_000_000:
                count = self._count()
                path.unlink()
                self._bytes = count - found.st_size

    def _count(self) -> int:
        if self._bytes is None:
            self._bytes = sum(it.stat().st_size for it in self._files())
        return self._bytes

    def _room(self, size_bytes: int) -> None:
        with self._lock:
            for folder in (self._folder.parent, self._folder):  # `parents` would be for all to read
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._count() + size_bytes > MOST_BYTES:
                raise UploadsFullError(
                    f"{MOST_BYTES // 2**30} GiB of uploads are waiting to be read, which is all "
                    "that may. Try again later; what nobody finishes goes after a day."
                )
        self._leave_some(size_bytes)

    def _leave_some(self, size_bytes: int) -> None:
        if shutil.disk_usage(self._folder).free < size_bytes + FREE_BYTES:
            raise UploadsFullError("The server's disk is nearly full; what is left is for events.")
