"""A shop with people and teams, rules out of a file, and who is told of what happens there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lighttrace import config
from lighttrace.alerts import rules
from lighttrace.alerts.counting import Counting
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.rules import Policy
from lighttrace.store import teams, users
from lighttrace.store.outbox import COLUMNS, Message
from lighttrace.store.users import User
from tests.store.make import NOON
from tests.store.shelf import Shelf, a_shelf

HOST = "errors.example.com"
SINGLE = """
select id, target, kind, payload from outbox where id > ? and kind not in ('digest', 'held')
 order by target, id
"""
SMTP = '[smtp]\nhost = "smtp.example.com"\nfrom = "lighttrace@example.com"\n'


class Shop:
    """`told` is all there was to tell since the last look: (target, kind, rules and words)."""

    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self.shelf = shelf
        self.db = shelf.db
        self.receive = shelf.receive
        self.receive_one = shelf.receive_one
        self._file = folder / "lighttrace.toml"
        self._seen = 0
        self._watch: Counting | None = None
        self.policy = self.says("")

    def says(self, text: str, *, to: str = '"ops@example.com"', smtp: bool = True) -> Policy:
        """Take over a file with these rules."""
        self._file.write_text(f"{SMTP if smtp else ''}[alerts]\nto = [{to}]\n{text}", "utf-8")
        self.policy = rules.policy(config.load(self._file, env={}))
        if self._watch is None:
            self.restart()
        else:
            self._watch.take(self.policy)
        return self.policy

    def restart(self) -> None:
        """Another process, that has counted nothing yet."""
        self._watch = Counting(self.policy)
        self.shelf.watch(self._watch)

    def person(self, name: str, *in_teams: int, role: str = "member") -> User:
        made = users.add(self.db, f"{name}@shop.example", name.title(), role, None, NOON)
        for team_id in in_teams:
            teams.join(self.db, team_id, made.id)
        return made

    def team(self, slug: str) -> int:
        return teams.add(self.db, slug, NOON, slug=slug).id

    def told(self, now_ms: int = NOON) -> list[tuple[str, str, list[str]]]:
        while expand_due(self.db, self.policy, None, HOST, now_ms):
            pass
        found = self.db.execute(SINGLE, (self._seen,)).fetchall()
        self._seen = max((row[0] for row in found), default=self._seen)
        return [
            (target, kind, json.loads(payload)["reasons"]) for _, target, kind, payload in found
        ]

    def messages(self) -> list[Message]:
        """All there ever were, but those that tell of others."""
        sql = f"select {COLUMNS} from outbox where kind not in ('digest', 'held') order by id"
        return [Message(*row, json.loads(payload)) for *row, payload in self.db.execute(sql)]

    def to(self, now_ms: int = NOON) -> list[str]:
        """Only the targets."""
        return [target for target, _, _ in self.told(now_ms)]


@contextmanager
def a_shop(folder: Path) -> Iterator[Shop]:
    with a_shelf(folder) as shelf:
        yield Shop(shelf, folder)
