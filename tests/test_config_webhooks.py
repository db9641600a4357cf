"""What the file says of webhooks, and what it says when that is wrong."""

from pathlib import Path

import pytest

from lighttrace import config as configuration
from lighttrace.config import Config
from lighttrace.errors import ConfigError

CHAT = '[[alerts.webhook]]\nname = "chat"\nkind = "slack"\nurl = "https://hooks.example/s3cr3t"\n'


def load(folder: Path, text: str, **env: str) -> Config:
    file = folder / "lighttrace.toml"
    file.write_text(text, "utf-8")
    return configuration.load(file, env=env)


def told(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    problems = caught.value.problems
    return "\n".join(f"{it.line} {it.path}: {it.message} {it.example}" for it in problems)


def a_webhook(**settings: str | bool) -> str:
    lines = "".join(
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n"
        for key, value in ({"name": "chat"} | settings).items()
    )
    return f"[[alerts.webhook]]\n{lines}"


def test_a_webhook_and_somebody_who_is_told_by_it(tmp_path: Path) -> None:
    config = load(tmp_path, f'[alerts]\nto = ["a@example.com", "webhook:chat"]\n{CHAT}')
    hook = config.alerts.webhook("chat")
    assert hook is not None
    assert (hook.kind, hook.target, hook.allow_private) == ("slack", "webhook:chat", False)
    assert config.alerts.mailed == ("a@example.com",)
    assert not any("webhook" in one for one in config.warnings)


def test_address_and_secret_come_from_files_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hooks.example/s3cr3t\n")
    text = a_webhook(kind="generic", url_file="url", secret="${KEY}")
    hook = load(tmp_path, text, KEY="battery").alerts.webhooks[0]
    assert (hook.url, hook.secret) == ("https://hooks.example/s3cr3t", "battery")


def test_what_a_file_holds_is_checked_as_well(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("not an address\n")
    said = told(tmp_path, a_webhook(kind="slack", url_file="url"))
    assert said.startswith('4 alerts.webhook "chat".url_file: expected the address that takes')
    assert "not an address" not in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "slak", "url": "https://a.example/"}, '"matrix", got "slak"'),
        ({"kind": "slack"}, "url is missing"),
        ({"kind": "slack", "url": "http://a.example/"}, "not encrypted"),
        ({"kind": "slack", "url": "https://a.example:25/"}, "port 25 is none of the web"),
        ({"kind": "slack", "url": "https://u:p@a.example/"}, "a name and a password"),
        ({"kind": "slack", "url": "https://a.example/", "secret": "x"}, "slack has no use for it"),
        ({"kind": "slack", "url": "https://a.example/", "chat": "x"}, "slack has no use for it"),
        ({"kind": "generic", "url": "https://a.example/"}, "secret is missing: the key that"),
        ({"kind": "generic", "url": "https://a.example/", "secret": "a b"}, "without a space"),
        ({"kind": "telegram", "url": "https://a.example/", "secret": "1:x"}, "chat is missing"),
        ({"kind": "telegram", "url": "https://a.example/bot1:x", "secret": "1:x"}, "not the token"),
        ({"kind": "matrix", "url": "https://a.example/", "chat": "!r:x"}, "secret is missing"),
        ({"kind": "ntfy", "url": "https://ntfy.sh/"}, "has to end with the topic"),
        ({"kind": "slack", "url": "https://a.example/", "name": "Chat Room"}, "small letters"),
        ({"kind": "slack", "url": "https://a.example/", "colour": "red"}, "no such setting"),
    ],
)
def test_a_mistake_is_said_with_its_remedy(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    assert words in told(tmp_path, a_webhook(**settings))


def test_the_address_is_not_repeated_in_a_mistake(tmp_path: Path) -> None:
    for url in ("htps://a.example/s3cr3t", "http://a.example/s3cr3t", "https://a.example/s3cr3t#x"):
        assert "s3cr3t" not in told(tmp_path, a_webhook(kind="slack", url=url))


def test_http_and_any_port_are_for_the_own_network(tmp_path: Path) -> None:
    text = a_webhook(kind="ntfy", url="http://ntfy.lan:81/topic", allow_private=True)
    assert load(tmp_path, text).alerts.webhooks[0].allow_private


def test_who_is_told_has_to_exist(tmp_path: Path) -> None:
    said = told(tmp_path, f'[alerts]\nto = ["webhook:chta"]\n{CHAT}')
    assert "2 alerts.to: there is no [[alerts.webhook]] of that name: webhook:chta." in said
    assert "There is: webhook:chat." in said


def test_two_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    assert '2 of them are called "chat"' in told(tmp_path, CHAT + CHAT)


def test_one_that_nobody_names_is_noted(tmp_path: Path) -> None:
    assert any('"chat" is in no `to`' in one for one in load(tmp_path, CHAT).warnings)
