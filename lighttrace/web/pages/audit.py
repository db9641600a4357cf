"""`/settings/audit`: who changed what, from where, when; also as CSV."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lighttrace.store import audit, users
from lighttrace.store.audit import Entry, Wanted
from lighttrace.store.database import Reader
from lighttrace.store.users import User
from lighttrace.web import format, guards, links, state
from lighttrace.web.audit_words import KINDS, Said, said
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.settings import frame
from lighttrace.web.render import render

ROWS = 50
PERIODS = {"24h": 1, "7d": 7, "30d": 30, "90d": 90, "": 366}  # days
PERIOD_WORDS = {"24h": "24 h", "7d": "7 days", "30d": "30 days", "90d": "90 days", "": "a year"}
EXPORTED_AT_ONCE = 1000
HEAD = ("time", "person", "address", "action", "subject", "detail")


@dataclass(frozen=True, slots=True)
class Asked:
    """The log as an address asks for it. What makes no sense is left out."""

    person: int | None
    kind: str
    period: str
    before: int | None

    @classmethod
    def read(cls, request: Request) -> "Asked":
        params = request.query_params
        kind, period = params.get("kind", ""), params.get("period", "")
        return cls(
            _number(params.get("person", "")),
            kind if kind in KINDS else "",
            period if period in PERIODS else "",
            _number(params.get("before", "")),
        )

    def wanted(self, now_ms: int) -> Wanted:
        since = now_ms - PERIODS[self.period] * format.DAY
        return Wanted(self.person, self.kind or None, since, self.before)

    def url(self, request: Request, path: str, before: int | None = None) -> str:
        return links.url(
            request,
            path,
            person=self.person,
            kind=self.kind or None,
            period=self.period or None,
            before=before,
        )


@dataclass(frozen=True, slots=True)
class Row:
    entry: Entry
    said: Said


async def show(request: Request) -> Response:
    services, asked = state.of(request), Asked.read(request)
    now_ms = services.clock.now_ms()
    entries, people = await services.store.read(_find, asked.wanted(now_ms))
    zone = str(guards.person(request).options.get("timezone") or "UTC")
    rows = [Row(entry, said(entry)) for entry in entries[:ROWS]]
    older = entries[ROWS - 1].id if len(entries) > ROWS else None
    return render(
        request,
        "pages/audit.html",
        **frame(request, "Audit log"),
        days=[
            (day, list(them)) for day, them in groupby(rows, lambda row: _day(row, zone, now_ms))
        ],
        people=people,
        kinds=KINDS,
        periods=PERIOD_WORDS,
        asked=asked,
        older=asked.url(request, "/settings/audit", older) if older else "",
        newest=asked.url(request, "/settings/audit") if asked.before else "",
        csv=asked.url(request, "/settings/audit.csv"),
    )


def _find(db: Reader, wanted: Wanted) -> tuple[list[Entry], list[User]]:
    return audit.page(db, wanted, ROWS + 1), users.every(db)


def _day(row: Row, zone: str, now_ms: int) -> str:
    day, today = (format.local(at, zone).date() for at in (row.entry.at, now_ms))
    ago = (today - day).days
    return {0: "Today", 1: "Yesterday"}.get(ago, f"{day:%A}, {day.day} {day:%B} {day.year}")


async def export(request: Request) -> Response:
    """All that is asked for, newest first, in UTC."""
    services, asked = state.of(request), Asked.read(request)
    wanted = asked.wanted(services.clock.now_ms())

    async def lines() -> AsyncIterator[str]:
        yield _csv([HEAD])
        before = asked.before
        while True:
            page = Wanted(wanted.user_id, wanted.kind, wanted.since, before)
            entries = await services.store.read(audit.page, page, EXPORTED_AT_ONCE)
            yield _csv([_cells(entry) for entry in entries])
            if len(entries) < EXPORTED_AT_ONCE:
                return
            before = entries[-1].id

    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def _cells(entry: Entry) -> tuple[str, ...]:
    detail = ", ".join(f"{key}: {value}" for key, value in entry.detail.items())
    who = said(entry).who
    at = format.local(entry.at, "UTC").isoformat(timespec="seconds")
    return (at, who, entry.ip or "", entry.action, entry.subject, detail)


def _csv(rows: list[tuple[str, ...]]) -> str:
    """A spreadsheet takes a cell that begins with = + - or @ for a formula, and subjects come from
    outside: such a cell gets an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in row])
    return out.getvalue()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


PAGES = (
    Page("/settings/audit", show, Guard.ADMIN),
    Page("/settings/audit.csv", export, Guard.ADMIN),
)
