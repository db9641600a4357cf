"""What an administrator decides: one TOML file into frozen structs. The only reader of the
environment.

`load` either gives a whole `Config` or raises ConfigError with every mistake. Of each setting,
`title` says what it is for, as `lighttrace.toml.example` shows it; `description` finishes the
sentence "expected …"; the first of `examples` is the default, where there is one. Paths in the file
are relative to its folder.
"""

import ipaddress
import os
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from lighttrace.errors import ConfigError, Problem
from lighttrace.event.grouping import fingerprint_rules, stack_rules
from lighttrace.event.grouping.fingerprint_rules import FingerprintRule
from lighttrace.event.grouping.rule_line import rules_in
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.grouping.stack_rules import StackRule
from lighttrace.event.impact import Weights
from lighttrace.event.owners import Rule, Rulebook, rules_of
from lighttrace.toml import Reading

FILE = "lighttrace.toml"
SYSTEM_FILE = Path("/etc/lighttrace/lighttrace.toml")
DATABASE = "lighttrace.db"
LEAST_SIZE_BYTES = 50_000_000  # a database that may not hold a day of events helps nobody
WEIGHTS = Weights()
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+|localhost")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    unit = _UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise ValueError
    size_bytes = int(Decimal(found[1]) * unit)
    if size_bytes < LEAST_SIZE_BYTES:
        raise ValueError("at least 50 MB are needed")
    return size_bytes


def _url(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    parts = urlsplit(value.strip())
    _ = parts.port  # raises ValueError if it is none
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if any(char.isspace() for char in value.strip()):
        raise ValueError("there is a space in it")
    if parts.query or parts.fragment or parts.username or "?" in value or "#" in value:
        raise ValueError("it must end with the path")
    return value.strip().rstrip("/")


def _networks(value: Any) -> tuple[str, ...]:
    networks = msgspec.convert(value, tuple[str, ...])
    for one in networks:
        if one == "*":
            raise ValueError("naming everybody would let any client choose its own address")
        ipaddress.ip_network(one, strict=False)
    return networks


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError
    return Path(value).expanduser()


def _address(value: Any) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise ValueError
    return value


def _addresses(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    for one in value:
        if not isinstance(one, str) or not _ADDRESS.fullmatch(one):
            raise ValueError(f"{one!r} is not one")
    return tuple(dict.fromkeys(value))


def _scopes(value: Any) -> tuple[str, ...]:
    scopes = msgspec.convert(value, tuple[str, ...])
    if "openid" not in scopes:
        raise ValueError('"openid" is what makes it a sign-in')
    return scopes


def _domains(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    for one in value:
        if not isinstance(one, str) or not (one == "*" or _DOMAIN.fullmatch(one)):
            raise ValueError(f"{one!r} is not one")
    return tuple(one.lower() for one in value)


def _slug(value: Any) -> str:
    if not isinstance(value, str) or not _SLUG.fullmatch(value) or len(value) > 50:
        raise ValueError
    if value.isdigit():
        raise ValueError("digits alone would read as a project's id")
    return value


_high_value = partial(rules_of, high_value=True)


class Server(Struct, frozen=True):
    """`[server]`: where LightTrace listens, and how it is reached."""

    url: Annotated[
        str | None,
        Meta(
            title=(
                "The address people type to reach LightTrace. Mails, DSNs and links begin with "
                "it, so set it as soon as anybody works from another machine or through a proxy. "
                "It may end in a path."
            ),
            description="the address people use, with http:// or https://",
            examples=["https://errors.example.com"],
            extra={"read": _url},
        ),
    ] = None
    host: Annotated[
        str,
        Meta(
            title=(
                'The address to listen on. "127.0.0.1" is reached from this machine only, which '
                'is right behind a proxy; "0.0.0.0" is reached from everywhere.'
            ),
            min_length=1,
            description="an address to listen on",
            examples=["127.0.0.1"],
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(
            title="The port to listen on.",
            ge=0,
            le=65535,
            description="a port number up to 65535",
            examples=[8000],
        ),
    ] = 8000
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            title=(
                "The proxies in front of LightTrace, as addresses or networks. Only their word is"
                " taken for the address a request came from."
            ),
            description="a list of addresses or networks of your own proxies",
            examples=[["127.0.0.1", "10.0.0.0/8"]],
            extra={"read": _networks},
        ),
    ] = ()


class StoreOptions(Struct, frozen=True):
    """`[store]`: the database and how long it keeps what."""

    path: Annotated[
        Path,
        Meta(
            title=(
                "The database file; a relative path begins at the folder of this file. It must be"
                " on a disk of this machine, not on a network share."
            ),
            description="the path of the database file",
            examples=[DATABASE],
            extra={"read": _path},
        ),
    ] = Path(DATABASE)
    synchronous: Annotated[
        Literal["FULL", "NORMAL"],
        Meta(
            title=(
                '"FULL" keeps every acknowledged event even if the power fails; "NORMAL" may lose'
                " the last moments then, and helps only on slow disks."
            ),
            description='"FULL" or "NORMAL"',
            examples=["FULL"],
        ),
    ] = "FULL"
    retention_days: Annotated[
        int,
        Meta(
            title="Events are removed when they are this many days old.",
            ge=1,
            le=3650,
            description="a number of days from 1 to 3650",
            examples=[90],
        ),
    ] = 90
    max_size_bytes: Annotated[
        int,
        Meta(
            title=(
                "The database is kept below this size; if it grows too large, the oldest events "
                "go first, whatever their age."
            ),
            description='a size with its unit, such as "10 GB"',
            examples=["10 GB"],
            extra={"read": _size},
        ),
    ] = msgspec.field(default=10 * 10**9, name="max_size")


class Smtp(Struct, frozen=True):
    """`[smtp]`: the mail server that takes our mails. Without this table, no mail is sent."""

    host: Annotated[
        str,
        Meta(
            title="The machine that takes our mails.",
            min_length=1,
            description="a mail server",
            examples=["smtp.example.com"],
        ),
    ]
    port: Annotated[
        int,
        Meta(
            title='Its port: usually 587 with "starttls", 465 with "tls", 25 with "none".',
            ge=1,
            le=65535,
            description="a port number from 1 to 65535",
            examples=[587],
        ),
    ] = 587
    username: Annotated[
        str | None,
        Meta(
            title="The login, if the mail server wants one.",
            description="a login name",
            examples=["lighttrace@example.com"],
        ),
    ] = None
    password: Annotated[
        str | None,
        Meta(
            title=(
                "The password of that login. Rather than here, keep it in the environment, as "
                "below, or in a file that password_file names."
            ),
            description="a password",
            examples=["${SMTP_PASSWORD}"],
            extra={"secret": True},
        ),
    ] = None
    from_: Annotated[
        str,
        Meta(
            title="The sender of our mails. Without it, the login is used if that is an address.",
            description="the mail address that our mails come from",
            examples=["lighttrace@example.com"],
            extra={"read": _address},
        ),
    ] = msgspec.field(default="", name="from")
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(
            title=(
                'How the connection is encrypted: "starttls" begins in the clear and changes '
                'over, "tls" is encrypted from the first byte, "none" is for a mail server inside'
                " your network."
            ),
            description='"starttls", "tls" or "none"',
            examples=["starttls"],
        ),
    ] = "starttls"
    timeout_s: Annotated[
        int,
        Meta(
            title="How many seconds the mail server may take to answer.",
            ge=1,
            le=120,
            description="seconds, from 1 to 120",
            examples=[20],
        ),
    ] = 20


class Oidc(Struct, frozen=True):
    """`[sign_in.oidc]`: a provider that people sign in by, as any with OpenID Connect. Tell it that
    its answers go to your address with /login/oidc/callback at the end.
    """

    issuer: Annotated[
        str,
        Meta(
            title=(
                "Its address, as it calls itself; the rest is read from there "
                "(/.well-known/openid-configuration)."
            ),
            description="the address of the provider, with https://",
            examples=["https://id.example.com"],
            extra={"read": _url},
        ),
    ]
    client_id: Annotated[
        str,
        Meta(
            title="The name by which the provider knows LightTrace.",
            min_length=1,
            description="the client id that the provider gave out",
            examples=["lighttrace"],
        ),
    ]
    client_secret: Annotated[
        str | None,
        Meta(
            title=(
                "The secret that goes with it, if the provider gave one. Rather than here, keep it "
                "in the environment, as below, or in a file that client_secret_file names."
            ),
            description="the client secret that the provider gave out",
            examples=["${OIDC_SECRET}"],
            extra={"secret": True},
        ),
    ] = None
    name: Annotated[
        str,
        Meta(
            title='What people call it: the button says "Continue with" and this.',
            min_length=1,
            max_length=40,
            description="a name of at most 40 letters",
            examples=["company login"],
        ),
    ] = "company login"
    scopes: Annotated[
        tuple[str, ...],
        Meta(
            title='What is asked for. Some providers tell of groups only after "groups".',
            description='a list of scopes with "openid" among them',
            examples=[["openid", "profile", "email"]],
            extra={"read": _scopes},
        ),
    ] = ("openid", "profile", "email")
    allowed_domains: Annotated[
        tuple[str, ...],
        Meta(
            title=(
                'Only people with an address in one of these domains get in; "*" stands for any '
                "that the provider knows."
            ),
            description="a list of domains",
            examples=[["example.com"]],
            extra={"read": _domains},
        ),
    ] = ()
    allowed_groups: Annotated[
        tuple[str, ...],
        Meta(
            title="Only people in one of these groups get in.",
            description="a list of groups",
            examples=[["developers", "support"]],
        ),
    ] = ()
    groups_claim: Annotated[
        str,
        Meta(
            title="The claim in which the provider lists somebody's groups.",
            min_length=1,
            description="the name of a claim",
            examples=["groups"],
        ),
    ] = "groups"
    admin_groups: Annotated[
        tuple[str, ...],
        Meta(
            title=(
                "People in one of these groups become admins when they sign in, and admins who are "
                "in none of them stop being one. Owners stay owners."
            ),
            description="a list of groups",
            examples=[["lighttrace-admins"]],
        ),
    ] = ()
    role: Annotated[
        Literal["viewer", "member", "admin", "nobody"],
        Meta(
            title=(
                'What somebody becomes who comes for the first time. With "nobody", only those '
                "come in who have an account or an invitation."
            ),
            description='"viewer", "member", "admin" or "nobody"',
            examples=["member"],
        ),
    ] = "member"
    unverified_email: Annotated[
        bool,
        Meta(
            title=(
                "Whether an address is believed that the provider does not say it has verified. "
                "Only where people cannot choose their address there."
            ),
            description="true or false",
            examples=[False],
        ),
    ] = False
    second_factor: Annotated[
        bool,
        Meta(
            title=(
                "Whether our second factor is asked for after this way in as well. Most providers "
                "see to that themselves."
            ),
            description="true or false",
            examples=[False],
        ),
    ] = False


class SignInOptions(Struct, frozen=True):
    """`[sign_in]`: how people prove who they are."""

    password_login: Annotated[
        bool,
        Meta(
            title=(
                "Whether people can sign in with a password. Without, they come by the provider "
                "below; `lighttrace user reset` on the server still lets somebody in."
            ),
            description="true or false",
            examples=[True],
        ),
    ] = True
    require_second_factor: Annotated[
        bool,
        Meta(
            title=(
                "Whether everybody who signs in with a password must have a second factor. Who has "
                "none is led to set it up before anything else."
            ),
            description="true or false",
            examples=[False],
        ),
    ] = False
    oidc: Oidc | None = None


class Alerts(Struct, frozen=True):
    """`[alerts]`: who is told of new issues."""

    to: Annotated[
        tuple[str, ...],
        Meta(
            title=(
                "Everybody here gets a mail when an issue appears for the first time, and when a "
                "resolved one comes back."
            ),
            description="a list of mail addresses",
            examples=[["you@example.com"]],
            extra={"read": _addresses},
        ),
    ] = ()


class Impact(Struct, frozen=True):
    """`[impact]`: how many points each reason adds to an issue's impact, of 100. The inbox goes by
    it. 0 turns a reason off.
    """

    new: Annotated[
        int,
        Meta(
            title="What began in the last 24 hours.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.new],
        ),
    ] = WEIGHTS.new
    regressed: Annotated[
        int,
        Meta(
            title="What was resolved and came back.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.regressed],
        ),
    ] = WEIGHTS.regressed
    spiking: Annotated[
        int,
        Meta(
            title="At most, for what happens far more often than usual.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.spiking],
        ),
    ] = WEIGHTS.spiking
    users: Annotated[
        int,
        Meta(
            title="At most, for the people who met it: some 700 of them earn it all.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.users],
        ),
    ] = WEIGHTS.users
    high_value: Annotated[
        int,
        Meta(
            title="What a tag or a path says is worth most.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.high_value],
        ),
    ] = WEIGHTS.high_value
    after_deploy: Annotated[
        int,
        Meta(
            title="What began within an hour after a deploy.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.after_deploy],
        ),
    ] = WEIGHTS.after_deploy
    failed_fix: Annotated[
        int,
        Meta(
            title="What a fix was just meant to end, and did not.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.failed_fix],
        ),
    ] = WEIGHTS.failed_fix
    fatal: Annotated[
        int,
        Meta(
            title="What is fatal, or was not handled in a program of the backend.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.fatal],
        ),
    ] = WEIGHTS.fatal
    same_trace: Annotated[
        int,
        Meta(
            title="What happened in the same trace as a worse issue.",
            ge=0,
            le=100,
            description="points from 0 to 100",
            examples=[WEIGHTS.same_trace],
        ),
    ] = WEIGHTS.same_trace

    @property
    def weights(self) -> Weights:
        return Weights(**msgspec.structs.asdict(self))


class Owners(Struct, frozen=True):
    """`[owners]`: whose an error is, in every project. Rules of a project come after these, and the
    last one that matches wins.
    """

    rules: Annotated[
        tuple[Rule, ...],
        Meta(
            title=(
                "Rules, one a line: what has to match, and the team or person it then belongs to. "
                "An error with the tag team:billing needs none: it is team billing's."
            ),
            description="rules, one a line, each with matchers and an owner",
            examples=[["path:src/checkout/* #billing", "tags.component:search #search"]],
            extra={"lines": rules_of},
        ),
    ] = ()
    auto_assign: Annotated[
        bool,
        Meta(
            title=(
                "Whether an issue is also assigned to its owner. What somebody has assigned by "
                "hand, to nobody included, stays as it is."
            ),
            description="true or false",
            examples=[False],
        ),
    ] = False


Fingerprints = Annotated[
    tuple[FingerprintRule, ...],
    Meta(
        title=(
            "Fingerprint rules, one a line: which events are one issue, whatever else they are. "
            "The first that matches wins. See docs/grouping.md."
        ),
        description="fingerprint rules, one a line",
        examples=["error.type:DatabaseUnavailable -> system-down\n"],
        extra={"lines": partial(rules_in, fingerprint_rules.parse)},
    ),
]
StackRules = Annotated[
    tuple[StackRule, ...],
    Meta(
        title=(
            "Stack trace rules, one a line: which frames are your own, which count for grouping. "
            "Later ones win. See docs/grouping.md."
        ),
        description="stack trace rules, one a line",
        examples=["stack.abs_path:**/generated/** -group\n"],
        extra={"lines": partial(rules_in, stack_rules.parse)},
    ),
]


class Grouping(Struct, frozen=True):
    """`[grouping]`: rules for the events of all projects; those of a project win over them."""

    fingerprints: Fingerprints = ()
    stack_rules: StackRules = ()


class ScrubOptions(Struct, frozen=True):
    """`scrub` of a project: which values are removed from its events before anything is stored."""

    enabled: Annotated[
        bool,
        Meta(
            title=(
                "Passwords, tokens, card numbers and the like are removed from every event. Turn "
                "this off only where no real data is handled."
            ),
            description="true or false",
            examples=[True],
        ),
    ] = True
    keys: Annotated[
        tuple[str, ...],
        Meta(
            title="Values of these names are removed as well.",
            description="a list of names",
            examples=[["date_of_birth", "tax_id"]],
        ),
    ] = ()
    safe_keys: Annotated[
        tuple[str, ...],
        Meta(
            title="Values of these names are kept, although they sound like secrets.",
            description="a list of names",
            examples=[["token_count"]],
        ),
    ] = ()


class ProjectOptions(Struct, frozen=True):
    """`[[project]]`: one table for each project, made at the next start or SIGHUP if it is missing.
    Removing the table here never deletes a project.
    """

    slug: Annotated[
        str,
        Meta(
            title=(
                "The short name in addresses and issue numbers. It identifies the project and "
                "never changes."
            ),
            description="a short name of small letters, digits and dashes",
            examples=["shop-web"],
            extra={"read": _slug},
        ),
    ]
    name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(
            title="The name people read. Without it, the slug is shown.",
            description="a name of at most 100 letters",
            examples=["Shop"],
        ),
    ] = None
    platform: Annotated[
        Annotated[str, Meta(min_length=1, max_length=50)] | None,
        Meta(
            title=(
                "What the project is written in or runs on; it chooses the instructions for "
                "setting up an SDK."
            ),
            description="the name of a platform",
            examples=["python-django"],
        ),
    ] = None
    keep_addresses: Annotated[
        bool,
        Meta(
            title=(
                "Whether the IP addresses of the people using your program are stored. Set it to "
                "false if you may not keep them."
            ),
            description="true or false",
            examples=[True],
        ),
    ] = True
    owners: Annotated[
        tuple[Rule, ...],
        Meta(
            title="Whose an error of this project is: rules that come after those in [owners].",
            description="rules, one a line, each with matchers and an owner",
            examples=[["path:src/checkout/* #billing", "url:*/account/* mira@example.com"]],
            extra={"lines": rules_of},
        ),
    ] = ()
    high_value: Annotated[
        tuple[Rule, ...],
        Meta(
            title=(
                "What matters most here: an error that one of these matches ranks higher. The "
                "same matchers, without an owner."
            ),
            description="a list of matchers",
            examples=[["tags.component:checkout", "transaction:POST /api/pay*"]],
            extra={"lines": _high_value},
        ),
    ] = ()
    fingerprints: Fingerprints = ()
    stack_rules: StackRules = ()
    scrub: ScrubOptions = ScrubOptions()


class Config(Struct, frozen=True):
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
    source: Path | None = None  # the file it came from
    pinned: frozenset[str] = frozenset()  # what the command line said, such as "server.port"

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

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is right as it stands, and probably not meant."""
        found = []
        if self.server.url is None:
            found.append(
                f"[server] url is not set: mails and DSNs name {self.base_url}, "
                "which may not be how others reach this machine."
            )
        if self.alerts.to and self.smtp is None:
            found.append("[alerts] to names people, but without [smtp] no mail can be sent.")
        if self.smtp is not None and not self.alerts.to:
            found.append("[smtp] is set, but [alerts] to names nobody: issues are not mailed.")
        return tuple(found)


def find(explicit: Path | None) -> Path | None:
    """The file that counts: the named one, else here, else the system's; None if there is none."""
    if explicit is not None:
        return explicit
    # a folder of that name counts: containers make one where the file to be mounted is missing
    return next((path for path in (Path(FILE), SYSTEM_FILE) if path.exists()), None)


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
        _agree(reading, config)
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


def _changed(old: Struct, new: Struct) -> list[str]:
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


def _agree(reading: Reading, config: Config) -> None:
    """What no setting can know alone."""
    twice = [slug for slug, n in Counter(p.slug for p in config.projects).items() if n > 1]
    for slug in twice:
        tables = enumerate(reading.values["project"])
        found = [n for n, raw in tables if isinstance(raw, dict) and raw.get("slug") == slug]
        # none is found if the environment gave the slug
        where = ("project", found[-1], "slug") if found else ("project",)
        reading.wrong(where, f'another [[project]] has the slug "{slug}" as well.')
    sign_in, oidc = config.sign_in, config.sign_in.oidc
    if oidc is None and not sign_in.password_login:
        message = "nobody could sign in: there is no [sign_in.oidc] either."
        reading.wrong(("sign_in", "password_login"), message)
    if oidc is not None and not oidc.allowed_domains and not oidc.allowed_groups:
        reading.wrong(
            ("sign_in", "oidc"),
            "it has to be said who may come in: allowed_domains or allowed_groups is missing.",
            'allowed_domains = ["example.com"], or ["*"] for everybody whom the provider knows',
        )
    smtp = config.smtp
    if smtp is not None and smtp.password is not None and not smtp.username:
        reading.wrong(
            ("smtp", "username"),
            "a password is given, but no username to go with it.",
            'username = "lighttrace@example.com"',
        )
