"""Kinds of values: what a setting may be, and how a mistake in it is told."""

import ipaddress
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from lighttrace.toml.setting import read_by, within

LEAST_SIZE_BYTES = 50_000_000  # a database that may not hold a day of events helps nobody
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_RECIPIENT = re.compile(rf"webhook:[a-z0-9_-]+|(?!webhook:)(?:{_ADDRESS.pattern})")
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


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def _address(value: Any) -> str:
    if not isinstance(value, str) or not is_address(value):
        raise ValueError
    return value


def _recipient(value: Any) -> str:
    if not isinstance(value, str) or not _RECIPIENT.fullmatch(value):
        raise ValueError
    return value


def _recipients(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_each(value, _RECIPIENT)))


def _domains(value: Any) -> tuple[str, ...]:
    return tuple(one.lower() for one in _each(value, _DOMAIN, "*"))


def _each(value: Any, pattern: re.Pattern[str], *others: str) -> list[str]:
    if not isinstance(value, list):
        raise ValueError
    for one in value:
        if not isinstance(one, str) or not (one in others or pattern.fullmatch(one)):
            raise ValueError(f"{one!r} is not one")
    return value


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None and len(text) <= 50


def _slug(value: Any) -> str:
    if not isinstance(value, str) or not is_slug(value):
        raise ValueError
    if value.isdigit():
        raise ValueError("digits alone would read as a project's id")
    return value


Name = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, read_by(_url, "the address people use, with http:// or https://")]
Networks = Annotated[
    tuple[str, ...], read_by(_networks, "a list of addresses or networks of your own proxies")
]
FilePath = Annotated[Path, read_by(_path, "the path of a file")]
SizeBytes = Annotated[int, read_by(_size, 'a size with its unit, such as "10 GB"')]
Address = Annotated[str, read_by(_address, "a mail address")]
Recipient = Annotated[str, read_by(_recipient, 'a mail address or a webhook, as "webhook:chat"')]
Recipients = Annotated[
    tuple[str, ...],
    read_by(_recipients, 'a list of mail addresses and of webhooks, as "webhook:chat"'),
]
Domains = Annotated[tuple[str, ...], read_by(_domains, "a list of domains")]
Slug = Annotated[str, read_by(_slug, "a short name of small letters, digits and dashes")]
Port = Annotated[int, within(1, 65535, "a port number")]
Days = Annotated[int, within(1, 3650, "a number of days")]
Seconds = Annotated[int, within(1, 120, "seconds,")]
Points = Annotated[int, within(0, 100, "points")]
Sensitivity = Literal["off", "low", "default", "high"]
Groups = Annotated[tuple[str, ...], Meta(description="a list of groups")]
Names = Annotated[tuple[str, ...], Meta(description="a list of names")]
