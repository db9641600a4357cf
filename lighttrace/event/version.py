"""Release names: `package@1.2.3+build`, and their order as bytes that compare as versions do."""

import re

_SEMVER = re.compile(
    r"(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?"
    r"(?:-?([0-9A-Za-z][0-9A-Za-z.-]{0,99}))?(?:\+([0-9A-Za-z.-]{1,100}))?"
)
MOST_NAME = 200  # characters
_BAD = re.compile(r"[\n\r\t\\\f]")  # a slash is kept: releases are named after branches
_PLAIN_HEX = re.compile(r"[0-9a-f]{12}|[0-9a-f]{16,64}")


def is_name(text: str) -> bool:
    """Whether a release can be called that (docs/events.md)."""
    bad = len(text) > MOST_NAME or _BAD.search(text)
    return bool(text) and not bad and text.lower() not in (".", "..", "latest")


def package_of(version: str) -> str:
    """What stands before the `@`; empty if there is none."""
    package, at, _ = version.rpartition("@")
    return package if at else ""


def number_of(version: str) -> str:
    """What stands after the `@`: the part people compare."""
    return version.rpartition("@")[2]


def sort_key(version: str) -> bytes | None:
    """Bytes in the order of semantic versions, None if the release has none (a commit hash, a date
    in words).

    Pre-releases come before their release, numbers in them before words, as semver.org 2.0 §11
    says; a build number breaks ties, since mobile builds differ in nothing else.
    """
    number = number_of(version).removeprefix("v")
    if _PLAIN_HEX.fullmatch(number):
        return None
    match = _SEMVER.fullmatch(number)
    if match is None:
        return None
    *parts, pre, build = match.groups()
    key = b"".join(int(part or 0).to_bytes(8, "big") for part in parts)
    key += b"\xff" if pre is None else b"\x01" + _identifiers(pre)
    return key + (b"" if build is None else b"\x00" + _identifiers(build))


def _identifiers(text: str) -> bytes:
    out = b""
    for part in text.split("."):
        if part.isdigit() and len(part) < 19:
            out += b"\x02" + int(part).to_bytes(8, "big")
        else:
            out += b"\x03" + part.encode("ascii") + b"\x00"
    return out + b"\x01"
