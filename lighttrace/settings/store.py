"""`[store]`."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import field

from lighttrace.settings.kinds import Days, FilePath, SizeBytes
from lighttrace.toml.setting import Note, Table


class StoreOptions(Table, frozen=True):
    """`[store]`: the database and how long it keeps what."""

    path: Annotated[FilePath, Note("the path of the database file")] = Path("lighttrace.db")
    """The database file; a relative path begins at the folder of this file. It must be on a disk of
    this machine, not on a network share.
    """
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    """"FULL" keeps every acknowledged event even if the power fails; "NORMAL" may lose the last
    moments then, and helps only on slow disks.
    """
    retention_days: Days = 90
    """Events are removed when they are this many days old."""
    artifact_days: Days = 90
    """Uploaded source maps and sources are removed when no event was read with them for so long,
    and nobody uploaded them again.
    """
    max_size_bytes: Annotated[SizeBytes, Note(example="10 GB")] = field(
        default=10 * 10**9, name="max_size"
    )
    """The database is kept below this size; if it grows too large, the oldest events go first,
    whatever their age.
    """
