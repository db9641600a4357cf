"""What the writer remembers of the database, so that it need not ask: learned for good only when
the transaction it was learned in is committed. After a rollback nothing wrong is remembered.
"""

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Learned(Generic[Key, Value]):
    """A bounded cache with a transaction. It may forget at any time: the tables are the truth."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[Key, Value] = {}
        self._fresh: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        found = self._fresh.get(key)
        return found if found is not None else self._known.get(key)

    def add(self, key: Key, value: Value) -> None:
        self._fresh[key] = value

    def __len__(self) -> int:
        return len(self._known) + len(self._fresh)

    def keep(self) -> None:
        """The transaction was committed."""
        if not self._fresh:
            return
        if len(self._known) + len(self._fresh) > self._most:
            # Forgetting everything is one look-up per key in use, once in `most` new ones.
            self._known.clear()
        self._known.update(self._fresh)
        self._fresh.clear()

    def drop(self) -> None:
        """The transaction was rolled back."""
        self._fresh.clear()

    def forget(self) -> None:
        """The tables were changed behind our back."""
        self._known.clear()
        self._fresh.clear()
