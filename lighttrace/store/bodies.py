"""The bodies of events, compressed with a dictionary: what all events have in common (keys, SDK
texts, frames of well-known libraries) is not stored with each.

Dictionary 1 is shipped and every database has it; those trained from a project's own events have
higher ids (`training.py`). A dictionary is never changed or removed while a body names it.
"""

import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from lighttrace.errors import StoreError
from lighttrace.event.model import Arrival
from lighttrace.store.database import Reader, Transaction

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SHIPPED_ID = 1
FIRST_TRAINED_ID = 1000  # room for dictionaries later versions ship
KIND = "event"
LEVEL = 3  # level 6 saves 10 % more and takes three times as long (bench/store.py)
MOST_COMPRESSORS = 32  # projects whose dictionary is kept digested in memory, 0.3 MB each


@cache
def shipped() -> bytes:
    return (files("lighttrace.store") / "dictionaries" / "default-1.zdict").read_bytes()


@cache
def _shipped_dictionary() -> zstd.ZstdDict:
    return zstd.ZstdDict(shipped())


ADD_SHIPPED = """
insert into dictionary(id, project_id, kind, data, trained_at) values(?, null, ?, ?, 0)
on conflict(id) do nothing
"""


def add_shipped(tx: Transaction) -> None:
    """Every database carries what its bodies need, whatever a later version ships."""
    tx.execute(ADD_SHIPPED, (SHIPPED_ID, KIND, shipped()))


NEWEST = """
select id, data from dictionary
 where project_id = ? and kind = ? order by id desc limit 1
"""


class Compressor:
    """Compresses for the writer, with the newest dictionary of each project."""

    def __init__(self, db: Reader) -> None:
        self._db = db
        self._of_project: dict[int, tuple[int, zstd.ZstdCompressor]] = {}

    def forget(self) -> None:
        """A dictionary was added."""
        self._of_project.clear()

    def compress(self, project_id: int, body: bytes) -> tuple[int, bytes]:
        """The dictionary's id, and the body without what the dictionary knows."""
        chosen = self._of_project.get(project_id)
        if chosen is None:
            chosen = self._choose(project_id)
        dictionary_id, compressor = chosen
        return dictionary_id, compressor.compress(body, compressor.FLUSH_FRAME)

    def _choose(self, project_id: int) -> tuple[int, zstd.ZstdCompressor]:
        row = self._db.execute(NEWEST, (project_id, KIND)).fetchone()
        if row is None:
            dictionary_id, dictionary = SHIPPED_ID, _shipped_dictionary()
        else:
            dictionary_id, dictionary = row[0], zstd.ZstdDict(row[1])
        if len(self._of_project) >= MOST_COMPRESSORS:
            self._of_project.clear()
        compressor = zstd.ZstdCompressor(LEVEL, zstd_dict=dictionary.as_digested_dict)
        self._of_project[project_id] = chosen = (dictionary_id, compressor)
        return chosen


ONE = "select data from dictionary where id = ?"


def decompress(db: Reader, dictionary_id: int | None, data: bytes, size_bytes: int) -> bytes:
    """A body as it was given to the writer. Raises StoreError if it cannot be had back."""
    try:
        decompressor = zstd.ZstdDecompressor(zstd_dict=_dictionary(db, dictionary_id))
        body = decompressor.decompress(data, max_length=size_bytes)
    except zstd.ZstdError as error:
        raise StoreError(f"a stored body cannot be decompressed: {error}") from error
    if len(body) != size_bytes:
        raise StoreError(f"a stored body has {len(body)} bytes instead of {size_bytes}")
    return body


def _dictionary(db: Reader, dictionary_id: int | None) -> zstd.ZstdDict | None:
    if dictionary_id is None:
        return None
    row = db.execute(ONE, (dictionary_id,)).fetchone()
    if row is None:
        raise StoreError(f"dictionary {dictionary_id} is gone")
    # the digest of the shipped one is shared; it is the same bytes in every database
    return _shipped_dictionary() if row[0] == shipped() else zstd.ZstdDict(row[0])


@dataclass(frozen=True, slots=True)
class StoredBody:
    """What the client sent, scrubbed, and what its request told us: `normalise` needs both."""

    body: bytes
    arrival: Arrival


BODY = "select dictionary_id, size_bytes, derived, data from event_body where id = ?"
_ARRIVAL = msgspec.json.Decoder(Arrival)


def of_event(db: Reader, row: int) -> StoredBody | None:
    """None if the event is gone, or only its row was kept. Raises StoreError."""
    found = db.execute(BODY, (row,)).fetchone()
    if found is None:
        return None
    dictionary_id, size_bytes, derived, data = found
    return StoredBody(decompress(db, dictionary_id, data, size_bytes), _ARRIVAL.decode(derived))
