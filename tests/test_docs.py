"""The documents keep what the code and they themselves promise: headings that are referred to,
files that are linked, no place of one particular machine.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
CODE = (".py", ".sql", ".js", ".css", ".html", ".toml")
NOT_OURS = {"node_modules", "vendor", "__pycache__", "data"}

# `docs/x.md`, and the title behind it if there is one: `docs/x.md, "Title"`
REFERENCE = re.compile(r"docs/(?P<file>[\w\-]+\.md)(?:, \"(?P<title>[^\"]+)\")?")
# a reference may go over the end of a line of a docstring or a comment
FOLDED = re.compile(r"\s*\n\s*(?:#|--|//|\*)?\s*")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)>\s]+)>?(?: +\"[^\"]*\")?\)")
# Where home folders, checkouts and temporary files are. /etc and /var/lib are of everybody.
MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|work|workspace|tmp|private|mnt|opt|srv|data)/[\w.\-/]+"
    r"|(?<!\w)[A-Za-z]:\\\\?Users\\"
)
WRONG_NAME = re.compile(r"pipx install\s+lighttrace(?!-server)")


class Reference(NamedTuple):
    place: str
    file: str
    title: str | None


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def headings(path: Path) -> list[str]:
    """The titles of a document; backticks are how a title looks, not what it says."""
    return [title.replace("`", "") for title in HEADING.findall(FENCED.sub("", read(path)))]


def anchor(title: str) -> str:
    """A title as the fragment of a link."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def code() -> Iterator[Path]:
    for folder in ("lighttrace", "bench", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            ours = NOT_OURS.isdisjoint(path.relative_to(ROOT).parts)
            if ours and path.suffix in CODE and path != Path(__file__):
                yield path
    yield from (ROOT / name for name in ("pyproject.toml", "Makefile"))


def references() -> list[Reference]:
    found = []
    for path in code():
        text = FOLDED.sub(" ", read(path))
        for match in REFERENCE.finditer(text):
            found.append(Reference(str(path.relative_to(ROOT)), match["file"], match["title"]))
    return found


def test_whatever_the_code_refers_to_is_there() -> None:
    missing = []
    for place, file, title in references():
        document = ROOT / "docs" / file
        if not document.is_file():
            missing.append(f"{place}: there is no docs/{file}")
        elif title is not None:
            known = [it.lower() for it in headings(document)]
            if title.replace("`", "").lower() not in known:
                missing.append(f'{place}: docs/{file} has no heading "{title}"')
    assert missing == []


def test_references_are_found_across_lines_and_with_their_titles() -> None:
    """Without this, a change of the patterns could let the test above pass by finding nothing."""
    found = references()
    assert any(it.title == "How they stay fast" for it in found)
    assert any(it.place.endswith("normalize.py") and it.title is None for it in found)
    folded = FOLDED.sub(" ", 'x (docs/grouping.md,\n# "Versions").')
    match = REFERENCE.search(folded)
    assert match is not None
    assert match["title"] == "Versions"


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    path = ROOT / name
    broken = []
    for target in LINK.findall(FENCED.sub("", read(path))):
        if re.match(r"[a-z][a-z0-9+.\-]*:", target):
            continue  # of another site
        file, _, fragment = target.partition("#")
        linked = (path.parent / unquote(file)).resolve() if file else path
        is_there = linked.is_file() and linked.is_relative_to(ROOT)
        if not is_there or (fragment and fragment not in map(anchor, headings(linked))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_titles_named_in_the_documents_exist(name: str) -> None:
    """`[Protocol](protocol.md), "Times"`."""
    path = ROOT / name
    named = re.findall(r"\]\(([\w\-/.]+\.md)\), \"([^\"]+)\"", read(path))
    missing = [pair for pair in named if pair[1] not in headings(path.parent / pair[0])]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_no_place_of_one_machine_is_named(name: str) -> None:
    assert MACHINE.findall(read(ROOT / name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_told_to_install_the_other_program(name: str) -> None:
    assert WRONG_NAME.findall(read(ROOT / name)) == []


def test_the_readme_leads_to_every_document() -> None:
    linked = LINK.findall(read(ROOT / "README.md"))
    ours = [f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")]
    assert [name for name in ours if name not in linked] == []
