"""`lighttrace check --webhook`: one message, and how it went."""

from pathlib import Path

from click.testing import CliRunner, Result

from lighttrace.cli import cli
from tests.alerts.hooks import hooked
from tests.store.shelf import a_shelf


def check(folder: Path, url: str, name: str, allow_private: bool = True) -> Result:
    file = folder / "lighttrace.toml"
    file.write_text(
        '[server]\nurl = "https://errors.example.com"\n[alerts]\nto = ["webhook:chat"]\n'
        f'[[alerts.webhook]]\nname = "chat"\nkind = "slack"\nurl = "{url}"\n'
        f"allow_private = {str(allow_private).lower()}\n"
    )
    return CliRunner().invoke(cli, ["check", "--config", str(file), "--webhook", name])


def test_one_message_goes_there_and_the_answer_is_repeated(tmp_path: Path) -> None:
    with hooked("slack") as server:
        done = check(tmp_path, f"{server.base}/services/s3cr3t", "chat")
    assert done.exit_code == 0, done.output
    assert f"Sent to 127.0.0.1:{server.port}/serv…. It said: ok" in done.output
    (it,) = server.arrived
    assert "LightTrace can send messages here" in it.body.decode()
    assert "https://errors.example.com" in it.body.decode()
    assert "s3cr3t" not in done.output


def test_a_refusal_is_said_in_words_and_the_exit_code_is_one(tmp_path: Path) -> None:
    with hooked() as server:
        server.answer = (404, {}, b"no_service")
        done = check(tmp_path, f"{server.base}/services/s3cr3t", "webhook:chat")
    assert done.exit_code == 1
    assert "answered 404: there is no such webhook" in done.output
    assert "It said: no_service" in done.output
    assert "s3cr3t" not in done.output


def test_a_private_address_is_refused_and_the_setting_named(tmp_path: Path) -> None:
    done = check(tmp_path, "https://127.0.0.1/services/s3cr3t", "chat", allow_private=False)
    assert done.exit_code == 1
    assert 'no public address. If it is meant, set allow_private = true for "chat"' in done.output


def test_a_name_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    done = check(tmp_path, "https://hooks.example/x", "caht")
    assert done.exit_code == 1
    assert 'no [[alerts.webhook]] with the name "caht". There is: chat.' in done.output


def test_what_rules_name_and_nobody_knows_is_noted(tmp_path: Path) -> None:
    with a_shelf(tmp_path):
        pass
    (file := tmp_path / "lighttrace.toml").write_text(
        '[[alerts.rule]]\nname = "a"\nwhen = "new"\nproject = "shap"\nto = "team:billing"\n'
    )
    done = CliRunner().invoke(cli, ["check", "--config", str(file)])
    assert 'note: [[alerts.rule]] "a" in line 1: there is no team billing.' in done.output
    assert "there is no project shap. Did you mean shop?" in done.output
