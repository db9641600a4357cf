"""What docs/owners.md shows, done: its files are read, its event is tried, its words are printed.
Trying an event on the command line is tested here as well.
"""

import asyncio
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lighttrace import config as configuration
from lighttrace.cli import cli
from lighttrace.event.patterns import matcher, words
from lighttrace.store import teams
from lighttrace.store.store import Store

TEXT = (Path(__file__).parents[1] / "docs" / "owners.md").read_text("utf-8")
TOML, ALL_PROJECTS, HIGH_VALUE = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
(EVENT,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
(SAID,) = re.findall(r"```\n\$ lighttrace check [^\n]*\n(.*?)```", TEXT, re.DOTALL)
MATCHERS = [
    it
    for row in re.findall(r"^\| `[^|]+\|[^|]+\|(.*)\|$", TEXT, re.MULTILINE)
    for it in re.findall(r"`([^`]+)`", row)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "event.json").write_text(EVENT, "utf-8")
    (tmp_path / configuration.FILE).write_text(TOML, "utf-8")
    return tmp_path


def check(folder: Path, *more: str, text: str | None = None) -> Result:
    if text is not None:
        (folder / configuration.FILE).write_text(text, "utf-8")
    arguments = ["check", "--config", str(folder / configuration.FILE), *more]
    return CliRunner().invoke(cli, arguments)


def try_it(folder: Path, *more: str, text: str | None = None) -> Result:
    return check(folder, "--owners", str(folder / "event.json"), *more, text=text)


def test_the_example_says_what_the_document_says(folder: Path):
    assert try_it(folder, "--project", "shop-web").output == SAID
    assert try_it(folder).output == SAID  # the file names one project


def test_every_file_of_the_document_can_be_read(folder: Path):
    for text in (TOML, ALL_PROJECTS, HIGH_VALUE):
        result = check(folder, text=text)
        assert result.exit_code == 0, result.output


def test_every_matcher_of_the_document_is_one():
    assert len(MATCHERS) >= 10
    for it in MATCHERS:
        matcher(words(it)[0])


def test_high_value_is_said_too(folder: Path):
    assert "It matters most: by tags.component:checkout" in try_it(folder, text=HIGH_VALUE).output


def test_the_tag_alone_is_said_to_be_the_reason(folder: Path):
    (folder / "event.json").write_text('{"message": "x", "tags": {"team": "billing"}}')
    assert try_it(folder, text="").output == "#billing: by its tag team:billing\n"
    (folder / "event.json").write_text('{"message": "x"}')
    assert try_it(folder, text="").output == "Nobody: no rule matches.\n"


def test_with_several_projects_it_has_to_be_said_whose_rules(folder: Path):
    text = TOML + '[[project]]\nslug = "till"\n'
    result = try_it(folder, text=text)
    assert result.exit_code == 2
    assert "--project, one of shop-web, till" in result.output
    assert try_it(folder, "--project", "till", text=text).output == "Nobody: no rule matches.\n"


def test_what_is_no_event_is_told(folder: Path):
    (folder / "event.json").write_text("[]")
    result = try_it(folder)
    assert result.exit_code == 1
    assert "An event must be a JSON object, not a list." in result.output


def test_with_a_database_owners_who_do_not_exist_are_passed_over(folder: Path, clock):
    asyncio.run(Store.open(folder / configuration.DATABASE, clock=clock).close())
    said = try_it(folder).output
    assert said.startswith("Nobody: none of these owners exists.\n")
    with Store.connect(folder / configuration.DATABASE) as tx:
        teams.add(tx, "Storefront", clock.now_ms())
    said = try_it(folder).output
    assert said.startswith("#storefront: by path:*, line 4")
    assert "line 8; there is no such owner" in said


def test_check_notes_who_does_not_exist(folder: Path, clock):
    assert "there is no team" not in check(folder).output  # nothing can be told without a database
    asyncio.run(Store.open(folder / configuration.DATABASE, clock=clock).close())
    with Store.connect(folder / configuration.DATABASE) as tx:
        teams.add(tx, "Biling", clock.now_ms())
    result = check(folder)
    assert result.exit_code == 0
    assert (
        'note: [[project]] "shop-web", line 8: there is no team #billing. Did you mean "#biling"?'
        in result.output.splitlines()
    )
