"""`[[alerts.rule]]` as the file has it: what is right, and how a mistake is told."""

from pathlib import Path

import pytest

from lighttrace import config
from lighttrace.errors import ConfigError
from lighttrace.event.query.read import parse
from lighttrace.event.triggers import Trigger

RULE = '[[alerts.rule]]\nname = "a"\nwhen = "new"\n'


def load(tmp_path: Path, text: str) -> config.Config:
    (file := tmp_path / "lighttrace.toml").write_text(text, "utf-8")
    return config.load(file, env={})


def test_a_rule_is_a_moment_a_search_and_who(tmp_path: Path) -> None:
    (rule,) = load(
        tmp_path,
        '[[alerts.rule]]\nname = "checkout"\nwhen = ["50 events in 5m", "new"]\n'
        'project = "shop"\nwhere = "environment:production"\nevery = "1h"\n'
        'to = ["team:billing", "ops@example.com"]\n',
    ).alerts.rules
    assert rule.when == (Trigger("events", 50, 5), Trigger("new"))
    assert (rule.project, rule.every) == (("shop",), 60)
    assert rule.asks == parse("environment:production")
    assert rule.to == ("team:billing", "ops@example.com")


@pytest.mark.parametrize(
    ("line", "path", "sentence"),
    [
        ('when = "spikes"', "when", 'Did you mean "spike"?'),
        ("when = []", "when", "it is empty"),
        ("when = 5", "when", "expected a moment"),
        ('where = "is:mine"', "where", "a rule is nobody"),
        ('where = "level:eror"', "where", "Did you mean level:error?"),
        ('to = "#billing"', "to", 'a team is "team:billing"'),
        ('to = "owners"', "to", '"owner" would be somebody'),
        ('to = "webhook:No Name"', "to", "is nobody"),
        ("to = []", "to", "nobody would be told"),
        ('every = "often"', "every", "say 5m, 1h or 1d"),
        ('project = "Shop Web"', "project", "is no slug"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_right_word(
    tmp_path: Path, line: str, path: str, sentence: str
) -> None:
    lines = [it for it in RULE.splitlines() if not it.startswith(f"{path} ")]
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, "\n".join((*lines, line)))
    (problem,) = raised.value.problems
    assert problem.path == f'alerts.rule "a".{path}'
    assert problem.line == len(lines) + 1
    assert sentence in problem.message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RULE.replace("new", "every") + 'every = "4m"', "would be a flood: at least 5m"),
        (RULE.replace("new", "quota") + 'where = "level:error"', "about a project as a whole"),
        (RULE + RULE, '2 rules are called "a"'),
        ("[[alerts.rule]]\n" * 1, "name is missing"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert any(sentence in it.message for it in raised.value.problems)


def test_a_rule_that_can_never_speak_is_a_warning(tmp_path: Path) -> None:
    text = RULE + "where = 'is:resolved'\n" + RULE.replace('"a"', '"b"') + "project = []\n"
    found = [it for it in load(tmp_path, text).warnings if "never" in it]
    assert found == [
        '[[alerts.rule]] "a" in line 1 can never speak: an issue that is new is never is:resolved.',
        '[[alerts.rule]] "b" in line 5 can never speak: it names no project.',
    ]
