"""Bundles whose chunks are all there are read, one at a time, and what is in them is kept.

The state is in the store, so a server that ends goes on where it was. `lighttrace sourcemaps
upload` does the same beside a running server: a lock of the kernel lets one of them read at a time.
"""

import asyncio
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Protocol

from lighttrace.clock import Clock
from lighttrace.errors import BundleError, DiskError, QueueFullError
from lighttrace.sourcemaps import child, records
from lighttrace.store import bundles, unused
from lighttrace.store.bundles import Build, Bundle
from lighttrace.uploads import keeping
from lighttrace.uploads.chunks import Chunks, Joined

log = logging.getLogger(__name__)

LONGEST_S = 300.0  # of the child, by the clock on the wall; it has `child.CPU_S` of the processor
LOOK_S = 5.0  # for what another process has left to be read
POLL_S = 0.1
TOO_LONG = f"Reading it takes longer than {child.CPU_S // 60} minutes, which is as long as it may."
KILLED = "The process that read it was ended by the system, probably for want of memory."
CRASHED = "Reading it failed; the server's log says how."
OTHER = "The bundle's checksum is another than that of its chunks."
RELEASED = 500  # contents in one transaction
SAID_BYTES = 2000  # of what a child has to say, into the log
WORK = "work-"


def folder_of(database: Path) -> Path:
    """Where what is uploaded waits, for a database."""
    return database.with_name(database.name + ".uploads")


class Writes(Protocol):
    """What of the store is needed: `Store` itself, or a command's own short transactions."""

    async def write(self, fn: Callable[..., Any], *args: Any) -> Any: ...

    async def read(self, fn: Callable[..., Any], *args: Any) -> Any: ...


async def _nothing() -> None:
    pass


class Assembly:
    """`folder` is where chunks wait, and where the work is done; it is made when it is needed.

    `let_others` is waited for between two transactions.
    """

    def __init__(
        self,
        store: Writes,
        folder: Path,
        clock: Clock,
        let_others: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self.chunks = Chunks(folder / "chunks", clock)
        self._folder = folder
        self._store = store
        self._clock = clock
        self._let_others = let_others
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """A bundle is waiting."""
        self._awake.set()

    async def run(self, beat: Callable[[], None]) -> None:
        """The loop: read what is waiting, for ever."""
        while True:
            beat()
            self._awake.clear()
            while await self.one():
                beat()
            await asyncio.to_thread(self.chunks.sweep)
            try:
                await asyncio.wait_for(self._awake.wait(), LOOK_S)
            except TimeoutError:
                continue

    async def hand_in(self, file: Path, builds: Sequence[Build], tool: str, now_ms: int) -> bytes:
        """A whole bundle that was made on this machine (`chunks.new_file`), to be read; `file` is
        moved. Returns its SHA-1. Raises UploadsFullError.
        """
        name: bytes = await asyncio.to_thread(self.chunks.take_in, file)
        made = await self._store.write(bundles.receive, name, [name], builds, tool, now_ms)
        if made.state in bundles.WAITING:
            self.wake()
        else:  # it was known
            await asyncio.to_thread(self.chunks.drop, [name], self._clock.now_ms())
        return name

    async def settled(self, name: bytes) -> Bundle:
        """Wait until a bundle is read, whoever reads it."""
        while True:
            found: Bundle | None = await self._store.read(bundles.by_sha1, name)
            if found is None:
                raise BundleError("The bundle was removed before it was read.")
            if found.state not in bundles.WAITING:
                return found
            await asyncio.sleep(POLL_S)

    async def read_or_wait(self, name: bytes) -> Bundle:
        """The same where no loop may be running: read it here unless somebody else does."""
        while True:
            await self.one()
            found: Bundle | None = await self._store.read(bundles.by_sha1, name)
            if found is None or found.state not in bundles.WAITING:
                return await self.settled(name)
            await asyncio.sleep(POLL_S)

    async def one(self) -> bool:
        """Read the next bundle; False if none is waiting, or another process is reading."""
        if not await self._store.read(bundles.any_waiting):
            return False
        with self._alone() as is_alone:
            if not is_alone:
                return False
            self._tidy()
            await self._store.write(unused.forget_unfinished)
            bundle: Bundle | None = await self._store.write(bundles.take, self._clock.now_ms())
            if bundle is None:
                return False
            await self._assemble(bundle)
        return True

    async def _assemble(self, bundle: Bundle) -> None:
        work = Path(mkdtemp(prefix=WORK, dir=self._folder))
        began_ms = self._clock.now_ms()
        size, why = 0, None
        ids: dict[keeping.Key, int] = {}
        try:
            size = await asyncio.to_thread(self._join, bundle, work / "bundle")
            await self._in_child(work)
            await self._keep(bundle.id, work / "records", ids)
        except BundleError as error:
            why = str(error)
        except (DiskError, QueueFullError):
            raise  # it is read again when that is over
        except Exception:
            log.exception("reading the bundle %s", bundle.sha1.hex())
            why = CRASHED
        finally:
            await asyncio.to_thread(rmtree, work, ignore_errors=True)
        if why is not None:
            await self._take_back(bundle.id, list(ids.values()))
        now_ms = self._clock.now_ms()
        await self._store.write(bundles.settle, bundle.id, size, now_ms, why)
        while why is not None and await self._store.write(unused.bite):
            await self._let_others()
        await asyncio.to_thread(self.chunks.drop, bundle.chunks, began_ms)
        log.info("bundle %s: %s", bundle.sha1.hex(), why or "read")

    def _join(self, bundle: Bundle, target: Path) -> int:
        with target.open("wb") as out:
            joined: Joined = self.chunks.join(bundle.chunks, out)
        if joined.sha1 != bundle.sha1:
            raise BundleError(OTHER)
        return joined.size_bytes

    async def _in_child(self, work: Path) -> None:
        arguments = (sys.executable, "-m", child.__name__, str(work / "bundle"))
        with (work / "log").open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                str(work / "records"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            async with asyncio.timeout(LONGEST_S):
                code = await process.wait()
        except TimeoutError:
            raise BundleError(TOO_LONG) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code == 0:
            return
        log.warning("reading a bundle ended with %d: %s", code, _end_of(work / "log"))
        if code == -signal.SIGXCPU:
            raise BundleError(TOO_LONG)
        raise BundleError(KILLED if code == -signal.SIGKILL else CRASHED)

    async def _keep(self, bundle_id: int, path: Path, ids: dict[keeping.Key, int]) -> None:
        """`ids` is filled with the contents that the bundle has, as far as they are kept."""
        await self._take_back(bundle_id, [])
        kept = keeping.Kept()
        with path.open("rb") as file:
            some = keeping.batches(records.read(file))
            while batch := await asyncio.to_thread(next, some, None):
                now_ms = self._clock.now_ms()
                kept = await self._store.write(keeping.keep, bundle_id, batch, kept, ids, now_ms)
                ids |= kept.ids
                await self._let_others()

    async def _take_back(self, bundle_id: int, artifact_ids: Sequence[int]) -> None:
        """Forget the files of a bundle, and give up contents that only it has."""
        while await self._store.write(bundles.forget_files, bundle_id):
            await self._let_others()
        for at in range(0, len(artifact_ids), RELEASED):
            await self._store.write(unused.release, artifact_ids[at : at + RELEASED])
            await self._let_others()

    def _tidy(self) -> None:
        """What a process that was killed has left; only who is alone may."""
        for path in self._folder.glob(WORK + "*"):
            rmtree(path, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process is reading; none will while this one does."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            yield False
            return
        try:
            yield True
        finally:
            os.close(fd)


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - SAID_BYTES))
        return file.read().decode("utf-8", "replace")
