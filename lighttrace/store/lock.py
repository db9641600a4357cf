"""One LightTrace for one database: a lock file beside it, held by `serve` and `restore`.

The lock is the kernel's (`flock`), so it ends with its process however that ends. The file stays;
it is empty of meaning when nobody holds it. Commands that write briefly do not need it.
"""

import fcntl
import os
from pathlib import Path

from lighttrace.errors import StartError


class Lock:
    """Held from `take` to `release`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, database: Path) -> "Lock":
        """Raises StartError if another process has it, or if the folder cannot be written."""
        path = database.with_name(database.name + ".lock")
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartError(
                f"Cannot write in {database.parent}: {error.strerror}. "
                "Give this user the folder, or name another one with --data."
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
            who = f" (process {holder})" if holder else ""
            os.close(fd)
            raise StartError(
                f"Another LightTrace{who} is using {database}. "
                "Stop it first, or name another folder with --data."
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return cls(fd)

    def release(self) -> None:
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
