"""What version 0.1.0 left behind is opened by this one: nothing is lost, nobody is locked out, and
searches find what was stored before.

`tests/data/upgrade/make_0_1_0.py` made the database, with the code of that version.
"""

import lzma
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lighttrace.event.decode import decode
from lighttrace.event.normalize import normalise
from lighttrace.event.person import person
from lighttrace.event.tags import all_tags
from lighttrace.store import bodies, event_text, migrate, text_index, users
from lighttrace.store.database import Reader, open_writer
from tests.fresh import PASSWORD
from tests.web.sending import issues, send
from tests.web.served import Site, served

LEFT = Path(__file__).parents[1] / "data" / "upgrade" / "0.1.0.db.xz"
SESSION, TOKEN = "5e55" * 16, "70ce" * 16
# an event of somebody without an id
STRANGE = "the ledger of Tuesday is two cents short"


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A database of 0.1.0, not yet opened by this version."""
    path = tmp_path / "lighttrace.db"
    path.write_bytes(lzma.decompress(LEFT.read_bytes()))
    path.chmod(0o600)
    return path


@pytest.fixture
def site(left: Path) -> Iterator[Site]:
    with served(left.parent) as site:
        yield site


@pytest.fixture
def mira(site: Site) -> Site:
    assert site.sign_in("mira@shop.example", "lighttrace-demo").status_code == 303
    return site


def upgrade(path: Path) -> None:
    with closing(open_writer(path)) as db:
        assert migrate.migrate(db, path) == len(migrate.shipped()) - 1


def contents(path: Path, columns: dict[str, str] | None = None) -> dict[str, tuple[str, set]]:
    """Of every table: its columns, and its rows in these columns."""
    with closing(sqlite3.connect(path)) as db:
        names = db.execute("select name from sqlite_master where type = 'table'").fetchall()
        kept = [name for (name,) in names if "_fts" not in name and not name.startswith("sqlite")]
        found = {}
        for name in kept:
            own = ", ".join(row[1] for row in db.execute(f"pragma table_info({name})"))
            asked = (columns or {}).get(name, own)
            found[name] = (asked, set(db.execute(f"select {asked} from {name}")))
        return found


def test_every_row_is_still_there(left: Path):
    before = contents(left)
    upgrade(left)
    after = contents(left, {name: columns for name, (columns, _) in before.items()})
    gone = {row for name, (_, rows) in before.items() for row in rows - after[name][1]}
    assert {row[1].partition(":")[0] for row in gone} == {"held"}  # a summary, which is made anew
    added = {name: len(after[name][1] - rows) for name, (_, rows) in before.items()}
    assert {name for name, n in added.items() if n} <= {"setting"}


def test_the_copy_is_what_was_there_and_as_private(left: Path):
    before = contents(left)
    upgrade(left)
    copy = left.with_name("lighttrace.db.before-0002")
    assert contents(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600


def indexed(db: Reader) -> dict[int, set[str]]:
    """place → the words and tokens in the text indexes."""
    found = defaultdict(set)
    for _, table in text_index.tables(db):
        db.execute(f"create virtual table temp.said using fts5vocab(main, {table}, 'instance')")
        for term, place in db.execute("select term, doc from temp.said"):
            found[place].add(term)
        db.execute("drop table temp.said")
    return found


def test_old_events_are_indexed_as_new_ones_are(left: Path):
    upgrade(left)
    with closing(sqlite3.connect(left)) as db:
        found = indexed(db)
        rows = db.execute("select id, hash_id, project_id, title from event").fetchall()
        assert len(found) == len(rows) == 162
        for row, hash_id, project_id, title in rows:
            stored = bodies.of_event(db, row)
            assert stored is not None
            event = normalise(decode(stored.body).raw, stored.arrival)
            who = person(event)
            wanted = event_text.tokens(event, project_id)
            wanted |= {text_index.token(key, value) for key, value in all_tags(event)}
            wanted |= {text_index.presence(key) for key, _ in all_tags(event)}
            said = f"{text_index.spoken(title or '', '')} {who.shown if who else ''}"
            wanted |= {word.lower() for word in text_index.words(said)}
            assert wanted - found[text_index.place(hash_id, row)] == set(), row


def test_an_event_that_cannot_be_read_any_more_keeps_its_words(left: Path):
    with closing(sqlite3.connect(left)) as db:
        row, hash_id, title = db.execute(ODD_ONE).fetchone()
        db.execute("update event_body set data = x'00' where id = ?", (row,))
        db.commit()
    upgrade(left)
    with closing(sqlite3.connect(left)) as db:
        found = indexed(db)[text_index.place(hash_id, row)]
        assert {it.lower() for it in text_index.words(title)} | {text_index.EVERY} <= found


def test_where_every_event_had_its_day_there_is_nothing_to_index(left: Path):
    with closing(sqlite3.connect(left)) as db:
        db.execute("delete from event")
        db.execute("delete from event_body")
        db.commit()
    upgrade(left)
    with closing(sqlite3.connect(left)) as db:
        assert indexed(db) == {}


ODD_ONE = "select id, hash_id, title from event where title is not null limit 1"
SEARCHES = {
    "ledger": 1,
    '"two cents"': 1,
    "Root": 1,
    "user.username:root": 1,
    "user.ip:203.0.113.9": 1,
    "has:user.email": 119,
    "user.email:kim.10@example.org": 5,
    "sdk:sentry.python.flask": 1,
    f"trace:{'ace0' * 8}": 1,
    "has:trace": 162,
    "team:billing": 36,
    "level:fatal": 8,
    "environment:production": 147,
    '"is not reachable"': 7,
    "!has:user.email": 43,
}


@pytest.mark.parametrize("query", SEARCHES)
def test_searches_find_what_was_stored_before(site: Site, query: str):
    answer = site.client.get(
        "/api/0/organizations/lighttrace/issues/",
        params={"query": query, "limit": "100", "statsPeriod": "90d"},
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert answer.status_code == 200, answer.text
    assert sum(int(it["count"]) for it in answer.json()) == SEARCHES[query]


def test_people_come_in_as_what_they_were(site: Site):
    roles = {it.email: it.role for it in site.read(users.every)}
    assert roles == {
        "mira@shop.example": "owner",
        "ann@shop.example": "member",
        "Bob@Shop.example": "admin",
    }
    for email, password in (
        ("mira@shop.example", "lighttrace-demo"),
        ("ann@shop.example", PASSWORD),
        ("bob@shop.example", PASSWORD),
    ):
        site.client.cookies.clear()
        assert site.sign_in(email, password).status_code == 303
        assert site.client.get("/").status_code == 200


def test_who_was_signed_in_still_is(site: Site):
    site.client.cookies.set("lighttrace_session", SESSION)
    answer = site.client.get("/account")
    assert answer.status_code == 200
    assert "ann@shop.example" in answer.text


def test_every_page_of_what_was_there_opens(mira: Site):
    paths = ["/", "/issues", "/issues?query=is:archived", "/issues?query=is:resolved", "/settings"]
    assert {mira.client.get(path).status_code for path in paths} <= {200, 303}
    assert STRANGE in mira.client.get("/").text
    rows = issues(mira)
    assert len(rows) == 24
    for row in rows:
        for below in (
            "",
            ".md",
            "/peek",
            "/events",
            "/events/first",
            "/tags",
            "/users",
            "/grouping",
        ):
            path = f"/issues/{row.short_id}{below}"
            assert mira.client.get(path).status_code == 200, path


def test_what_fails_again_joins_the_issue_it_had(mira: Site):
    before = {row.short_id: row.n for row in issues(mira)}
    send(
        mira,
        {"platform": "python", "level": "fatal", "logentry": {"formatted": STRANGE}},
        project=2,
    )
    after = {row.short_id: row.n for row in issues(mira)}
    assert after.keys() == before.keys()
    grown = [row for row in issues(mira) if row.n > before[row.short_id]]
    assert [row.title for row in grown] == [STRANGE]
