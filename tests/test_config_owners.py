"""Ownership and high-value rules in the file: where they stand, and what a wrong one is told."""

from pathlib import Path

import pytest

from lighttrace import config as configuration
from lighttrace.config import Config
from lighttrace.errors import ConfigError, Problem

RULES = '''[owners]
auto_assign = true
rules = """
# everything is somebody's
level:* #storefront
"""

[[project]]
slug = "shop"
owners = [
  "path:src/catalog/* #catalog",

  'url:"*/my account/*" mira@shop.example',
]
high_value = ["tags.component:checkout", "transaction:POST /api/pay*"]

[[project]]
slug = "till"
'''


def load(folder: Path, text: str) -> Config:
    file = folder / configuration.FILE
    file.write_text(text, "utf-8")
    return configuration.load(file, env={})


def mistakes(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return caught.value.problems


def test_rules_for_all_projects_come_before_those_of_a_project(tmp_path: Path):
    config = load(tmp_path, RULES)
    shop = config.rulebook("shop")
    assert [(rule.words, rule.owners, rule.line) for rule in shop.rules] == [
        ("level:*", ("#storefront",), 5),
        ("path:src/catalog/*", ("#catalog",), 11),
        ('url:"*/my account/*"', ("mira@shop.example",), 13),
    ]
    assert [rule.words for rule in shop.high_value] == [
        "tags.component:checkout",
        'transaction:"POST /api/pay*"',
    ]
    assert [rule.line for rule in config.rulebook("till").rules] == [5]
    assert config.rulebook("not in the file") == config.rulebook("till")
    assert shop.auto_assign


def test_without_rules_nothing_is_assigned(tmp_path: Path):
    book = load(tmp_path, "").rulebook("shop")
    assert (book.rules, book.high_value, book.auto_assign) == ((), (), False)


WRONG = [
    # the file, and what is said: path, line, words
    ('[owners]\nrules = """\nlevel:* #a\npth:x #a\n"""', "owners.rules", 4, 'mean "path:"'),
    ('[owners]\nrules = """level:* #a\npth:x #a"""', "owners.rules", 3, 'mean "path:"'),
    ("[owners]\nrules = '''\npath:x a'''", "owners.rules", 3, 'mean "#a"'),
    ('[owners]\nrules = [\n"level:* #a",\n"level:*"]', "owners.rules", 4, "no owner is named"),
    ('[owners]\nrules = ["path:\\u0078"]', "owners.rules", 2, "no owner is named"),
    ("[owners]\nrules = 5", "owners.rules", 2, "rules, one a line"),
    ("[owners]\nrules = [5]", "owners.rules", 2, "rules, one a line"),
    ('[owners]\nauto_assign = "yes"', "owners.auto_assign", 2, "true or false"),
    (
        '[[project]]\nslug = "shop"\nowners = """\n\n#a\nurl:"x #a\n"""',
        'project "shop".owners',
        6,
        "not closed",
    ),
    (
        '[[project]]\nslug = "shop"\nhigh_value = ["level:fatal", "path:x #a"]',
        'project "shop".high_value',
        3,
        "has none",
    ),
]


@pytest.mark.parametrize(("text", "path", "line", "words"), WRONG)
def test_a_wrong_rule_is_told_with_its_own_line(
    tmp_path: Path, text: str, path: str, line: int, words: str
):
    (problem,) = mistakes(tmp_path, text)
    assert (problem.path, problem.line) == (path, line)
    assert words in problem.message


def test_all_wrong_rules_are_told_at_once(tmp_path: Path):
    text = '[owners]\nrules = """\nlevel:*\nlevel:* #a\nfoo:* #a\n"""'
    assert [problem.line for problem in mistakes(tmp_path, text)] == [3, 5]
