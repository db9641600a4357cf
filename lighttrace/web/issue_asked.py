"""What an address of the page of an issue asks for."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request

from lighttrace.web import links
from lighttrace.web.listing import PERIODS

WHICH = ("recommended", "latest", "first")
PARTS = 20  # folded parts that one address may ask for
FOCUSES = ("acknowledge", "mute")  # a message has led here; following it changes nothing


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of the page says."""

    short_id: str
    which: str = "recommended"
    environment: str | None = None
    period: str = ""  # empty: what suits the age of the issue
    every: bool = False  # all frames, none folded
    minified: bool = False  # frames as they were sent, whatever source maps make of them
    parts: tuple[str, ...] = ()
    event: str = ""  # the one that is shown on an open page
    focus: str = ""  # what a link of a message puts the focus on, of FOCUSES

    @classmethod
    def read(cls, request: Request) -> "Asked":
        path = request.path_params
        which = path.get("which", "recommended")
        return cls.of(path["short_id"], which, request.query_params)

    @classmethod
    def of_current(cls, request: Request) -> "Asked":
        """What is open in the browser: htmx names its address."""
        current = urlsplit(request.headers.get("hx-current-url", "")[:4000])
        which = current.path.partition("/events/")[2] or "recommended"
        params = ImmutableMultiDict(parse_qsl(current.query, keep_blank_values=True))
        return cls.of(request.path_params["short_id"], which, params)

    @classmethod
    def of(cls, short_id: str, which: str, params: ImmutableMultiDict[str, str]) -> "Asked":
        return cls(
            short_id=short_id,
            which=which.lower(),
            environment=params.get("environment"),
            period=params.get("period", "") if params.get("period") in PERIODS else "",
            every=params.get("frames") == "all",
            minified=params.get("code") == "minified",
            parts=tuple(params.getlist("show")[:PARTS]),
            focus=params.get("focus", "") if params.get("focus") in FOCUSES else "",
        )

    def url(self, request: Request, **changes: Any) -> str:
        """The address with something changed; what is opened on the page stays behind."""
        new = {
            "which": self.which,
            "environment": self.environment,
            "period": self.period or None,
            "frames": "all" if self.every else None,
            "code": "minified" if self.minified else None,
            "show": None,
        } | changes
        which = new.pop("which")
        path = f"/issues/{self.short_id}" + ("" if which == "recommended" else f"/events/{which}")
        return links.url(request, path, **new)
