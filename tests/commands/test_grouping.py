"""`lighttrace grouping try`: what it prints, and that nothing changes by it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lighttrace.cli import cli
from tests.web.sending import add_projects, an_error, issues, send
from tests.web.served import served


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A shop with three issues of six events."""
    with served(tmp_path) as site:
        add_projects(site, "shop")
        send(site, *(an_error(kind) for kind in ("DownA", "DownA", "DownB", "E", "E", "E")))
        assert len(issues(site)) == 3
    return tmp_path / "lighttrace.toml"


def run(file: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["grouping", "try", *words, "--config", str(file)])


def test_a_rule_is_tried_on_what_is_there(file: Path) -> None:
    said = run(file, "shop", "--fingerprint", "error.type:Down* -> down")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines() == [
        "Would change 2 issues: joins SHOP-1 and SHOP-2 in a new issue.",
        "     1  SHOP-2 -> new: DownB: unsupported operand",
        "     2  SHOP-1 -> new: DownB: unsupported operand",
        "     3  in 1 other issue, which stays as it is",
    ]
    stack = run(file, "shop", "--stack", "function:none -group")
    assert stack.output == (
        "Would change nothing: all 6 events stay where they are.\n"
        "     6  in 3 other issues, which stay as they are\n"
    )


def test_the_rules_of_the_file_count_as_they_are(file: Path) -> None:
    with file.open("a") as out:
        out.write('\n[grouping]\nfingerprints = "error.type:Down* -> down"\n')
    said = run(file, "shop", "--fingerprint", "error.type:DownB -> down")
    assert "Would change nothing" in said.output


def test_what_is_wrong_is_said(file: Path) -> None:
    wrong = run(file, "shop", "--stack", "functoin:run -group")
    assert wrong.exit_code == 2 and 'Did you mean "function"?' in wrong.output
    assert run(file, "shop").exit_code == 2
    assert run(file, "shop", "--stack", "a:b", "--fingerprint", "c:d").exit_code == 2
    nobody = run(file, "till", "--stack", "function:run -group")
    assert nobody.exit_code == 1 and "There is no project till" in nobody.output
