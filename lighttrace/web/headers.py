"""Headers every answer to a person carries."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No inline script, no inline style, nothing from elsewhere. `data:` images are the select arrows
# and check marks of CSS.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LOGGED = "lighttrace.logged"  # put into the scope by the page of a failure, which logs it
ALWAYS = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    # not no-referrer: browsers then send `Origin: null` with our own forms
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "accelerometer=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
)


class SafeHeaders:
    """Adds them; pages are not kept by caches unless they say otherwise themselves."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS:
                    headers.setdefault(name, value)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
                    headers.add_vary_header("HX-Request, HX-Request-Type")
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            if LOGGED not in scope:
                raise  # in the middle of an answer: the server logs it and cuts the connection
