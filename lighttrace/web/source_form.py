"""The form of source links: what somebody types, what the file would say of it, what is wrong with
it. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from lighttrace import config as configuration
from lighttrace.errors import ConfigError
from lighttrace.event.source_links import BRANCH
from lighttrace.settings.source_links import SourceOptions

MOST_TEXT, MOST_RULES = 1_000, 8_000  # characters of a field, of all rules
FIELDS = ("repository", "host", "url", "branch", "paths")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address says. `given`: something was typed; else the file is shown. `paths`: rules,
    one a line; `event`: a short id or an event's.
    """

    event: str = ""
    given: bool = False
    repository: str = ""
    host: str = ""
    url: str = ""
    branch: str = ""
    paths: str = ""

    @classmethod
    def read(cls, params: QueryParams, now: SourceOptions | None) -> "Asked":
        def text(name: str, most: int = MOST_TEXT) -> str:
            said = params.get(name, "")[:most]
            return "".join(char for char in said if char.isprintable() or char == "\n").strip("\n")

        event = text("try").strip()[:80]
        if not any(name in params for name in FIELDS):
            return cls._of(now, event)
        lines = text("paths", MOST_RULES).splitlines()
        repository, host, url, branch = (
            text(name).replace("\n", " ").strip() for name in FIELDS[:4]
        )
        paths = "\n".join(it for it in lines if it.strip())
        return cls(event, True, repository, host, url, branch, paths)

    @classmethod
    def _of(cls, now: SourceOptions | None, event: str) -> "Asked":
        if now is None:
            return cls(event, branch=BRANCH)
        rules = "\n".join(it.text for it in now.paths)
        return cls(
            event, False, now.repository or "", now.host or "", now.url or "", now.branch, rules
        )

    def toml(self, now: SourceOptions | None) -> str:
        """The table of the file. What the form does not ask for stays as it is."""
        said: dict[str, object] = {name: getattr(self, name) for name in ("repository", "host")}
        said |= {"url": self.url, "branch": "" if self.branch == BRANCH else self.branch}
        lines = ["[project.source]"]
        lines += [f"{name} = {_quoted(str(it))}" for name, it in said.items() if it]
        if rules := self.paths.splitlines():
            lines += ["paths = [", *(f"  {_quoted(it)}," for it in rules), "]"]
        if now is not None and now.fetch:
            lines.append("fetch = true")
        if now is not None and now.raw:
            lines.append(f"raw = {_quoted(now.raw)}")
        if now is not None and now.allow_private:
            lines.append("allow_private = true")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Read:
    """`source` is None if something is wrong; `errors` by field, "" for all of them."""

    source: SourceOptions | None
    errors: Mapping[str, str] = field(default_factory=dict)


def read(asked: Asked, slug: str, now: SourceOptions | None) -> Read:
    """As the file would be read: the mistakes are those that `check` tells."""
    if not asked.given:
        return Read(now)
    if not (asked.repository or asked.url or asked.paths):
        return Read(None)
    text = f"[[project]]\nslug = {_quoted(slug)}\n{asked.toml(now)}\n"
    try:
        return Read(configuration.said_by(text).source_of(slug))
    except ConfigError as error:
        errors: dict[str, str] = {}
        for one in error.problems:
            name = one.path.rpartition(".")[2]
            errors.setdefault(name if name in FIELDS else "", one.message)
        return Read(None, errors)


def _quoted(text: str) -> str:
    """As TOML spells it, with nothing that stands for a variable."""
    return json.dumps(text.replace("${", "$${"), ensure_ascii=False)
