"""A file at the host of a repository: how each host is asked for it, what its answer says. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from lighttrace.event import source_links
from lighttrace.event.source_links import Revision
from lighttrace.outward import Answer, Request
from lighttrace.settings.source_links import SourceOptions
from lighttrace.store.source_cache import MOST_TEXT

AROUND = 5  # lines before and after
LINE = 1_000  # characters of one


@dataclass(frozen=True, slots=True)
class Around:
    before: tuple[str, ...]
    line: str
    after: tuple[str, ...]


def request(source: SourceOptions, path: str, at: Revision) -> Request | None:
    """None if nobody knows how this host is asked."""
    token, kind = source.token, source.kind
    if source.raw is not None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return _get(source_links.filled(source.raw, path, at, None), headers)
    parts = urlsplit(source.repository or "")
    base = f"{parts.scheme}://{parts.netloc}"
    name = parts.path.removesuffix(".git").strip("/")
    names = "/".join(quote(it, safe="") for it in path.split("/"))
    ref = quote(at.name, safe="")
    if kind == "github":
        if parts.hostname == "github.com" and not token:  # the API has few answers for strangers
            raw = f"https://raw.githubusercontent.com/{name}/{quote(at.name, safe='/')}/{names}"
            return _get(raw, {})
        api = "https://api.github.com" if parts.hostname == "github.com" else f"{base}/api/v3"
        headers = {"Accept": "application/vnd.github.raw+json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        return _get(f"{api}/repos/{name}/contents/{names}?ref={ref}", headers)
    if kind == "gitlab":
        at_api = f"{base}/api/v4/projects/{quote(name, safe='')}/repository/files"
        headers = {"PRIVATE-TOKEN": token} if token else {}
        return _get(f"{at_api}/{quote(path, safe='')}/raw?ref={ref}", headers)
    if kind in ("gitea", "forgejo"):
        below, _, own = name.rpartition("/")
        prefix, _, owner = below.rpartition("/")
        at_api = f"{base}/{prefix + '/' if prefix else ''}api/v1/repos/{owner}/{own}"
        headers = {"Authorization": f"token {token}"} if token else {}
        return _get(f"{at_api}/raw/{names}?ref={ref}", headers)
    if kind == "bitbucket":
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        api = "https://api.bitbucket.org/2.0" if parts.hostname == "bitbucket.org" else base
        return _get(f"{api}/repositories/{name}/src/{ref}/{names}", headers)
    return None


def _get(url: str, headers: dict[str, str]) -> Request:
    return Request(url, headers=headers, method="GET")


def text_of(answer: Answer, at: Revision, *, with_token: bool) -> tuple[str | None, str]:
    """The text of a file; or None, and why in a sentence without its stop."""
    status = answer.status
    if status in (401, 403):
        who = "does not take our token" if with_token else "wants a token"
        return None, f"the host {who} ({status})"
    if status == 404:
        may = "" if with_token else ", or shows it only to who has a token"
        return None, f"the host does not have this file at {at.shown}{may} (404)"
    if status == 429:
        return None, "the host has been asked too often (429)"
    if status != 200:
        return None, f"the host answered with {status}"
    if len(answer.body) > MOST_TEXT:
        return None, f"the file is larger than {MOST_TEXT // 1024} KiB"
    if b"\0" in answer.body:
        return None, "the file is no text"
    return answer.body.decode("utf-8-sig", "replace"), ""


def around(text: str, line: int) -> Around | None:
    """The lines around one, which is counted from 1; None if there is no such line."""
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return None
    shown = [it.rstrip("\r")[:LINE] for it in lines[max(0, line - 1 - AROUND) : line + AROUND]]
    hit = min(AROUND, line - 1)
    return Around(tuple(shown[:hit]), shown[hit], tuple(shown[hit + 1 :]))
