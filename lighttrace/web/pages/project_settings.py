"""`/settings`: the projects, what the file decides, and the keys of a project."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.config import Config
from lighttrace.store import keys, projects
from lighttrace.store.database import Reader
from lighttrace.store.keys import Key
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.web import format, guards, links, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.render import render

LABEL_LENGTH = 60
KEYS = 50  # per project; enough for a key per deployment
SAVED = {
    "added": "The key is there. It works at once.",
    "disabled": "That key is disabled: whatever uses it is refused.",
    "enabled": "That key works again.",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One line of what the file says: its words, its value, the key in the file. `given`: the file
    names it.
    """

    words: str
    value: str
    key: str


async def overview(request: Request) -> Response:
    services = state.of(request)
    rows = await services.store.read(_overview, guards.sight(request))
    return render(
        request,
        "pages/settings.html",
        cur="settings",
        rows=rows,
        source=str(services.config.source or ""),
        groups=server_values(services.config, links.public(request, services.config)),
        may_add=guards.person(request).role in guards.ADMINS,
    )


async def show(request: Request) -> Response:
    return await _page(request)


async def add_key(request: Request) -> Response:
    services = state.of(request)
    project, own = await _project(request)
    async with request.form(max_files=0, max_fields=5) as form:
        label = " ".join(str(form.get("label", "")).split())[:LABEL_LENGTH]
    if not label:
        return await _page(request, 422, "A name, such as the place it will be used: mobile web")
    if len(own) >= KEYS:
        return await _page(request, 422, f"{KEYS} keys are as many as a project takes")
    await services.store.write(keys.add, project.id, label, services.clock.now_ms())
    return _saved(request, project, "added")


async def disable_key(request: Request) -> Response:
    return await _set_disabled(request, "disabled")


async def enable_key(request: Request) -> Response:
    return await _set_disabled(request, "enabled")


async def _set_disabled(request: Request, what: str) -> Response:
    services = state.of(request)
    project, _ = await _project(request)
    at_ms = services.clock.now_ms() if what == "disabled" else None
    if not await services.store.write(
        keys.set_disabled, request.path_params["key"], project.id, at_ms
    ):
        raise HTTPException(404)
    return _saved(request, project, what)


async def _page(request: Request, status: int = 200, error: str = "") -> Response:
    services = state.of(request)
    project, own = await _project(request)
    base_url = links.public(request, services.config)
    saved = SAVED.get(request.query_params.get("saved", ""), "")
    return render(
        request,
        "pages/project_settings.html",
        status,
        cur="settings",
        project=project.slug,
        item=project,
        keys_shown=[(key, links.dsn(base_url, key.public, project.id)) for key in own],
        mixed=request.url.scheme == "https" and base_url.startswith("http:"),
        groups=project_values(services.config, project),
        may_change=guards.person(request).role in guards.ADMINS,
        source=str(services.config.source or ""),
        error=error,
        toasts=[(saved, "")] if saved and request.method == "GET" else [],
    )


async def _project(request: Request) -> tuple[Project, list[Key]]:
    found = await state.of(request).store.read(
        _with_keys, request.path_params["project"], guards.sight(request)
    )
    if found is None:
        raise HTTPException(404)
    return found


def _with_keys(db: Reader, slug: str, sight: Sight) -> tuple[Project, list[Key]] | None:
    project = projects.by_slug(db, slug, sight)
    return (project, keys.of_project(db, project.id)) if project else None


def _overview(db: Reader, sight: Sight) -> list[tuple[Project, int]]:
    return [
        (project, sum(key.disabled_at is None for key in keys.of_project(db, project.id)))
        for project in projects.every(db, sight)
    ]


def _saved(request: Request, project: Project, what: str) -> Response:
    return RedirectResponse(
        links.url(request, f"/settings/projects/{project.slug}", saved=what), status_code=303
    )


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    table: str  # where in the file
    values: tuple[Value, ...]


def server_values(config: Config, base_url: str) -> tuple[Group, ...]:
    """What the file says about the whole server, in words. Secrets are not among them."""
    smtp = config.smtp
    mail = (
        (
            Value(
                "Server",
                f"{smtp.host}:{smtp.port}, {TLS.get(smtp.tls, smtp.tls)}",
                "host, port, tls",
            ),
            Value("From", smtp.from_ or "not set", "from"),
        )
        if smtp
        else (Value("Server", "none, so no mail is sent", "host"),)
    )
    return (
        Group("Address", "[server]", (Value("Public address", base_url, "url"),)),
        Group(
            "Storage",
            "[store]",
            (
                Value("Database", str(config.store.path), "path"),
                Value("Events are kept", f"{config.store.retention_days} days", "retention_days"),
                Value("Space it may take", format.size(config.store.max_size_bytes), "max_size"),
            ),
        ),
        Group("Mail", "[smtp]", mail),
        Group(
            "Alerts",
            "[alerts]",
            (Value("New issues go to", ", ".join(config.alerts.to) or "nobody yet", "to"),),
        ),
    )


TLS = {"starttls": "STARTTLS", "tls": "TLS", "none": "not encrypted"}


def project_values(config: Config, project: Project) -> tuple[Group, ...]:
    """What the file says about one project; defaults if it does not name it."""
    options = next((item for item in config.projects if item.slug == project.slug), None)
    scrub = options.scrub if options else None
    if scrub is None or scrub.enabled:
        scrubbed = "passwords, tokens, cookies, card numbers are removed before anything is stored"
    else:
        scrubbed = "off: secrets in events are stored as they come"
    values = [
        Value("Secrets", scrubbed, "scrub.enabled"),
        Value(
            "Also removed",
            ", ".join(scrub.keys) if scrub and scrub.keys else "nothing else",
            "scrub.keys",
        ),
        Value(
            "Kept although named like secrets",
            ", ".join(scrub.safe_keys) if scrub and scrub.safe_keys else "nothing",
            "scrub.safe_keys",
        ),
        Value(
            "Addresses of people",
            "kept when the SDK says so"
            if options is None or options.keep_addresses
            else "never kept",
            "keep_addresses",
        ),
    ]
    return (Group("Privacy", "[[project]]", tuple(values)),)


PAGES = (
    Page("/settings", overview, Guard.SIGNED_IN, name="settings"),
    Page("/settings/projects/{project}", show, Guard.SIGNED_IN),
    Page("/settings/projects/{project}/keys", add_key, Guard.ADMIN, ("POST",)),
    Page(
        "/settings/projects/{project}/keys/{key:int}/disable", disable_key, Guard.ADMIN, ("POST",)
    ),
    Page("/settings/projects/{project}/keys/{key:int}/enable", enable_key, Guard.ADMIN, ("POST",)),
)
