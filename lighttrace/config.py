"""The one TOML file as a frozen `Config`: found, loaded, loaded again. The only reader of the
environment.

`load` either gives a whole `Config` or raises ConfigError with every mistake. What can be set, and
how a setting is added: `settings/__init__.py`. Paths in the file are relative to its folder.
"""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from lighttrace.errors import ConfigError, Problem
from lighttrace.event import source_links
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.owners import Rulebook
from lighttrace.settings.alerts import Alerts
from lighttrace.settings.grouping import Grouping
from lighttrace.settings.impact import Impact
from lighttrace.settings.kinds import Sensitivity
from lighttrace.settings.mail import Smtp
from lighttrace.settings.owners import Owners
from lighttrace.settings.project import ProjectOptions
from lighttrace.settings.server import Server
from lighttrace.settings.sign_in import SignInOptions
from lighttrace.settings.source_links import SourceOptions
from lighttrace.settings.store import StoreOptions
from lighttrace.toml.reading import Reading
from lighttrace.toml.setting import NOT_IN_FILE, Table

FILE = "lighttrace.toml"
SYSTEM_FILE = Path("/etc/lighttrace/lighttrace.toml")
DATABASE = StoreOptions().path.name


class Config(Table, frozen=True):
    """The whole file, or what holds without one."""

    server: Server = Server()
    store: StoreOptions = StoreOptions()
    smtp: Smtp | None = None
    sign_in: SignInOptions = SignInOptions()
    alerts: Alerts = Alerts()
    impact: Impact = Impact()
    owners: Owners = Owners()
    grouping: Grouping = Grouping()
    projects: tuple[ProjectOptions, ...] = msgspec.field(default=(), name="project")
    source: Annotated[Path | None, NOT_IN_FILE] = None  # the file it came from
    # what the command line said, such as "server.port"
    pinned: Annotated[frozenset[str], NOT_IN_FILE] = frozenset()

    def grouping_rules(self, slug: str) -> Rules:
        """Of a project, or of any that the file does not name. Of fingerprint rules the first that
        matches wins, of stack trace rules the last: in both the project's own.
        """
        shared = self.grouping
        own = next((one for one in self.projects if one.slug == slug), None)
        if own is None:
            return Rules.of(shared.fingerprints, shared.stack_rules)
        return Rules.of(
            own.fingerprints + shared.fingerprints, shared.stack_rules + own.stack_rules
        )

    @property
    def base_url(self) -> str:
        """Where people reach us, without a trailing slash."""
        if self.server.url:
            return self.server.url
        host = self.server.host
        if host in ("0.0.0.0", "::", ""):
            host = "localhost"  # "everywhere" is no address to send anything to
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server.port}"

    @property
    def prefix(self) -> str:
        """The path of the URL: "" or "/errors"."""
        return urlsplit(self.server.url).path if self.server.url else ""

    def rulebook(self, slug: str) -> Rulebook:
        """Whose the errors of a project are, whether or not the file names the project."""
        own = next((it for it in self.projects if it.slug == slug), None)
        rules = self.owners.rules + (own.owners if own else ())
        return Rulebook(rules, own.high_value if own else (), self.owners.auto_assign)

    def spikes(self, slug: str) -> Sensitivity:
        """How much louder than usual a spike is in a project."""
        own = next((it for it in self.projects if it.slug == slug), None)
        return (own.spikes if own else None) or self.alerts.spikes

    def source_of(self, slug: str) -> SourceOptions | None:
        """Where the code of a project can be read, if the file says so."""
        return next((it.source for it in self.projects if it.slug == slug), None)

    def source_rules(self, slug: str) -> source_links.Rules:
        """How frames of a project link to its code."""
        own = self.source_of(slug)
        return own.rules if own is not None else source_links.NO_RULES

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is right as it stands, and probably not meant."""
        found = []
        if self.server.url is None:
            found.append(
                f"[server] url is not set: mails and DSNs name {self.base_url}, "
                "which may not be how others reach this machine."
            )
        if self.alerts.mailed and self.smtp is None:
            found.append("[alerts] to names people, but without [smtp] no mail can be sent.")
        if self.smtp is not None and not self.alerts.to:
            found.append("[smtp] is set, but [alerts] to names nobody: issues are not mailed.")
        found += [
            f'[[alerts.webhook]] "{one.name}" is in no `to`: nothing goes there.'
            for one in self.alerts.webhooks
            if not self.alerts.tells(one.target)
        ]
        found += [
            f"{one.heading} can never speak: {one.why_never}."
            for one in self.alerts.rules
            if one.why_never is not None
        ]
        return tuple(found)


def find(explicit: Path | None, data: Path | None = None) -> Path | None:
    """The file that counts: the named one, else in the named folder of the data, else here, else
    the system's; None if there is none.
    """
    if explicit is not None:
        return explicit
    beside = (data / FILE,) if data is not None else ()
    # a folder of that name counts: containers make one where the file to be mounted is missing
    return next((path for path in (*beside, Path(FILE), SYSTEM_FILE) if path.exists()), None)


def load(
    path: Path | None,
    *,
    env: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Config:
    """The configuration of a file (None: no file) with flags on top: `data` (a folder), `host`,
    `port`. Raises ConfigError.
    """
    folder = path.parent if path is not None else Path()
    source = str(path) if path is not None else "no file"
    reading = Reading(source, folder, os.environ if env is None else env, Config)
    if path is not None:
        reading.parse(_text(path))
    config = reading.struct(Config, reading.values)
    if config is not None:
        _tell_slugs_apart(reading, config)
    reading.check()
    assert config is not None
    server, store = config.server, config.store
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    pinned = frozenset("store.path" if key == "data" else f"server.{key}" for key in given)
    if "data" in given:
        store = msgspec.structs.replace(store, path=Path(given.pop("data")) / DATABASE)
    else:
        store = msgspec.structs.replace(store, path=folder / store.path)
    server = msgspec.structs.replace(server, **given)
    return msgspec.structs.replace(config, server=server, store=store, source=path, pinned=pinned)


def said_by(text: str) -> Config:
    """What a text would say as the file. Nothing but itself is read. Raises ConfigError."""
    reading = Reading("this text", Path(), {}, Config)
    reading.parse(text)
    config = reading.struct(Config, reading.values)
    reading.check()
    assert config is not None
    return config


def reloaded(old: Config, new: Config) -> tuple[Config, tuple[str, ...]]:
    """What holds after a reload, and the settings that changed but wait for the next start.

    What the command line said does not wait: it will be said again then.
    """
    waits = [f"server.{name}" for name in _changed(old.server, new.server)]
    waits += [
        f"store.{name}"
        for name in _changed(old.store, new.store)
        if name in ("path", "synchronous")
    ]
    store = msgspec.structs.replace(
        new.store, path=old.store.path, synchronous=old.store.synchronous
    )
    held = msgspec.structs.replace(new, server=old.server, store=store, pinned=old.pinned)
    return held, tuple(name for name in waits if name not in old.pinned)


def _changed(old: Table, new: Table) -> list[str]:
    names = old.__struct_fields__
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            str(path), [Problem("", f"cannot be read: {error.strerror}.", "lighttrace init")]
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [Problem("", "is not text in UTF-8.")]) from error


def _tell_slugs_apart(reading: Reading, config: Config) -> None:
    twice = [slug for slug, n in Counter(p.slug for p in config.projects).items() if n > 1]
    for slug in twice:
        tables = enumerate(reading.values["project"])
        found = [n for n, raw in tables if isinstance(raw, dict) and raw.get("slug") == slug]
        # none is found if the environment gave the slug
        where = ("project", found[-1], "slug") if found else ("project",)
        reading.wrong(where, f'another [[project]] has the slug "{slug}" as well.')
