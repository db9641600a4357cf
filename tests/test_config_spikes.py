"""How sensitive the search for spikes is: for all projects, for one, and what is no such thing."""

from pathlib import Path

import pytest

from lighttrace import config as configuration
from lighttrace.config import Config
from lighttrace.errors import ConfigError


def load(folder: Path, text: str) -> Config:
    file = folder / configuration.FILE
    file.write_text(text, "utf-8")
    return configuration.load(file, env={})


def test_a_project_says_it_for_itself(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[alerts]\nspikes = "high"\n[[project]]\nslug = "till"\n'
        '[[project]]\nslug = "jobs"\nspikes = "off"\n',
    )
    assert [config.spikes(slug) for slug in ("till", "jobs", "other")] == ["high", "off", "high"]


def test_nothing_has_to_be_said(tmp_path: Path) -> None:
    assert load(tmp_path, "").spikes("shop") == "default"


@pytest.mark.parametrize("table", ["[alerts]", '[[project]]\nslug = "shop"'])
def test_what_there_is_to_choose_from_is_said(tmp_path: Path, table: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f'{table}\nspikes = "medium"\n')
    (problem,) = caught.value.problems
    assert all(one in str(problem) for one in ("off", "low", "default", "high", "medium"))
