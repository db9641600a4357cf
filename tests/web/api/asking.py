"""The API asked as scripts ask it: with a token, following `Link`."""

import re
from typing import Any

from lighttrace.store import tokens
from lighttrace.store.tokens import DEFAULT_SCOPES
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site

SHOP = "/api/0/projects/lighttrace/shop/"
LINK = re.compile(r'<([^>]*)>; rel="(\w+)"; results="(true|false)"; cursor="([^"]*)"')
MINUTE_MS = 60_000


class Script:
    """Asks with the token it was given."""

    def __init__(self, site: Site, *scopes: str, user_id: int | None = None) -> None:
        self.site = site
        _, secret = site.write(
            tokens.add, "script", scopes or DEFAULT_SCOPES, user_id, site.clock.now_ms()
        )
        self.headers = {"authorization": f"Bearer {secret}"}

    def ask(self, path: str, method: str = "GET", **more: Any) -> Any:
        return self.site.client.request(method, path, headers=self.headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        """What a good answer says."""
        answer = self.ask(path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, **change: Any) -> Any:
        return self.ask(path, "PUT", json=change)

    def refused(self, path: str, method: str = "GET", **more: Any) -> tuple[int, str]:
        """Status and sentence of an answer that is not good."""
        answer = self.ask(path, method, **more)
        assert answer.headers["content-type"].startswith("application/json")
        return answer.status_code, answer.json()["detail"]

    def pages(self, path: str) -> list[list[Any]]:
        """Every page of a list, by the way its `Link` header shows."""
        found = []
        next_url: str | None = path
        while next_url is not None:
            answer = self.ask(next_url)
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
            assert len(found) < 50
            next_url = links(answer)["next"]
        return found


def links(answer: Any) -> dict[str, str | None]:
    """rel → address, None where it says that there is nothing."""
    sides = LINK.findall(answer.headers["link"])
    assert [rel for _, rel, _, _ in sides] == ["previous", "next"]
    for url, _, _, cursor in sides:
        assert re.fullmatch(r"\d+:\d+:[01]", cursor) and cursor.replace(":", "%3A") in url
    return {rel: url if results == "true" else None for url, rel, results, _ in sides}


def passing(site: Site, minutes: int = 1) -> None:
    """Time goes by."""
    site.clock.advance(minutes * MINUTE_MS)


def shop(site: Site) -> Site:
    """Projects 1 `shop` and 2 `blog`, with nothing in them."""
    add_projects(site, "shop", "blog")
    return site


def fail(site: Site, *titles: str, project: int = 1, **over: Any) -> list[str]:
    """An error of each title, a minute apart; the ids of the events."""
    ids = []
    for title in titles:
        error = an_error(title, **over)
        send(site, error, project=project)
        ids.append(error["event_id"])
        passing(site)
    return ids
