"""From a frame to its line at the host of the repository. Pure: docs/source-links.md.

Events are hostile, and the file of the settings is not. So a path only ever fills the `{path}` of a
template: it is cut into names, each name is quoted, and one that leads upwards makes no link.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from lighttrace.event import frames
from lighttrace.event.model import Frame

HOSTS = ("github", "gitlab", "gitea", "forgejo", "bitbucket")
# hosts that need not be named
KNOWN_HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "forgejo",
    "gitea.com": "gitea",
    "bitbucket.org": "bitbucket",
}
# below the address of the repository; a branch is a `{commit}` as well, where the host lets it
PRESETS = {
    "github": "/blob/{commit}/{path}#L{line}",
    "gitlab": "/-/blob/{commit}/{path}#L{line}",
    "gitea": "/src/{kind}/{commit}/{path}#L{line}",
    "forgejo": "/src/{kind}/{commit}/{path}#L{line}",
    "bitbucket": "/src/{commit}/{path}#lines-{line}",
}
COMMITS = {"gitlab": "/-/commit/", "bitbucket": "/commits/"}  # the others: /commit/
FIELDS = ("commit", "path", "line", "kind")
ARROW = "=>"
BRANCH = "main"
TEMPLATE, PATH, RULES = 1000, 1024, 200  # letters, letters, rules of a project
SHORT = 7  # letters of a commit that is shown

_FIELD = re.compile(r"\{([^{}]*)\}")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
# a version that ends in a commit: `shop@1.2+abcdef0`, `1.2.0-14-g2414721`, or is one
_ENDING = re.compile(r"(?:.*(?:@|\+|-g))?([0-9a-f]{7,64})", re.IGNORECASE | re.DOTALL)
# git check-ref-format, of what can be a branch or a commit
_REVISION = re.compile(r"[\w][\w./+@#-]{0,199}", re.ASCII)
_SCHEME = re.compile(r"^(?:webpack(?:-internal)?|app|file|ng|turbopack|rsc)://+(?:_N_E/)?(?:\./)?")
_URL = re.compile(r"^[A-Za-z][\w+.-]*:")
_DRIVE = re.compile(r"^[A-Za-z]:/")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_JVM = {".java": "java", ".kt": "kotlin", ".scala": "scala", ".groovy": "groovy"}


@dataclass(frozen=True, slots=True)
class Prefix:
    """What stands in place of the beginning of a path. `before` may be empty: of every path that is
    relative.
    """

    before: str
    after: str
    line: int | None = None  # of the file

    @property
    def text(self) -> str:
        return f"{self.before} {ARROW} {self.after}".strip()


@dataclass(frozen=True, slots=True)
class PrefixMistake:
    message: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Revision:
    """What a link leads to: a commit (`exact`), or a branch, whose line may be another by now."""

    name: str
    exact: bool

    @property
    def shown(self) -> str:
        return self.name[:SHORT] if self.exact and _SHA.fullmatch(self.name) else self.name[:40]


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one project. The first prefix that fits wins; without a template there are no links."""

    template: str = ""
    paths: tuple[Prefix, ...] = ()
    branch: str = BRANCH
    package: str = ""  # github.com/acme/shop: what modules of Go begin with
    commits: str = ""  # the address of a commit, without it

    def commit(self, sha: str) -> str:
        """The address of a commit; nothing where nobody knows it."""
        return self.commits + quote(sha, safe="") if self.commits and is_revision(sha) else ""


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Link:
    """`path` in the repository; "" where the SDK gave the whole link."""

    url: str
    path: str
    at: str  # a commit in short, a branch, a host

    @property
    def words(self) -> str:
        return f"Open at {self.at}"


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Why there is none, in a sentence without its stop."""

    why: str


def prefix(text: str, line: int | None = None) -> Prefix:
    """`/srv/app/ => ` as a rule. Raises ValueError, with a sentence."""
    before, arrow, after = text.partition(ARROW)
    if not arrow:
        raise ValueError(f'there is no {ARROW} in it. For example: "/srv/app/ {ARROW} "')
    if len(text) > PATH or _UNPRINTABLE.search(text):
        raise ValueError(f"it has to be a line of at most {PATH} letters")
    after = after.strip().replace("\\", "/")
    if ".." in after.split("/"):
        raise ValueError("what comes behind the arrow is in the repository, so it has no ..")
    return Prefix(before.strip().replace("\\", "/"), after.removeprefix("./").lstrip("/"), line)


def prefixes(
    texts: Iterable[tuple[str, int | None]],
) -> tuple[tuple[Prefix, ...], list[PrefixMistake]]:
    found, mistakes = [], []
    for text, line in texts:
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        try:
            found.append(prefix(text, line))
        except ValueError as error:
            mistakes.append(PrefixMistake(f"{text.strip()[:80]!r}: {error}.", line))
    if len(found) > RULES:
        mistakes.append(PrefixMistake(f"there are more than {RULES} rules.", found[RULES].line))
    return tuple(found), mistakes


def template(text: str) -> str:
    """A template that can be filled. Raises ValueError, with a sentence."""
    text = text.strip()
    if len(text) > TEMPLATE or not text.isascii() or re.search(r"[\s\x00-\x1f\x7f\\\"'<>]", text):
        raise ValueError("there is a space or another character in it that no address has")
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("it has to begin with https:// and a host")
    if "{" in parts.netloc or "}" in parts.netloc or "@" in parts.netloc:
        raise ValueError("its host has to be written out, without a field or a name in it")
    unknown = [name for name in _FIELD.findall(text) if name not in FIELDS]
    if unknown or "{" in (rest := _FIELD.sub("", text)) or "}" in rest:
        known = ", ".join(f"{{{name}}}" for name in FIELDS[:3])
        raise ValueError(f"the fields that there are: {known}")
    if "{path}" not in text:
        raise ValueError("{path} is missing")
    return text


def preset(host: str, repository: str) -> str:
    """The template of a host, below the address of the repository."""
    return repository.removesuffix(".git").rstrip("/") + PRESETS[host]


def commits(host: str, repository: str) -> str:
    """The address of a commit at a host, without the commit."""
    return repository.removesuffix(".git").rstrip("/") + COMMITS.get(host, "/commit/")


def package(repository: str) -> str:
    """What the modules of Go in a repository begin with."""
    parts = urlsplit(repository)
    path = parts.path.removesuffix(".git").rstrip("/")
    return f"{parts.hostname}{path}" if parts.hostname and path else ""


def host_of(repository: str) -> str | None:
    """The kind of a host that everybody knows."""
    return KNOWN_HOSTS.get((urlsplit(repository).hostname or "").removeprefix("www."))


def is_revision(name: str) -> bool:
    """Whether it can be a commit or a branch, and nothing else."""
    return _REVISION.fullmatch(name) is not None and ".." not in name and "@{" not in name


def revision(release: str | None, commit: str | None, branch: str = BRANCH) -> Revision:
    """`commit`: what was told of the release; else its version may say it; else the branch."""
    if commit and is_revision(commit):
        return Revision(commit, True)
    if found := commit_in(release or ""):
        return Revision(found, True)
    return Revision(branch, False)


def informed(
    rules: Rules, release: str | None, commit: str | None, mappings: Iterable[tuple[str, str]]
) -> tuple[Rules, Revision]:
    """The rules with code mappings after those of the file, and what links lead to. `commit` and
    `mappings` were told by scripts; one that is no rule is left out.
    """
    told = []
    for before, after in mappings:
        with suppress(ValueError):
            told.append(prefix(f"{before} {ARROW} {after}"))
    rules = replace(rules, paths=(*rules.paths, *told))
    return rules, revision(release, commit, rules.branch)


def commit_in(version: str) -> str | None:
    """The commit that a version is, or ends in. A number of a build is none."""
    found = _ENDING.fullmatch(version.strip()[-300:])
    if found is None:
        return None
    sha = found[1].lower()
    if _SHA.fullmatch(sha):
        return sha
    mixed = any(char.isdigit() for char in sha) and any(char.isalpha() for char in sha)
    return sha if mixed and len(sha) <= 40 else None


def link(frame: Frame, rules: Rules, at: Revision, platform: str, *, own: bool) -> Link | Unlinked:
    """`own`: the frame is the application's, as `frames.in_app` knows."""
    if not own:
        return Unlinked("it is not your code")
    found = path_in(frame, rules, platform) if rules.template else Unlinked("no host is set")
    if isinstance(found, Unlinked):
        return _of_sdk(frame) or found
    return Link(filled(rules.template, found, at, frame.lineno), found, at.shown)


def filled(text: str, path: str, at: Revision, line: int | None) -> str:
    """A template with a path that `path_in` made."""
    if not line or line < 0:
        head, _, tail = text.partition("#")
        text = head if "{line}" in tail else text
        line = 1
    values: Mapping[str, str] = {
        "path": "/".join(quote(name, safe="") for name in path.split("/")),
        "commit": quote(at.name, safe="/"),
        "line": str(line),
        "kind": "commit" if at.exact else "branch",
    }
    return _FIELD.sub(lambda found: values[found[1]], text)


def path_in(frame: Frame, rules: Rules, platform: str) -> str | Unlinked:
    """Where the file of a frame is in the repository."""
    known = list(dict.fromkeys(spelled(frame, rules, platform)))
    if not known:
        return Unlinked("the event does not say in which file it is")
    for rule in rules.paths:
        for path in known:
            if path.startswith(rule.before) if rule.before else _is_relative(path):
                return _clean(rule.after + path[len(rule.before) :])
    relative = next(filter(_is_relative, known), None)
    if relative is not None:
        return _clean(_at_home(relative, frame, platform))
    shown = known[-1][:200]
    if _URL.match(shown) and not _DRIVE.match(shown):
        return Unlinked("it is a built file: no source map leads to your own")
    folder = shown[: shown.rfind("/") + 1]
    return Unlinked(f'{shown} is outside the rules. One like "{folder} {ARROW} " would cut it')


def spelled(frame: Frame, rules: Rules, platform: str) -> Iterator[str]:
    """The paths that a rule may begin with, the most telling first."""
    whole = (frame.abs_path or "").replace("\\", "/")
    name = (frame.filename or "").replace("\\", "/")
    kind = frames.family(frame.platform or platform)
    for path in (whole, name):
        if path in ("", "<unknown>", "?", "unknown source", "<anonymous>") or path[:1] == "<":
            continue
        if kind == "java" and "/" not in path:
            # ProGuard calls every file SourceFile, and R8 after the id of the mapping
            if frame.module and "." in path and not frame.unmapped:
                yield f"{_package(frame.module)}{path}"
            continue
        yield path
        if (plain := _SCHEME.sub("", path)) != path:
            yield plain.partition("?")[0]
    if kind == "go" and frame.module and rules.package and (whole or name):
        below = frame.module.removeprefix(rules.package)
        if below != frame.module and below[:1] in ("", "/"):
            yield f"{below}/{(whole or name).rpartition('/')[2]}".lstrip("/")
    if name.startswith("package:"):  # of Dart, which keeps its packages in lib/
        yield "lib/" + name.partition("/")[2]
    if name[:1] == "/" and whole != name and whole.endswith(name):
        yield name[1:]  # PHP cuts the folder of the project, and leaves its slash


def _package(module: str) -> str:
    """com.example.shop.Cart$Item as com/example/shop/."""
    folders = module.partition("$")[0].split(".")[:-1]
    return "".join(f"{name}/" for name in folders)


def _at_home(path: str, frame: Frame, platform: str) -> str:
    """Where builds of the JVM keep what others keep at the top."""
    kind = frames.family(frame.platform or platform)
    language = _JVM.get(path[path.rfind(".") :]) if kind == "java" else None
    named = (frame.abs_path or frame.filename or "").replace("\\", "/")
    return f"src/main/{language}/{path}" if language and "/" not in named else path


def _is_relative(path: str) -> bool:
    return path[:1] != "/" and not _URL.match(path)


def _clean(path: str) -> str | Unlinked:
    """Names alone, of which none leads anywhere else."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    if ".." in names:
        return Unlinked("its path leads out of the repository")
    if not names or len(path) > PATH or _UNPRINTABLE.search(path):
        return Unlinked("its path is none")
    return "/".join(names)


def _of_sdk(frame: Frame) -> Link | None:
    """The link that came with the frame, as far as its host: an event can say anything."""
    text = frame.source_link or ""
    if not text.startswith("https://") or not text.isascii() or re.search(r"[\s\"'<>\\`]", text):
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if not re.fullmatch(r"[a-z0-9.-]+", host) or "@" in parts.netloc or _UNPRINTABLE.search(text):
        return None
    return Link(text, "", host)
