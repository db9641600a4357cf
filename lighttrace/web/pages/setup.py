"""From nothing to the first event: the first account, a project, its DSN with a snippet, and the
beacon that becomes an issue.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.ingest.errors import event_write
from lighttrace.ingest.origin import Origin
from lighttrace.store import audit, invites, issue_list, issues, keys, projects, refusals, users
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.keys import Key
from lighttrace.store.projects import Project
from lighttrace.store.refusals import RefusalRow
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import format, guards, links, passwords, sessions, snippets, state, trial
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.account import NAME_LENGTH, password_problem, zone_or_none
from lighttrace.web.pages.login import EMAIL_LENGTH
from lighttrace.web.pages.settings import actor
from lighttrace.web.render import render

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
PROJECT_NAME_LENGTH = 60
LOOK_BACK_MS = 60 * 60 * 1000  # what went wrong earlier than this has been dealt with or given up


# The first account


async def show(request: Request) -> Response:
    services = state.of(request)
    token = request.query_params.get("token", "")
    if not await services.store.read(invites.valid, token[:200], services.clock.now_ms()):
        return await _closed(request)
    values = {"name": "", "email": ""}
    return render(
        request,
        "pages/setup.html",
        token=token,
        values=values,
        errors=dict.fromkeys(("name", "email", "password"), ""),
    )


async def make_admin(request: Request) -> Response:
    services = state.of(request)
    async with request.form(max_files=0, max_fields=10) as form:
        token = str(form.get("token", ""))[:200]
        name = " ".join(str(form.get("name", "")).split())[:NAME_LENGTH]
        email = str(form.get("email", "")).strip()[:EMAIL_LENGTH]
        password = str(form.get("password", ""))
        zone = zone_or_none(str(form.get("timezone", "")))
    now_ms = services.clock.now_ms()
    if not await services.store.read(invites.valid, token, now_ms):
        return await _closed(request)
    errors = {
        "name": "" if name else "A name, as your colleagues call you",
        "email": "" if EMAIL.fullmatch(email) else "An address like mira@example.com",
        "password": password_problem(password, email),
    }
    if any(errors.values()):
        values = {"name": name, "email": email}
        return render(request, "pages/setup.html", 422, token=token, values=values, errors=errors)
    hashed = await passwords.hash_async(password)
    user = await services.store.write(
        _use_link, token, email, name, hashed, sessions.address(request), now_ms
    )
    if user is None:
        return await _closed(request)
    if zone:
        await services.store.write(users.set_options, user.id, {**user.options, "timezone": zone})
    response = RedirectResponse(links.url(request, "/setup/project"), status_code=303)
    await sessions.begin(request, response, user, "link")
    return response


async def _closed(request: Request) -> Response:
    first = not await state.of(request).store.read(users.any_exist)
    return render(request, "pages/closed.html", 403, first=first)


# A project


async def new_project(request: Request) -> Response:
    return _project_form(request, {"name": "", "platform": "javascript"})


async def make_project(request: Request) -> Response:
    services = state.of(request)
    async with request.form(max_files=0, max_fields=10) as form:
        name = " ".join(str(form.get("name", "")).split())[:PROJECT_NAME_LENGTH]
        platform = str(form.get("platform", ""))
    if platform not in {sdk.platform for sdk in snippets.SDKS}:
        platform = ""
    if not any(char.isalnum() for char in name):
        return _project_form(
            request,
            {"name": name, "platform": platform},
            "A name with at least one letter or digit",
        )
    project = await services.store.write(
        _add_project, name, platform or None, actor(request), services.clock.now_ms()
    )
    return RedirectResponse(links.url(request, f"/setup/{project.slug}/sdk"), status_code=303)


def _use_link(
    tx: Transaction, token: str, email: str, name: str, hashed: str, ip: str, now_ms: int
) -> User | None:
    user = invites.use_setup(tx, token, email, name, hashed, now_ms)
    if user is not None:
        by = Actor(user.id, ip)
        audit.note(tx, by, "user.add", user.email, now_ms, role=user.role, by_way_of="setup link")
    return user


def _add_project(
    tx: Transaction, name: str, platform: str | None, by: Actor, now_ms: int
) -> Project:
    project = projects.add(tx, name, now_ms, platform=platform)
    audit.note(tx, by, "project.add", project.slug, now_ms)
    return project


def _project_form(request: Request, values: dict[str, str], error: str = "") -> Response:
    first = not request.state.shell.projects
    return render(
        request,
        "pages/setup_project.html",
        422 if error else 200,
        first=first,
        values=values,
        errors={"name": error},
        sdks=snippets.SDKS,
    )


# Its DSN, and the first event


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong so far: `what` happened, `when` and from where, and what to
    compare.
    """

    what: str
    when: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    project: Project
    keys: list[Key]
    refusals: list[RefusalRow]
    newest_issue: str | None


def _find(db: Reader, slug: str, sight: Sight, since_ms: int, now_ms: int) -> _Found | None:
    project = projects.by_slug(db, slug, sight)
    if project is None:
        return None
    newest = None
    if project.first_event_at is not None:
        query = IssueQuery(
            project_ids=(project.id,),
            env=None,
            period_ms=None,
            state=None,
            sort="last_seen",
            cursor=None,
            limit=1,
            now_ms=now_ms,
        )
        rows = issue_list.search(db, query).rows
        newest = rows[0].short_id if rows else None
    return _Found(
        project,
        keys.of_project(db, project.id),
        refusals.of_project(db, project.id, since_ms),
        newest,
    )


async def _found(request: Request) -> _Found:
    services = state.of(request)
    now_ms = services.clock.now_ms()
    slug, sight = request.path_params["project"], guards.sight(request)
    found = await services.store.read(_find, slug, sight, now_ms - LOOK_BACK_MS, now_ms)
    if found is None:
        raise HTTPException(404)
    return found


async def sdk(request: Request) -> Response:
    found = await _found(request)
    chosen = snippets.chosen(request.query_params.get("sdk"), found.project.platform)
    key = _working(found.keys)
    dsn = (
        links.dsn(links.public(request, state.of(request).config), key.public, found.project.id)
        if key
        else ""
    )
    code = snippets.filled(chosen, dsn, found.project.slug)
    return render(
        request,
        "pages/setup_sdk.html",
        dsn=dsn,
        mixed=request.url.scheme == "https" and dsn.startswith("http:"),
        sdk=chosen,
        sdks=snippets.SDKS,
        code=code,
        highlighted=snippets.highlighted(code, chosen.lexer),
        **_beacon(request, found),
    )


def _working(own: list[Key]) -> Key | None:
    return next((key for key in own if key.disabled_at is None), None)


async def beacon(request: Request) -> Response:
    """Asked for by the waiting page; sends it to the first issue as soon as there is one."""
    found = await _found(request)
    if found.newest_issue is not None:
        target = links.url(request, f"/issues/{found.newest_issue}")
        if request.headers.get("hx-request") == "true":
            return Response(status_code=200, headers={"HX-Redirect": target})
        return RedirectResponse(target, status_code=303)
    return render(request, "pages/setup_sdk.html", block="beacon", **_beacon(request, found))


def _beacon(request: Request, found: _Found) -> dict[str, Any]:
    now_ms = state.of(request).clock.now_ms()
    asked = request.query_params.get("since", "")
    since = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else now_ms
    return {
        "project": found.project,
        "waiting": found.newest_issue is None,
        "since": since,
        "listening": format.span(max(0, now_ms - since)),
        "troubles": troubles(found.refusals, found.keys, now_ms),
    }


def troubles(rows: list[RefusalRow], own: list[Key], now_ms: int) -> list[Trouble]:
    """What to say about refused requests, one line a reason, the newest first."""
    said: list[Trouble] = []
    latest: dict[str, RefusalRow] = {}
    count: dict[str, int] = {}
    for row in rows:
        count[row.reason] = count.get(row.reason, 0) + 1
        if row.reason not in latest or row.at > latest[row.reason].at:
            latest[row.reason] = row
    for reason, row in sorted(latest.items(), key=lambda item: -item[1].at)[:3]:
        n = count[reason]
        requests = f"{n} request{'s' if n > 1 else ''}"
        when = f"{'the last one ' if n > 1 else ''}{format.ago(row.at, now_ms)}"
        when += f" from {row.ip}." if row.ip else "."
        said.append(
            Trouble(
                f"{requests} {REASONS.get(reason, 'arrived and could not be taken')}",
                when,
                _hint(row, own),
            )
        )
    return said


# the reasons of refusals; what has no words here is explained by its detail
REASONS = {
    "wrong_key": "arrived with a wrong key",
    "wrong_project": "arrived with a key of another project",
    "disabled_key": "arrived with a disabled key",
    "project_archived": "arrived although the project is archived",
    "two_keys": "arrived with two different keys",
    "no_key": "arrived without a key",
    "malformed_key": "arrived with a broken key",
    "too_large": "arrived and was too large",
    "rate_limited": "arrived while more was waiting than the disk can take",
}


def _hint(row: RefusalRow, own: list[Key]) -> str:
    """What the refusal says, and for a wrong key what to compare it with."""
    said, key = row.detail or "", _working(own)
    if row.reason in ("wrong_key", "wrong_project", "disabled_key") and key is not None:
        return f"{said.rstrip('.')}; yours ends in …{key.public[-4:]}."
    return said


async def send_test(request: Request) -> Response:
    """Send a believable error down the road every event takes, and open its issue."""
    services, found = state.of(request), await _found(request)
    project, key = found.project, _working(found.keys)
    if key is None:
        return RedirectResponse(links.url(request, f"/setup/{project.slug}/sdk"), status_code=303)
    now_ms = services.clock.now_ms()
    payload = trial.event(
        project.platform,
        event_id=secrets.token_hex(16),
        project_slug=project.slug,
        now_ms=now_ms,
        email=guards.person(request).email,
    )
    options = services.options(project.id)
    origin = Origin(
        project.id,
        key.id,
        now_ms,
        sdk="lighttrace.setup/1",
        scrub=options.scrub,
        rules=options.rules,
        grouping=options.grouping,
    )
    stored = await services.store.submit(event_write(msgspec.json.encode(payload), origin))
    services.store.touch_key(key.id)
    issue = None
    if stored.issue_id:
        issue = await services.store.read(issues.get, stored.issue_id, guards.sight(request))
    path = f"/issues/{issue.short_id}" if issue else "/issues"
    return RedirectResponse(links.url(request, path), status_code=303)


PAGES = (
    Page("/setup", show, Guard.SETUP, name="setup"),
    Page("/setup", make_admin, Guard.SETUP, ("POST",)),
    Page("/setup/project", new_project, Guard.ADMIN),
    Page("/projects/new", new_project, Guard.ADMIN),
    Page("/projects/new", make_project, Guard.ADMIN, ("POST",)),
    Page("/setup/{project}/sdk", sdk, Guard.SIGNED_IN),
    Page("/setup/{project}/beacon", beacon, Guard.SIGNED_IN),
    Page("/setup/{project}/test", send_test, Guard.MEMBER, ("POST",)),
)
