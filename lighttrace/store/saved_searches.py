"""Saved searches: the address of a list under a name, somebody's own or everybody's.

Who may change whose is decided here, inside the transaction that changes: docs/roles.md, "Who may
do what". What a search finds is a matter of who opens it; its name and its words are seen by
everybody it is shared with.
"""

from dataclasses import dataclass
from typing import Any

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import users
from lighttrace.store.database import Reader, Transaction

MOST_OWN, MOST_SHARED = 50, 100
MOST_NAME = 60  # characters
MOST_QUERY = 16_000  # the longest search with each letter as its bytes in hex
OPTION = "search"  # of a person: the id of the one that `/issues` begins with


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """`query`: the query string of its address. `by`: who made it."""

    id: int
    name: str
    query: str
    shared: bool
    user_id: int
    by: str


SELECT = """
select s.id, s.name, s.query, s.shared, s.user_id, u.name from saved_search s
 cross join user u on u.id = s.user_id
"""
OWN = "s.user_id = :user_id and s.shared = 0"
SHARED = "s.shared = 1"
EVERY = f"{SELECT} where {{whose}} order by s.name collate nocase, s.id"


def seen(db: Reader, user_id: int) -> list[SavedSearch]:
    """Somebody's own, then those that are shared, each by name."""
    own = db.execute(EVERY.format(whose=OWN), {"user_id": user_id}).fetchall()
    return [_of_row(row) for row in (*own, *db.execute(EVERY.format(whose=SHARED)))]


BY_ID = f"{SELECT} where s.id = :id and (s.user_id = :user_id or s.shared = 1)"


def get(db: Reader, search_id: int, user_id: int) -> SavedSearch | None:
    """What is neither theirs nor shared is not there."""
    row = db.execute(BY_ID, {"id": search_id, "user_id": user_id}).fetchone()
    return _of_row(row) if row else None


def _of_row(row: Any) -> SavedSearch:
    search_id, name, query, shared, user_id, by = row
    return SavedSearch(search_id, name, query, bool(shared), user_id, by)


SAME_NAME = f"{SELECT} where s.name = :name collate nocase and {{whose}}"
COUNT = "select count(*) from saved_search s where {whose}"
ADD = """
insert into saved_search(user_id, shared, name, query, created_at) values(?, ?, ?, ?, ?)
returning id
"""
SET_QUERY = "update saved_search set name = ?, query = ? where id = ?"


def save(
    tx: Transaction, user_id: int, name: str, query: str, shared: bool, now_ms: int
) -> SavedSearch:
    """Keep a search. One of that name that they may change is what it was before: it finds this
    from now on. Raises RefusedError, TakenError.
    """
    name = _name(name)
    if len(query) > MOST_QUERY:
        raise RefusedError(f"The address of a saved search has at most {MOST_QUERY:,} characters.")
    if shared:
        _members_only(tx, user_id)
    before = _named(tx, name, shared, user_id)
    if before is not None:
        if not _may_change(tx, before, user_id):
            raise TakenError(f"{before.by} has shared a search of that name. Choose another one.")
        tx.execute(SET_QUERY, (name, query, before.id))
        search_id = before.id
    else:
        most = MOST_SHARED if shared else MOST_OWN
        if _count(tx, shared, user_id) >= most:
            whose = "shared searches" if shared else "searches of your own"
            raise RefusedError(f"There are {most} {whose} already. Delete one first.")
        row = tx.execute(ADD, (user_id, shared, name, query, now_ms)).fetchone()
        search_id = int(row[0])
    found = get(tx, search_id, user_id)
    assert found is not None
    return found


RENAME = "update saved_search set name = ? where id = ?"


def rename(tx: Transaction, search_id: int, name: str, user_id: int) -> bool:
    """Another name. False if there is no such search. Raises RefusedError, TakenError."""
    found = get(tx, search_id, user_id)
    if found is None:
        return False
    _their_own(tx, found, user_id)
    name = _name(name)
    other = _named(tx, name, found.shared, user_id)
    if other is not None and other.id != search_id:
        raise TakenError("There is already a search of that name. Choose another one.")
    return tx.execute(RENAME, (name, search_id)).rowcount == 1


DELETE = "delete from saved_search where id = ?"
NOBODYS_START = f"""
update user set options = json_remove(options, '$.{OPTION}')
 where json_extract(options, '$.{OPTION}') = ?
"""


def delete(tx: Transaction, search_id: int, user_id: int) -> bool:
    """False if there is no such search. Nobody begins with it any more: its number may be given to
    another one. Raises RefusedError.
    """
    found = get(tx, search_id, user_id)
    if found is None:
        return False
    _their_own(tx, found, user_id)
    tx.execute(NOBODYS_START, (search_id,))
    return tx.execute(DELETE, (search_id,)).rowcount == 1


START = f"select json_extract(options, '$.{OPTION}') from user where id = ?"


def start_of(db: Reader, user_id: int) -> int | None:
    """The id of what somebody begins with; whether it is still there is another question."""
    row = db.execute(START, (user_id,)).fetchone()
    return row[0] if row and isinstance(row[0], int) else None


SET_START = f"update user set options = json_set(options, '$.{OPTION}', ?) where id = ?"
NO_START = f"update user set options = json_remove(options, '$.{OPTION}') where id = ?"


def begin_with(tx: Transaction, search_id: int | None, user_id: int) -> bool:
    """Which search the list begins with for somebody; None: everything. False if there is no such
    search.
    """
    if search_id is None:
        return tx.execute(NO_START, (user_id,)).rowcount == 1
    if get(tx, search_id, user_id) is None:
        return False
    return tx.execute(SET_START, (search_id, user_id)).rowcount == 1


def _name(name: str) -> str:
    name = " ".join(name.replace("\0", " ").split())
    if not name:
        raise RefusedError("A saved search needs a name, such as “Checkout, not bots”.")
    if len(name) > MOST_NAME:
        raise RefusedError(f"A name has at most {MOST_NAME} characters.")
    return name


def _named(tx: Transaction, name: str, shared: bool, user_id: int) -> SavedSearch | None:
    sql = SAME_NAME.format(whose=SHARED if shared else OWN)
    row = tx.execute(sql, {"name": name, "user_id": user_id}).fetchone()
    return _of_row(row) if row else None


def _count(tx: Transaction, shared: bool, user_id: int) -> int:
    sql = COUNT.format(whose=SHARED if shared else OWN)
    return int(tx.execute(sql, {"user_id": user_id}).fetchone()[0])


def may_change(search: SavedSearch, user_id: int, role: str) -> bool:
    """One's own; what is shared as long as one may share, and as an admin that of others too."""
    if not search.shared:
        return search.user_id == user_id
    return role in ("admin", "owner") or (role == "member" and search.user_id == user_id)


def _may_change(tx: Transaction, search: SavedSearch, user_id: int) -> bool:
    person = users.by_id(tx, user_id)
    return person is not None and may_change(search, user_id, person.role)


def _their_own(tx: Transaction, search: SavedSearch, user_id: int) -> None:
    if not _may_change(tx, search, user_id):
        raise RefusedError(f"Only {search.by} and admins change a search that {search.by} shared.")


def _members_only(tx: Transaction, user_id: int) -> None:
    person = users.by_id(tx, user_id)
    if person is None or person.role == "viewer":
        raise RefusedError("Viewers save searches for themselves; members share them.")
