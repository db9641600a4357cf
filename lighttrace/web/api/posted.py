"""What is posted about releases: JSON, as tools send it, or a form, as `curl -d` does.

Raises Refused with what to send instead. Pure.
"""

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from lighttrace.event import version as versions
from lighttrace.event.model import Json
from lighttrace.web.api.answers import Refused, moment_ms

SEVERAL = ("projects",)  # fields of a form that may come more than once
MOST_FIELDS = 100
MOST_URL = 2_000  # characters
T = TypeVar("T")


def read(body: bytes, kind: type[T]) -> T:
    """The body as one of these. A form is told by what it looks like: `curl -d '{…}'` calls its
    JSON a form, too.
    """
    try:
        if body.lstrip().startswith((b"{", b"[")):
            return msgspec.json.decode(body, type=kind)
        return msgspec.convert(_form(body), kind, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Refused(400, f"This cannot be read: {error}. Send JSON or a form.") from error


def _form(body: bytes) -> dict[str, Json]:
    fields: dict[str, Json] = {}
    for name, value in parse_qsl(body.decode(), max_num_fields=MOST_FIELDS):
        if name in SEVERAL:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


def words(text: str | None, most: int) -> str | None:
    """A text as it can be kept, cut; None if it is empty."""
    if text is None:
        return None
    # half a surrogate pair is no text, and cannot be stored
    whole = text[: most + 100].encode("utf-8", "replace").decode().replace("\0", "").strip()
    return whole[:most].strip() or None


def version(text: str | None) -> str:
    """The name of a release."""
    if text is None or not text.strip():
        raise Refused(400, "version must be the name of the release, such as shop@1.2.0.")
    name = text.strip().encode("utf-8", "replace").decode()
    if "\0" in name or not versions.is_name(name):
        raise Refused(
            400,
            f"{name[:50]!r} cannot be the name of a release: it has up to {versions.MOST_NAME} "
            "characters, no line break, tab or backslash, and is not latest.",
        )
    return name


def url(text: str | None, name: str = "url") -> str | None:
    """An address that people can be led to."""
    found = words(text, MOST_URL + 1)
    if found is not None and (
        len(found) > MOST_URL or not found.startswith(("http://", "https://"))
    ):
        raise Refused(400, f"{name} must begin with http:// or https://.")
    return found


def at_ms(text: str | None, name: str) -> int | None:
    """A time."""
    if not text:
        return None
    found = moment_ms(text)
    if found is None:
        raise Refused(400, f"{name} must be a time such as 2026-12-24T18:00:00Z.")
    return found
