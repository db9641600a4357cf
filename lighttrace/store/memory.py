"""What the writer remembers between batches, and how it notices that others changed the tables.

All of it can be had from the tables again, so forgetting costs time and never correctness. The
triggers below belong to the writer's connection only (TEMP): whatever changes these tables in its
transactions, a merge, retention, a settings page, is noticed without having to say so.
"""

import sqlite3
from dataclasses import dataclass, field

from lighttrace.store.groups import Groups
from lighttrace.store.interning import Environments, Releases, Tags
from lighttrace.store.people import People
from lighttrace.store.tallies import MinuteBook
from lighttrace.store.text_index import EventText
from lighttrace.store.watching import Watch


@dataclass(slots=True)
class Memory:
    """What the writer remembers between batches. All of it can be had from the tables again."""

    environments: Environments = field(default_factory=Environments)
    releases: Releases = field(default_factory=Releases)
    tags: Tags = field(default_factory=Tags)
    groups: Groups = field(default_factory=Groups)
    people: People = field(default_factory=People)
    book: MinuteBook = field(default_factory=MinuteBook)
    text: EventText = field(default_factory=EventText)
    next_row: int | None = None
    watch: Watch | None = None

    def keep(self) -> None:
        """The batch was committed."""
        self.environments.cache.keep()
        self.releases.cache.keep()
        self.releases.by_id.keep()
        self.tags.keep()
        self.groups.cache.keep()
        self.people.cache.keep()
        self.book.keep()

    def drop(self) -> None:
        """The batch was rolled back."""
        self.environments.cache.drop()
        self.releases.cache.drop()
        self.releases.by_id.drop()
        self.tags.drop()
        self.groups.cache.drop()
        self.people.cache.drop()
        self.book.drop()
        self.text.forget()
        self.next_row = None
        if self.watch is not None:
            self.watch.forget()

    def forget(self, what: str) -> None:
        """Somebody else changed those tables: another process, a merge, retention."""
        if what == "environments":
            self.environments.cache.forget()
        elif what == "releases":
            self.releases.cache.forget()
            self.releases.by_id.forget()
        elif what == "tags":
            self.tags.forget()
        elif what == "groups":
            self.groups.cache.forget()
        elif what == "people":
            self.people.cache.forget()


REMEMBERED = frozenset({"environments", "releases", "tags", "groups", "people"})


TRIGGERS = """
create temp trigger keys_added after insert on main.project_key
  begin select lighttrace_noticed('keys', 0); end;
create temp trigger keys_changed
  after update of project_id, public, label, disabled_at on main.project_key
  begin select lighttrace_noticed('keys', 0); end;
create temp trigger keys_removed after delete on main.project_key
  begin select lighttrace_noticed('keys', 0); end;
create temp trigger projects_changed after update of deleted_at, archived_at on main.project
  begin select lighttrace_noticed('keys', 0); end;
create temp trigger hashes_changed after update of issue_id, discard on main.grouphash
  begin select lighttrace_noticed('groups', 0);
  select lighttrace_noticed('issue', id) from (select new.issue_id as id union select old.issue_id)
   where id is not null;
  select lighttrace_noticed('regrouped', id)
    from (select new.issue_id as id union select old.issue_id) where id is not null;
  select lighttrace_noticed('project', new.project_id); end;
create temp trigger hashes_removed after delete on main.grouphash
  begin select lighttrace_noticed('groups', 0); end;
create temp trigger people_removed after delete on main.person
  begin select lighttrace_noticed('people', 0); end;
create temp trigger tag_values_removed after delete on main.tag_value
  begin select lighttrace_noticed('tags', 0); end;
create temp trigger texts_removed after delete on main.group_text
  begin select lighttrace_noticed('groups', 0); end;
create temp trigger tag_keys_removed after delete on main.tag_key
  begin select lighttrace_noticed('tags', 0); end;
create temp trigger environments_removed after delete on main.environment
  begin select lighttrace_noticed('environments', 0); end;
create temp trigger releases_changed after update of sort_key, package on main.release
  begin select lighttrace_noticed('releases', 0); end;
create temp trigger releases_removed after delete on main.release
  begin select lighttrace_noticed('releases', 0); end;
create temp trigger dictionaries_added after insert on main.dictionary
  begin select lighttrace_noticed('dictionaries', 0); end;
create temp trigger issues_changed
  after update of state, substate, acknowledged_at, assignee_user, assignee_team, spike_factor
  on main.issue
  begin select lighttrace_noticed('issue', new.id);
  select lighttrace_noticed('project', new.project_id); end;
"""


@dataclass(slots=True)
class Noticed:
    """What the statements of a transaction changed besides what the batch itself knows of."""

    stale: set[str] = field(default_factory=set)  # keys, dictionaries, one of REMEMBERED
    issue_ids: set[int] = field(default_factory=set)
    project_ids: set[int] = field(default_factory=set)
    regrouped: set[int] = field(default_factory=set)  # issues

    def watch(self, db: sqlite3.Connection) -> None:
        db.create_function("lighttrace_noticed", 2, self._note)
        db.executescript(TRIGGERS)

    def _note(self, what: str, which: int) -> None:
        if what == "issue":
            self.issue_ids.add(which)
        elif what == "project":
            self.project_ids.add(which)
        elif what == "regrouped":
            self.regrouped.add(which)
        else:
            self.stale.add(what)

    def clear(self) -> None:
        self.stale.clear()
        self.issue_ids.clear()
        self.project_ids.clear()
        self.regrouped.clear()
