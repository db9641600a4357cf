"""Every address people can ask for: path, handler, guard. A test walks this table."""

from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan

from lighttrace.config import Config
from lighttrace.limits import MIB
from lighttrace.web import csrf, files
from lighttrace.web.api import table as api
from lighttrace.web.guards import Guard, Page, protect
from lighttrace.web.headers import SafeHeaders
from lighttrace.web.links import Prefix
from lighttrace.web.pages import (
    account,
    account_messages,
    account_projects,
    alert_new,
    alerts,
    audit,
    changes,
    channel_tests,
    code,
    doors,
    during,
    errors,
    event,
    health,
    inbox,
    issue,
    issues,
    login,
    members,
    merging,
    mutes,
    ownership,
    project_settings,
    provider,
    reading,
    release,
    releases,
    saved_searches,
    second_factor,
    settings,
    setup,
    source,
    start,
    stream,
    suggest,
    system,
    teams,
    tokens,
    uploads,
)

ROUTES: tuple[Page, ...] = (
    Page("/static/{name:path}", files.serve, Guard.ANYONE, name="static"),
    *health.PAGES,
    *start.PAGES,
    *setup.PAGES,
    *login.PAGES,
    *code.PAGES,
    *doors.PAGES,
    *provider.PAGES,
    *second_factor.PAGES,
    *account.PAGES,
    *account_messages.PAGES,
    *account_projects.PAGES,
    *settings.PAGES,
    *project_settings.PAGES,
    *uploads.PAGES,
    *members.PAGES,
    *teams.PAGES,
    *tokens.PAGES,
    *audit.PAGES,
    *system.PAGES,
    *ownership.PAGES,
    *source.PAGES,
    *inbox.PAGES,
    *alerts.PAGES,
    *alert_new.PAGES,
    *mutes.PAGES,
    *channel_tests.PAGES,
    *releases.PAGES,
    *release.PAGES,
    *during.PAGES,
    *issues.PAGES,
    *suggest.PAGES,
    *saved_searches.PAGES,
    *reading.PAGES,
    *merging.PAGES,
    *issue.PAGES,
    *changes.PAGES,
    *event.PAGES,
    *stream.PAGES,
    *api.PAGES,
    start.NOTHING,
)


def site(config: Config, lifespan: Lifespan[Any] | None = None) -> ASGIApp:
    """The pages and the API as one ASGI application; its lifespan must yield `{"services":
    Services}`.
    """
    app = Starlette(
        routes=[
            Route(
                page.path,
                protect(page),
                methods=list(page.methods),
                name=page.name or None,
                max_body_size=page.max_body_bytes,
            )
            for page in ROUTES
        ],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
            Middleware(
                csrf.SameOriginOnly,
                base_url=config.server.url or "",
                prefix=config.prefix,
                refuse=errors.http,
            ),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
        max_body_size=MIB,
    )
    # outermost, so that the page of a failure carries the headers as well
    return Prefix(SafeHeaders(app), config.prefix)
