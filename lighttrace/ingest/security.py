"""Reports browsers send by themselves: violations of a Content-Security-Policy become events. Pure.

Both forms are read: one `{"csp-report": {…}}` a request (report-uri), and the list of the Reporting
API (report-to). Network error logs and the retired certificate reports are not kept.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lighttrace.errors import EventError
from lighttrace.event import text
from lighttrace.event.decode import decode
from lighttrace.event.model import Json, Raw

REPORTS = 100  # in one request
_EXTENSIONS = (
    "chrome-extension:", "moz-extension:", "safari-extension:", "safari-web-extension:",
    "ms-browser-extension:", "webkit-masked-url:", "webkit-extension:",
)  # fmt: skip
_RETIRED = {"expect-ct-report", "expect-staple-report", "hpkp-report"}
_SCHEME = re.compile(r"(?<=[a-z]):", re.IGNORECASE)
_REPORTING_API = {
    "blockedURL": "blocked_uri",
    "documentURL": "document_uri",
    "effectiveDirective": "effective_directive",
    "originalPolicy": "original_policy",
    "sourceFile": "source_file",
    "lineNumber": "line_number",
    "columnNumber": "column_number",
    "statusCode": "status_code",
    "sample": "script_sample",
    "referrer": "referrer",
    "disposition": "disposition",
}


@dataclass(frozen=True, slots=True)
class Reports:
    """`events` are payloads as an SDK would send them; `filtered` came from browser extensions."""

    events: tuple[Raw, ...] = ()
    filtered: int = 0
    unsupported: int = 0


def read(
    payload: bytes,
    *,
    release: str | None = None,
    environment: str | None = None,
    user_agent: str | None = None,
) -> Reports:
    """Read the body of a report. Raises EventError if it is none."""
    # the Reporting API sends a list, and an event's decoder takes objects only
    decoded = decode(b'{"":' + payload + b"}").raw.get("")
    violations, unsupported = _violations(decoded)
    events = []
    filtered = 0
    for csp in violations:
        if _of_extension(csp):
            filtered += 1
        else:
            events.append(_event(csp, release, environment, user_agent))
    return Reports(tuple(events), filtered, unsupported)


def _violations(decoded: Json) -> tuple[list[dict[str, str]], int]:
    if type(decoded) is dict and type(decoded.get("csp-report")) is dict:
        return [_named(decoded["csp-report"])], 0
    if type(decoded) is dict and _RETIRED & decoded.keys():
        return [], 1
    entries = decoded if type(decoded) is list else [decoded]
    found = []
    unsupported = 0
    for entry in entries[:REPORTS]:
        if type(entry) is not dict or type(entry.get("type")) is not str:
            raise EventError("This is not a report of a browser.")
        if entry["type"] == "csp-violation" and type(entry.get("body")) is dict:
            found.append(_named(entry["body"]))
        else:
            unsupported += 1
    return found, unsupported + max(0, len(entries) - REPORTS)


def _named(body: dict[str, Json]) -> dict[str, str]:
    """A report under one set of names: dashed keys, camel-case keys."""
    csp: dict[str, str] = {}
    for key, value in list(body.items())[:50]:
        shown = text.string(value, 2048)
        if shown is not None:
            csp[_REPORTING_API.get(key) or key.replace("-", "_")[:64]] = shown
    if not csp.get("effective_directive"):
        csp["effective_directive"] = csp.get("violated_directive", "").partition(" ")[0]
    if not csp["effective_directive"]:
        raise EventError("The report names no directive.")
    return csp


def _of_extension(csp: dict[str, str]) -> bool:
    places = (csp.get("blocked_uri", ""), csp.get("source_file", ""))
    return any(place.lower().startswith(_EXTENSIONS) for place in places)


def _event(
    csp: dict[str, str], release: str | None, environment: str | None, user_agent: str | None
) -> Raw:
    headers = [("User-Agent", user_agent), ("Referer", csp.get("referrer"))]
    event: Raw = {
        "csp": csp,
        "logger": "csp",
        "level": "warning",
        "message": f"Blocked '{csp['effective_directive']}' from '{_source(csp)}'",
        "request": {
            "url": csp.get("document_uri"),
            "headers": [[name, value] for name, value in headers if value],
        },
        "release": release,
        "environment": environment,
    }
    return {key: value for key, value in event.items() if value is not None}


def _source(csp: dict[str, str]) -> str:
    """What was blocked: a host, `self`, or a word like `inline`."""
    blocked = csp.get("blocked_uri") or "self"
    host = _host(blocked)
    if host is None:
        return _SCHEME.split(blocked, maxsplit=1)[0][:100]
    return "self" if host == _host(csp.get("document_uri", "")) else host


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None
