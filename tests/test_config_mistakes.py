"""What people get wrong in `[[alerts.rule]]`: each mistake is told with its file and line, what is
wrong and what to write instead.
"""

import re
from pathlib import Path

import pytest

from lighttrace import config
from lighttrace.alerts.unknown import misspelt_keys
from lighttrace.errors import ConfigError, Problem

HEAD = '[alerts]\nto = ["ops@example.com"]\n\n'
CHAT = '[[alerts.webhook]]\nname = "chat"\nkind = "slack"\nurl = "https://chat.example/x"\n'
NIGHT = '[alerts.quiet_hours]\nfrom = "22:00"\nto = "07:00"\n'


def rule(*lines: str) -> str:
    """A rule in line 4, its own lines from line 7 on."""
    said = {line.partition(" ")[0] for line in lines}
    basic = [it for it in ('name = "a"', 'when = "new"') if it.partition(" ")[0] not in said]
    return "\n".join(("[[alerts.rule]]", *basic, *lines)) + "\n"


def load(tmp_path: Path, text: str) -> config.Config:
    (file := tmp_path / "lighttrace.toml").write_text(HEAD + text, "utf-8")
    return config.load(file, env={})


def problem(tmp_path: Path, text: str) -> Problem:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert raised.value.source.endswith("lighttrace.toml")
    assert len({it.line for it in raised.value.problems}) <= 2, "a mistake is told once"
    return raised.value.problems[-1]


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        # a key that is none
        ('wher = "level:error"', 'Did you mean "where"?'),
        ('trigger = "new"', 'Did you mean "when"?'),
        ('frequency = "1h"', 'Did you mean "every"?'),
        ('email = "ops@example.com"', 'Did you mean "to"?'),
        ('environment = "production"', 'where = "environment:production"'),
        ("count = 50", 'where = "count:50"'),
        # a moment that is none
        ('when = "spikes"', 'Did you mean "spike"?'),
        ('when = "new issue"', 'Did you mean "new"?'),
        ('when = "regressed"', 'Did you mean "regression"?'),
        ('when = "unarchived"', 'Did you mean "escalating"?'),
        ('when = "every event"', 'Did you mean "every"?'),
        ('when = "volume"', 'Did you mean "50 events in 5m"?'),
        ('when = "20 errors per 10m"', 'Did you mean "20 events in 10m"?'),
        ('when = "> 20 events in 10m"', 'Did you mean "20 events in 10m"?'),
        ('when = "1,000 users in 1h"', 'Did you mean "1000 users in 1h"?'),
        ('when = "new, 5 users"', 'Did you mean ["new", "5 users"]?'),
        ('when = "new or regressed"', 'Did you mean ["new", "regression"]?'),
        ('when = "50 events"', 'Say "50 events in 5m"'),
        ('when = "50 events in 25h"', "from 1m to 24h"),
        ('when = "50 events in 30s"', "say 5m, 1h or 1d"),
        ('when = "crash_free < 99 %"', "is not there yet"),
        ("when = 5", "expected a moment"),
        # nobody
        ('to = "billing"', 'a team is "team:billing", a webhook "webhook:billing"'),
        ('to = "#billing"', 'a team is "team:billing"'),
        ('to = "team:Billing Crew"', 'written small: "team:billing-crew"'),
        ('to = "everybody"', '"everyone" would be somebody'),
        ('to = "mailto:ops@example.com"', 'an address stands alone: "ops@example.com"'),
        ('to = "a@x.com, b@x.com"', 'several are a list: ["a@x.com", "b@x.com"]'),
        ('to = "https://chat.example/x"', "make an [[alerts.webhook]] of it"),
        ('to = "webhook:chatt"', "There is: none"),
        ('to = ""', "there is owner, everyone, team:billing"),
        # a search of another language
        ('where = "level=error"', "is written level:error"),
        ('where = "!level>=error"', "is written !level:>=error"),
        ('where = "environment!=staging"', "is written !environment:staging"),
        ('where = "-environment:staging"', "is written !environment:staging"),
        ('where = "environment != staging"', "are one word, such as level:>=error"),
        ('where = "level:error or level:fatal"', "between alternatives stands OR"),
        ('where = "level:error && is:new"', "terms side by side all have to hold"),
        ('where = "NOT level:error"', "turned round by ! before it"),
        ('where = "(level:error OR level:fatal"', "no other half"),
        ('where = "message:a)"', "no other half"),
        ('where = "level:critical"', "Did you mean level:fatal?"),
        ('where = "level:eror"', "Did you mean level:error?"),
        ('where = "environment:"', "such as environment:production"),
        ("where = 'message:\"timed out'", 'A value that begins with " ends with one'),
        ('where = "age:old"', "such as -24h, +7d or 2026-11-24"),
        ('where = "count:many"', "such as 10 or 2k."),
        ('where = "is:mine"', "a rule is nobody"),
        ("where = 'time:\"Mon-Fri 09:00-18:00\"'", "names no zone, such as"),
        ("where = 'time:\"Mon Europe/Berln\"'", "Did you mean Europe/Berlin?"),
        # how often, and where
        ('every = "half an hour"', "say 5m, 1h or 1d"),
        ('every = "8d"', "from 1m to 7d"),
        ("every = 30", "expected a time such as 30m, 1h or 1d"),
        ('project = "Shop Web"', 'such as "shop-web"'),
        ('project = "shop-*"', 'where = "project:shop-*"'),
    ],
)
def test_a_mistake_says_where_it_is_and_what_to_write_instead(
    tmp_path: Path, line: str, instead: str
) -> None:
    text = rule(line)
    key = line.partition(" ")[0]
    found = problem(tmp_path, text)
    assert instead in found.message
    assert found.path == f'alerts.rule "a".{key}'
    assert (HEAD + text).splitlines()[(found.line or 0) - 1] == line
    assert ".." not in found.message


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (rule().replace("alerts", "alert"), 4, 'Did you mean "alerts"?'),
        (rule().replace("rule", "rules"), 4, 'Did you mean "rule"?'),
        (rule().replace("[[", "[").replace("]]", "]"), 4, "[[alerts.rule]]"),
        (
            rule('name = "a"') + rule('name = "b"') + rule('name = "a"'),
            12,
            '2 rules are called "a"',
        ),
        (CHAT + rule() + rule('name = "b"', 'to = "webhook:chatt"'), 14, "There is: webhook:chat."),
        (rule('when = "every"', 'every = "4m"'), 7, 'every = "30m"'),
        (rule('when = ["quota", "new"]', 'where = "level:error"'), 7, "Make a rule of its own"),
        (NIGHT + 'zone = "Europe/Berln"\n', 7, 'did you mean "Europe/Berlin"?'),
        (
            rule('to = "webhook:chat"') + CHAT.replace("slack", "slak"),
            10,
            'did you mean "slack"?',
        ),
        (NIGHT, 4, 'zone = "Europe/Berlin"'),
        (rule('where = "message:"timed out""'), 7, "'text with \"quotes\" in it'"),
        (rule("where = level:error"), 7, 'name = "text"'),
        (rule() + 'when = "new"\n', 7, "each name once"),
    ],
)
def test_what_is_wrong_with_several_lines_is_told_at_the_last_of_them(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    found = problem(tmp_path, text)
    assert found.line == line
    assert says in f"{found.message} {found.example}"


@pytest.mark.parametrize(
    "where",
    [
        '"level=error or not"',
        '"(a" message:"b)"',
        "message:foo(bar) a=b retry-after x>y",
        "C:\\app -v -1 culprit:total(cart) !url:*/a-b*",
        "(level:error OR level:fatal) AND !environment:staging",
    ],
)
def test_what_was_meant_as_text_is_left_alone(tmp_path: Path, where: str) -> None:
    assert load(tmp_path, rule(f"where = '{where}'")).alerts.rules


def test_a_key_that_is_nearly_one_is_noted_as_long_as_no_tags_are_known(tmp_path: Path) -> None:
    found = misspelt_keys(load(tmp_path, rule('where = "enviroment:x region:y relese:1 user:1"')))
    assert found == [
        f'[[alerts.rule]] "a" in line 4: {key}: is a tag of that name. Did you mean {meant}:?'
        for key, meant in (("enviroment", "environment"), ("relese", "release"))
    ]


def test_the_files_of_the_docs_are_right_and_say_nothing_senseless(tmp_path: Path) -> None:
    docs = Path(__file__).parent.parent.joinpath("docs", "alerts.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", docs, re.DOTALL)
    hooks = "".join(CHAT.replace("chat", name) for name in ("chat", "phone"))
    for block in blocks:
        text = block if block.startswith("[alerts]") else HEAD + block
        (file := tmp_path / "lighttrace.toml").write_text(text + hooks, "utf-8")
        found = config.load(file, env={"SLACK_WEBHOOK": "https://chat.example/y"})
        assert not [it for it in found.warnings if "rule" in it]
        assert misspelt_keys(found) == []
    assert any("[[alerts.rule]]" in block for block in blocks)
