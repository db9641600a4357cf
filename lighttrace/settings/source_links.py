"""`[project.source]`: where the code of a project can be read."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from lighttrace.event import source_links
from lighttrace.event.source_links import HOSTS, Prefix, Rules, prefixes
from lighttrace.settings.kinds import Url
from lighttrace.toml.setting import Disagreement, Note, Table, lines_by, read_by


def _template(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return source_links.template(value)


def _branch(value: Any) -> str:
    if not isinstance(value, str) or not source_links.is_revision(value):
        raise ValueError
    return value


def _token(value: Any) -> str:
    """It goes into a header, where a line break would begin another one."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,500}", value):
        raise ValueError("it has to be 1 to 500 letters, digits and signs without a space")
    return value


Template = Annotated[str, read_by(_template, "an address with {path} in it")]


class SourceOptions(Table, frozen=True):
    """`source` of a project: where its code can be read, so that frames link to their lines."""

    repository: Annotated[Url | None, Note(example="https://git.example.com/acme/shop")] = None
    """The address of the repository, as a browser shows it."""
    host: Annotated[
        Literal["github", "gitlab", "gitea", "forgejo", "bitbucket"] | None, Note(example="gitlab")
    ] = None
    """What runs there. It need not be said of github.com, gitlab.com, codeberg.org, gitea.com and
    bitbucket.org.
    """
    url: Annotated[
        Template | None, Note(example="https://git.example.com/shop/{commit}/{path}#L{line}")
    ] = None
    """The address of a line, for any other host; {commit} may be a branch."""
    branch: Annotated[str, read_by(_branch, "the name of a branch")] = source_links.BRANCH
    """What links lead to where the commit of a release is not known."""
    paths: Annotated[
        tuple[Prefix, ...],
        lines_by(prefixes, 'rules, one a line, such as "/srv/app/ => "'),
        Note(example=["/srv/app/ => ", "webpack/ => apps/web/"]),
    ] = ()
    """How paths in events begin, and what stands there in the repository; the first that fits
    counts.
    """
    fetch: bool = False
    """Whether the lines around a frame that came without them are fetched from the host when
    somebody opens it.
    """
    raw: Annotated[
        Template | None, Note(example="https://git.example.com/shop/raw/{commit}/{path}")
    ] = None
    """The address of a whole file as text, for any other host."""
    token: Annotated[
        Annotated[str, read_by(_token, "a token")] | None,
        Note(example="${SOURCE_TOKEN}", secret=True),
    ] = None
    """A token that may read the repository, for `fetch`. Keep it in the environment, as here, or in
    a file that token_file names.
    """
    allow_private: bool = False
    """Whether the host may be in your own network, and without encryption, when lines are fetched.
    """

    @property
    def kind(self) -> str | None:
        """Which of the hosts that we know, named or known by its address."""
        return self.host or (source_links.host_of(self.repository) if self.repository else None)

    @property
    def rules(self) -> Rules:
        repository, kind = self.repository or "", self.kind
        template = self.url or (source_links.preset(kind, repository) if kind else "")
        package = source_links.package(repository)
        commits = source_links.commits(kind, repository) if kind else ""
        return Rules(template, self.paths, self.branch, package, commits)

    def disagreements(self) -> Iterator[Disagreement]:
        if self.url is None and self.repository is None:
            example = 'repository = "https://github.com/acme/shop"'
            yield Disagreement("", "it says neither repository nor url.", example)
        elif self.url is None and self.kind is None:
            message = f"what runs at {self.repository} is not known."
            yield Disagreement("repository", message, f'host = "{HOSTS[1]}"')
        elif self.host is not None and self.repository is None:
            example = 'repository = "https://git.example.com/acme/shop"'
            yield Disagreement("host", "it needs the address of the repository too.", example)
        if self.fetch and self.raw is None and self.kind is None:
            message = "where a file can be fetched is not known."
            yield Disagreement("fetch", message, 'raw = "https://…/{commit}/{path}"')
        if self.fetch and not self.allow_private and self._address.startswith("http://"):
            message = "it is not encrypted: only https:// goes out into the internet."
            remedy = "allow_private = true, if it is in your own network"
            yield Disagreement("fetch", message, remedy)

    @property
    def _address(self) -> str:
        return self.raw or self.repository or ""
