"""Names that come again and again, as small numbers: environments, releases, tag keys and values.

Runs in the writer's transaction. Every one of these tables is bounded, because every one of these
names is chosen by whoever knows a DSN, and a DSN is public in every web page that uses it.
"""

from collections import Counter
from dataclasses import dataclass, field
from zlib import crc32

from lighttrace.event.version import package_of, sort_key
from lighttrace.store import text_index
from lighttrace.store.database import Transaction
from lighttrace.store.learned import Learned

MOST_ENVIRONMENTS = 500  # the pages offer them as a list, and an issue has a row for each it is in
OTHER_ENVIRONMENT = "(other)"  # what comes after that; the body keeps the name that was sent
MOST_RELEASES = 50_000
MOST_TAG_KEYS = 1_000
MOST_VALUES = 2_000  # distinct values of one key; what comes later shares the buckets
BUCKETS = 1_024
BUCKET_MARK = "\0"  # no client can send it: NUL is taken out of every string
MOST_CACHED_VALUES = 100_000  # about 20 MB

FIND_ENVIRONMENT = "select id from environment where name = ?"
ADD_ENVIRONMENT = "insert into environment(name) values(?) returning id"
COUNT_ENVIRONMENTS = "select count(*) from environment"


class Environments:
    """Name → id. The empty name is "none" and has a row like the others."""

    def __init__(self) -> None:
        self.cache: Learned[str, int] = Learned(MOST_ENVIRONMENTS * 4)

    def id_of(self, tx: Transaction, name: str) -> int:
        found = self.cache.get(name)
        if found is None:
            found = self._find(tx, name)
            self.cache.add(name, found)
        return found

    def _find(self, tx: Transaction, name: str) -> int:
        row = tx.execute(FIND_ENVIRONMENT, (name,)).fetchone()
        if row is not None:
            return int(row[0])
        full = tx.execute(COUNT_ENVIRONMENTS).fetchone()[0] >= MOST_ENVIRONMENTS
        if full and name not in ("", OTHER_ENVIRONMENT):
            return self.id_of(tx, OTHER_ENVIRONMENT)
        return int(tx.execute(ADD_ENVIRONMENT, (name,)).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Release:
    """A release as the writer needs it: which of two is the later one."""

    id: int
    package: str
    order: bytes | None

    def is_later_than(self, other: "Release") -> bool:
        """By version where both have one and are of one package, else by who was seen first."""
        comparable = self.order is not None and other.order is not None
        if comparable and self.package == other.package and self.order != other.order:
            return bool(self.order > other.order)  # type: ignore[operator]
        return self.id > other.id


FIND_RELEASE = "select id, package, sort_key from release where version = ?"
RELEASE_BY_ID = "select id, package, sort_key from release where id = ?"
COUNT_RELEASES = "select count(*) from release"
ADD_RELEASE = """
insert into release(version, package, sort_key, added_at) values(?, ?, ?, ?)
returning id, package, sort_key
"""


class Releases:
    """Version → release. A release without a row is None: past the bound it is not tracked."""

    def __init__(self) -> None:
        self.cache: Learned[str, Release] = Learned(5_000)
        self.by_id: Learned[int, Release] = Learned(5_000)

    def of(self, tx: Transaction, version: str, now_ms: int) -> Release | None:
        found = self.cache.get(version)
        if found is not None:
            return found
        row = tx.execute(FIND_RELEASE, (version,)).fetchone()
        if row is None:
            if tx.execute(COUNT_RELEASES).fetchone()[0] >= MOST_RELEASES:
                return None
            values = (version, package_of(version), sort_key(version), now_ms)
            row = tx.execute(ADD_RELEASE, values).fetchone()
        release = Release(*row)
        self.cache.add(version, release)
        self.by_id.add(release.id, release)
        return release

    def of_id(self, tx: Transaction, release_id: int | None) -> Release | None:
        if release_id is None:
            return None
        found = self.by_id.get(release_id)
        if found is None:
            row = tx.execute(RELEASE_BY_ID, (release_id,)).fetchone()
            if row is None:
                return None
            found = Release(*row)
            self.by_id.add(release_id, found)
        return found


@dataclass(slots=True)
class TagKey:
    """A key with all its values: (id, token) by value, loaded whole, so that an unknown value is
    known to be new without asking.
    """

    id: int
    presence: str
    values: dict[str, tuple[int, str]] = field(default_factory=dict)
    distinct: int = 0  # without buckets


FIND_KEY = "select id from tag_key where name = ?"
COUNT_KEYS = "select count(*) from tag_key"
ADD_KEY = "insert into tag_key(name) values(?) returning id"
VALUES_OF_KEY = "select id, value from tag_value where key_id = ?"
ADD_VALUE = "insert into tag_value(key_id, value) values(?, ?) returning id"
COUNT_USE = "update tag_value set n = n + ?, last_day = max(last_day, ?) where id = ?"


class Tags:
    """(key, value) → id of the value, and the tokens it is searched by."""

    def __init__(self) -> None:
        self._keys: dict[str, TagKey] = {}
        self._fresh: list[str] = []  # keys that learned something in this transaction
        self._cached = 0
        self._uses: Counter[int] = Counter()

    def intern(
        self, tx: Transaction, tags: tuple[tuple[str, str], ...], tokens: set[str]
    ) -> list[int]:
        """The ids of the values, each counted as used once; their tokens go into `tokens`.

        A tag whose key is one too many has no id, but it has its tokens.
        """
        ids = []
        for name, value in tags:
            key = self._keys.get(name)
            if key is None:
                key = self._load(tx, name)
                if key is None:
                    tokens.add(text_index.token(name, value))
                    tokens.add(text_index.presence(name))
                    continue
            found = key.values.get(value)
            if found is None:
                found = self._add(tx, name, key, value)
            ids.append(found[0])
            tokens.add(found[1])
            tokens.add(key.presence)
        self._uses.update(ids)
        return ids

    def flush(self, tx: Transaction, day: int) -> None:
        """Write how often each value was used since the last time."""
        tx.executemany(COUNT_USE, [(n, day, value_id) for value_id, n in self._uses.items()])
        self._uses.clear()

    def _load(self, tx: Transaction, name: str) -> TagKey | None:
        row = tx.execute(FIND_KEY, (name,)).fetchone()
        if row is None:
            if tx.execute(COUNT_KEYS).fetchone()[0] >= MOST_TAG_KEYS:
                return None
            row = tx.execute(ADD_KEY, (name,)).fetchone()
            self._fresh.append(name)
        key = TagKey(int(row[0]), text_index.presence(name))
        for value_id, value in tx.execute(VALUES_OF_KEY, (key.id,)):
            key.values[value] = (value_id, text_index.token(name, value))
            key.distinct += not value.startswith(BUCKET_MARK)
        self._cached += len(key.values)
        self._keys[name] = key
        return key

    def _add(self, tx: Transaction, name: str, key: TagKey, value: str) -> tuple[int, str]:
        stored, token = value, text_index.token(name, value)
        if key.distinct >= MOST_VALUES and not value.startswith(BUCKET_MARK):
            stored = f"{BUCKET_MARK}{crc32(value.encode()) % BUCKETS}"
            bucket = key.values.get(stored)
            if bucket is not None:
                return bucket[0], token  # the token is that of the true value
        row = tx.execute(ADD_VALUE, (key.id, stored)).fetchone()
        key.values[stored] = found = (int(row[0]), token)
        key.distinct += stored is value
        self._fresh.append(name)
        self._cached += 1
        return found

    def keep(self) -> None:
        self._fresh.clear()
        if self._cached > MOST_CACHED_VALUES:
            self.forget()

    def drop(self) -> None:
        """What was learned since the last commit is not in the tables: forget those keys."""
        for name in self._fresh:
            self._keys.pop(name, None)
        self._fresh.clear()
        self._uses.clear()

    def forget(self) -> None:
        self._keys.clear()
        self._fresh.clear()
        self._uses.clear()
        self._cached = 0
