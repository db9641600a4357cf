"""Where things are: paths under the prefix of `[server] url`, and where it is safe to send a
browser next.
"""

from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from lighttrace.config import Config


class Prefix:
    """Serves the same pages under the prefix and without it: proxies that strip it and proxies that
    do not both work.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.prefix and scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if path == self.prefix:
                path += "/"
            elif not path.startswith(self.prefix + "/"):
                path = self.prefix + path
            scope = {**scope, "root_path": self.prefix, "path": path}
        await self.app(scope, receive, send)


def url(request: HTTPConnection, path: str, **query: str | int | None) -> str:
    """A path of ours as the browser must ask for it. A `None` in the query leaves the parameter
    out.
    """
    pairs = [(key, value) for key, value in query.items() if value is not None]
    prefix = str(request.scope.get("root_path", ""))
    return prefix + path + ("?" + urlencode(pairs, quote_via=quote) if pairs else "")


def local(request: HTTPConnection, target: str | None, fallback: str = "/") -> str:
    """`target` if it is a path of this server, else `fallback`. The answer already carries the
    prefix.

    Anything a browser could read as another host is refused: schemes, `//host`, backslashes,
    control characters.
    """
    prefix = str(request.scope.get("root_path", ""))
    if not target or len(target) > 2000 or not target.startswith("/") or target.startswith("//"):
        return prefix + fallback
    if "\\" in target or any(ord(char) < 32 or ord(char) == 127 for char in target):
        return prefix + fallback
    try:
        parts = urlsplit(target)
    except ValueError:
        return prefix + fallback
    if parts.scheme or parts.netloc:
        return prefix + fallback
    if prefix and target != prefix and not target.startswith((prefix + "/", prefix + "?")):
        return prefix + target
    return target


def release_path(slug: str, version: str) -> str:
    """Where the page of a release is; versions have slashes at times."""
    return f"/releases/{slug}/{quote(version, safe='/@+')}"


def here(request: HTTPConnection) -> str:
    """The path and query of this request, prefix included: what `next` is made of."""
    query = request.url.query
    return request.url.path + ("?" + query if query else "")


def public(request: HTTPConnection, config: Config) -> str:
    """The address people and SDKs use, without a trailing slash: the file's, else the one this
    request came by.
    """
    if config.server.url:
        return config.base_url
    return f"{request.url.scheme}://{request.url.netloc}" + str(request.scope.get("root_path", ""))


def dsn(base_url: str, public_key: str, project_id: int) -> str:
    """`https://KEY@host/prefix/ID`; see docs/protocol.md, "DSN"."""
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://{public_key}@{rest}/{project_id}"
