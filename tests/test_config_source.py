# ruff: noqa: E501  (a table: one case, one line)
"""What the file says of where a project's code is, and what it says when that is wrong."""

from pathlib import Path

import pytest

from lighttrace import config as configuration
from lighttrace.config import Config
from lighttrace.errors import ConfigError
from lighttrace.event.source_links import NO_RULES


def load(folder: Path, source: str, **env: str) -> Config:
    file = folder / "lighttrace.toml"
    file.write_text(f'[[project]]\nslug = "shop"\n[project.source]\n{source}', "utf-8")
    return configuration.load(file, env=env)


def told(folder: Path, source: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, source)
    problems = caught.value.problems
    return "\n".join(f"{it.line} {it.path}: {it.message} {it.example}" for it in problems)


def test_a_repository_at_a_host_that_everybody_knows(tmp_path: Path) -> None:
    config = load(tmp_path, 'repository = "https://github.com/acme/shop.git"\n')
    rules = config.source_rules("shop")
    assert rules.template == "https://github.com/acme/shop/blob/{commit}/{path}#L{line}"
    assert (rules.branch, rules.package) == ("main", "github.com/acme/shop")
    assert config.source_rules("another") == NO_RULES


def test_a_host_of_ones_own_its_rules_and_its_token(tmp_path: Path) -> None:
    text = """
host = "gitlab"
repository = "https://git.example.com/acme/shop"
branch = "trunk"
paths = ["/srv/app/ => ", "webpack/ => apps/web/"]
fetch = true
token = "${SOURCE_TOKEN}"
"""
    config = load(tmp_path, text, SOURCE_TOKEN="glpat-1")
    source = config.source_of("shop")
    assert source is not None
    assert (source.kind, source.token, source.fetch) == ("gitlab", "glpat-1", True)
    assert [it.text for it in source.rules.paths] == ["/srv/app/ =>", "webpack/ => apps/web/"]


def test_it_may_stand_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "lighttrace.toml"
    source = '{ url = "http://cgit.lan/shop/{path}?id={commit}", paths = ["a => b"] }'
    file.write_text(f'[[project]]\nslug = "shop"\nsource = {source}\n', "utf-8")
    rules = configuration.load(file, env={}).source_rules("shop")
    assert rules.template.startswith("http://cgit.lan/") and rules.paths[0].after == "b"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('branch = "main"\n', "it says neither repository nor url."),
        ('repository = "https://git.example.com/x"\n', "what runs at https://git.example.com/x is"),
        ('repository = "git@github.com:acme/shop"\n', "4 project "),
        ('host = "svn"\n', "github"),
        ('host = "gitlab"\nurl = "https://x.example/{path}"\n', "it needs the address of the rep"),
        ('url = "https://x.example/"\n', "{path} is missing"),
        ('url = "https://x.example/{path}"\nfetch = true\n', "where a file can be fetched is not"),
        ('repository = "https://github.com/a/b"\nbranch = "a b"\n', "the name of a branch"),
        ('repository = "https://github.com/a/b"\npaths = ["/srv/app/"]\n', "5 project \"shop\".source.paths: '/srv/app/': there is no =>"),
        ('repository = "http://github.com/a/b"\nfetch = true\n', "it is not encrypted"),
        ('repository = "https://github.com/a/b"\ntoken = "a b"\n', "without a space"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_to_write(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in told(tmp_path, text)


def test_a_token_is_never_repeated(tmp_path: Path) -> None:
    text = 'repository = "https://github.com/a/b"\ntoken = "s3 cr3t"\n'
    assert "s3" not in told(tmp_path, text)
