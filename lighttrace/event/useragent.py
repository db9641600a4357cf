"""Browser, system and device from a User-Agent header, by ua-parser's list. Cached: pages send few
different ones.
"""

from functools import lru_cache

import ua_parser

from lighttrace.event import text
from lighttrace.event.model import Json, Raw

LENGTH = 512
Contexts = dict[str, dict[str, Json]]


def of_request(request: Raw) -> str | None:
    """The User-Agent header of the request that failed, in whatever form the headers came."""
    for name, value in text.pairs(request.get("headers")):
        if type(name) is str and name.lower() == "user-agent":
            return text.string(value, LENGTH)
    return None


def fill(contexts: Contexts, agent: str) -> Contexts:
    """`contexts` with what the header says, where the client did not say it itself."""
    if "browser" in contexts and "os" in contexts:
        return contexts
    found = parse(agent)
    missing = {name: value for name, value in found.items() if name not in contexts}
    if "os" in contexts or "client_os" in contexts:
        missing.pop("os", None)
    return {**contexts, **missing} if missing else contexts


@lru_cache(maxsize=2048)
def parse(agent: str) -> Contexts:
    """`{"browser": {"name", "version"}, "os": …, "device": {"family", …}}`, as far as they are
    known.
    """
    result = ua_parser.parse(agent[:LENGTH])
    found: Contexts = {}
    if result.user_agent is not None and result.user_agent.family != "Other":
        browser = result.user_agent
        found["browser"] = {
            "name": browser.family,
            "version": _version(browser.major, browser.minor, browser.patch),
        }
    if result.os is not None and result.os.family != "Other":
        system = result.os
        found["os"] = {
            "name": system.family,
            "version": _version(system.major, system.minor, system.patch),
        }
    if result.device is not None and result.device.family not in ("Other", "Generic Smartphone"):
        device = result.device
        found["device"] = {
            "family": device.family,
            **({"brand": device.brand} if device.brand else {}),
            **({"model": device.model} if device.model else {}),
        }
    return found


def _version(*parts: str | None) -> str:
    return ".".join(part for part in parts if part)
