"""A template becomes an answer: the whole page, or the one block of it that htmx asked for.

The rule for all pages: `HX-Request: true` with `HX-Request-Type: partial` gets the block named like
the id of the target (`HX-Target: ol#issue-list` → block `issue_list`); everything else, also a
restored history entry, gets the page. A block must stand on its own: `{% set %}` outside it is not
seen. `m` (macros.html), `url`, `static`, `person`, `shell`, `now_ms` are there in every template;
filters come from `format.FILTERS`.
"""

from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lighttrace import __version__
from lighttrace.web import files, format, links

THEMES = ("auto", "light", "dark")


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("lighttrace.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(format.FILTERS)
    env.globals["version"] = __version__
    env.globals["release_path"] = links.release_path
    return env


def wants_fragment(request: Request) -> bool:
    return (
        request.headers.get("hx-request") == "true"
        and request.headers.get("hx-request-type") == "partial"
    )


def wanted_block(request: Request, template: Template) -> str | None:
    """The block of this template that the request's target stands for."""
    if not wants_fragment(request):
        return None
    name = request.headers.get("hx-target", "").partition("#")[2].replace("-", "_")
    return name if name in template.blocks else None


def render(
    request: Request,
    name: str,
    status: int = 200,
    *,
    block: str | None = None,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Draw a template. `block` names the fragment when the target does not (several in one answer,
    another id).
    """
    env = environment()
    template = env.get_template(name)
    values = _surroundings(request) | context
    values["m"] = env.get_template("macros.html").make_module(values)
    if block is None:
        block = wanted_block(request, template)
    headers = dict(headers or {})
    if block is not None:
        html = env.concat(template.blocks[block](template.new_context(values)))
    else:
        if wants_fragment(
            request
        ):  # no such block: the page takes the whole window rather than a panel
            headers |= {"HX-Retarget": "body", "HX-Reswap": "innerHTML"}
        html = template.render(values)
    return HTMLResponse(html, status, headers)


def _surroundings(request: Request) -> dict[str, Any]:
    """What every template may use. Error pages have neither session nor database."""
    session = getattr(request.state, "session", None)
    services = getattr(request.state, "services", None)
    shell = getattr(request.state, "shell", None)
    person = session.user if session else None
    options = person.options if person else {}
    prefix = str(request.scope.get("root_path", ""))
    return {
        "request": request,
        "url": partial(links.url, request),
        "static": partial(files.url, prefix),
        "person": person,
        "shell": shell,
        "need": shell.need if shell else 0,
        "theme": options.get("theme", "auto"),
        "keys": bool(options.get("keys", True)),
        "zone": options.get("timezone") or "UTC",
        "now_ms": services.clock.now_ms() if services else 0,
        "project": None,
        "cur": "",
        "toasts": (),
    }
