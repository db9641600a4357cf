"""The one file an administrator writes: what it means, and what it says when it is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lighttrace import config as configuration
from lighttrace.cli import cli
from lighttrace.config import Config
from lighttrace.errors import ConfigError, Problem
from lighttrace.settings.mail import Smtp
from lighttrace.settings.project import ProjectOptions, ScrubOptions

SMTP = '[smtp]\nhost = "smtp.example.com"\n'
SHOP = '[[project]]\nslug = "shop"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / configuration.FILE


def load(file: Path, text: str, env: Mapping[str, str] = {}, **flags: Any) -> Config:
    file.write_text(text, "utf-8")
    return configuration.load(file, env=env, flags=flags)


def mistakes(file: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(file, text)
    assert caught.value.source == str(file)
    return caught.value.problems


# what is wrong, by its last line; its path; what was expected; an example
WRONG = [
    ('[server]\nurl = "errors.example.com"', "server.url", "with http:// or https://", "https://"),
    ('[server]\nurl = "ftp://x.example"', "server.url", "with http:// or https://", "https://"),
    ('[server]\nurl = "https://"', "server.url", "with http:// or https://", "https://"),
    ('[server]\nurl = "https://x:99999"', "server.url", "Port out of range", "https://"),
    ('[server]\nurl = "https://[::1"', "server.url", "Invalid IPv6 URL", "https://"),
    ('[server]\nurl = "https://a b/"', "server.url", "there is a space in it", "https://"),
    ('[server]\nurl = "https://x.example/?a=1"', "server.url", "end with the path", "https://"),
    ('[server]\nurl = "https://x.example/#"', "server.url", "end with the path", "https://"),
    ('[server]\nurl = "https://a:b@x.example"', "server.url", "end with the path", "https://"),
    ("[server]\nurl = 5", "server.url", "got 5", "https://"),
    ('[server]\nhost = ""', "server.host", "an address to listen on", "127.0.0.1"),
    ("[server]\nport = 70000", "server.port", "a port number up to 65535, got 70000", "8000"),
    ("[server]\nport = -1", "server.port", "a port number up to 65535, got -1", "8000"),
    ('[server]\nport = "8000"', "server.port", 'a port number up to 65535, got "8000"', "8000"),
    ("[server]\nport = true", "server.port", "a port number up to 65535, got true", "8000"),
    ('[server]\ntrusted_proxies = ["*"]', "server.trusted_proxies", "any client", "10.0.0.0/8"),
    ('[server]\ntrusted_proxies = ["nginx"]', "server.trusted_proxies", "'nginx'", "127.0.0.1"),
    ('[server]\ntrusted_proxies = "127.0.0.1"', "server.trusted_proxies", "a list", "127.0.0.1"),
    ('[store]\npath = ""', "store.path", "the path of the database file", "lighttrace.db"),
    ('[store]\npath = "a\\u0000b"', "store.path", "the path of the database file", ".db"),
    ('[store]\nsynchronous = "OFF"', "store.synchronous", '"FULL" or "NORMAL", got "OFF"', "FULL"),
    ("[store]\nretention_days = 0", "store.retention_days", "from 1 to 3650, got 0", "90"),
    ("[store]\nretention_days = 3651", "store.retention_days", "from 1 to 3650", "90"),
    ("[store]\nretention_days = 1.5", "store.retention_days", "from 1 to 3650, got 1.5", "90"),
    ('[store]\nmax_size = "ten GB"', "store.max_size", 'its unit, such as "10 GB"', "10 GB"),
    ('[store]\nmax_size = "10 QB"', "store.max_size", 'got "10 QB"', "10 GB"),
    ("[store]\nmax_size = 10", "store.max_size", "got 10", "10 GB"),
    ('[store]\nmax_size = "-1 GB"', "store.max_size", 'got "-1 GB"', "10 GB"),
    ('[store]\nmax_size = "49.9 MB"', "store.max_size", "at least 50 MB are needed", "10 GB"),
    ("[smtp]\nport = 25", "smtp", "host is missing.", 'host = "smtp.example.com"'),
    (f"{SMTP}port = 0", "smtp.port", "a port number from 1 to 65535, got 0", "587"),
    (f'{SMTP}from = "LightTrace"', "smtp.from", "that our mails come from", "@example.com"),
    (f'{SMTP}from = "a@b\\r\\nBcc: c@d"', "smtp.from", "that our mails come from", "@example.com"),
    (f'{SMTP}tls = "ssl"', "smtp.tls", '"starttls", "tls" or "none", got "ssl"', "starttls"),
    (f"{SMTP}timeout_s = 500", "smtp.timeout_s", "seconds, from 1 to 120", "20"),
    (f'{SMTP}password_file = "none"', "smtp.password_file", "No such file", ""),
    (f'{SMTP}password = "${{NONE}}"', "smtp.password", "has no variable NONE", "set NONE"),
    ('[alerts]\nto = "you@example.com"', "alerts.to", "a list of mail addresses", "you@"),
    ('[alerts]\nto = ["ops"]', "alerts.to", "'ops' is not one", "you@example.com"),
    ("[alerts]\nto = [5]", "alerts.to", "5 is not one", "you@example.com"),
    ('[[project]]\nslug = "Shop"', 'project "Shop".slug', "small letters", "shop-web"),
    ('[[project]]\nslug = "a/b"', 'project "a/b".slug', "small letters", "shop-web"),
    ('[[project]]\nslug = "-a"', 'project "-a".slug', "small letters", "shop-web"),
    ('[[project]]\nslug = "12"', 'project "12".slug', "digits alone", "shop-web"),
    (f'[[project]]\nslug = "{"a" * 51}"', f'project "{"a" * 51}".slug', "short", "shop-web"),
    (f'{SHOP}name = ""', 'project "shop".name', "a name of at most 100 letters", "Shop"),
    (f"{SHOP}platform = 3", 'project "shop".platform', "the name of a platform", "python"),
    (f'{SHOP}keep_addresses = "no"', 'project "shop".keep_addresses', "true or false", "true"),
    (f"{SHOP}scrub.enabled = 0", 'project "shop".scrub.enabled', "true or false", "true"),
    (f'{SHOP}scrub.keys = "iban"', 'project "shop".scrub.keys', "a list of names", "tax_id"),
    (f'{SHOP}[project.scrub]\nkey = ["x"]', 'project "shop".scrub.key', 'mean "keys"', ""),
    (f"{SHOP}{SHOP}", 'project "shop".slug', 'has the slug "shop" as well', ""),
    ("[server]\nprot = 80", "server.prot", 'mean "port"?', ""),
    ("[server]\nretention_days = 90", "server.retention_days", "It belongs to [store].", ""),
    ("[server]\nslug = 'x'", "server.slug", "It belongs to [[project]].", ""),
    ("port = 80", "port", "It belongs to [server] or [smtp].", ""),
    ("[sever]\nport = 80", "sever", 'Did you mean "server"?', ""),
]


@pytest.mark.parametrize(("text", "path", "expected", "example"), WRONG)
def test_a_mistake_is_named_with_its_place_what_was_expected_and_an_example(
    file: Path, text: str, path: str, expected: str, example: str
):
    (found,) = mistakes(file, f"# a remark\n\n{text}\n")
    assert found.path == path
    assert expected in found.message
    assert example in found.example
    last = 2 + len(text.strip().splitlines())
    assert found.line == (3 if found.path in ("smtp", "sever") else last)


@pytest.mark.parametrize(("text", "path", "expected", "example"), WRONG)
@pytest.mark.parametrize("command", ["serve", "check"])
def test_the_command_says_so_with_exit_code_2_and_starts_nothing(
    file: Path, command: str, text: str, path: str, expected: str, example: str
):
    file.write_text(text, "utf-8")
    done = CliRunner().invoke(cli, [command, "--config", str(file)])
    assert done.exit_code == 2
    assert done.stdout == ""
    said = done.stderr.splitlines()
    assert said[0].startswith(f"lighttrace: {file}, line ")
    assert f": {path}: " in said[0] and expected in said[0]
    if example:
        assert said[1].startswith("  For example: ") and example in said[1]
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_several_mistakes_are_told_at_once(file: Path):
    found = mistakes(
        file,
        f'[server]\nport = "x"\n[store]\nmax_size = 1\n{SMTP}password = "x"\ntls = "ssl"\n'
        f"[[project]]\nname = 5\n{SHOP}{SHOP}",
    )
    assert [(problem.line, problem.path) for problem in found] == [
        (2, "server.port"),
        (4, "store.max_size"),
        (5, "smtp.username"),
        (8, "smtp.tls"),
        (9, "project number 1"),
        (10, "project number 1.name"),
        (14, 'project "shop".slug'),
    ]


def test_a_slug_of_the_environment_that_is_there_twice_is_found(file: Path):
    with pytest.raises(ConfigError) as caught:
        load(file, '[[project]]\nslug = "${A}"\n[[project]]\nslug = "${B}"\n', {"A": "x", "B": "x"})
    (found,) = caught.value.problems
    assert found.message == 'another [[project]] has the slug "x" as well.'


def test_a_list_of_projects_that_are_none_is_only_a_mistake(file: Path):
    found = mistakes(file, 'project = [{slug = "a"}, {slug = "a"}, 5]\n')
    assert [problem.path for problem in found] == ["project number 3", 'project "a".slug']


def test_a_password_wants_a_login(file: Path):
    (found,) = mistakes(file, f'{SMTP}password = "x"\n')
    assert (found.path, found.example) == ("smtp.username", 'username = "lighttrace@example.com"')


def test_a_text_that_is_not_toml(file: Path):
    (found,) = mistakes(file, "[server]\nport 80\n")
    assert found.message.startswith("this is not TOML: ")
    assert found.line == 2
    file.write_bytes(b"[server]\nhost = '\xff'\n")
    with pytest.raises(ConfigError) as caught:
        configuration.load(file)
    assert caught.value.problems[0].message == "is not text in UTF-8."


@pytest.mark.parametrize("text", ["\ufeff[server]\nport = 9\n", "[server]\r\nport = 9\r\n"])
def test_what_editors_of_windows_add_does_not_matter(file: Path, text: str):
    file.write_bytes(text.encode())
    assert configuration.load(file).server.port == 9


def test_a_file_that_is_not_there_and_a_folder_in_its_place(file: Path):
    with pytest.raises(ConfigError) as caught:
        configuration.load(file)
    assert caught.value.problems[0] == Problem(
        "", "cannot be read: No such file or directory.", "lighttrace init"
    )
    file.mkdir()
    with pytest.raises(ConfigError) as caught:
        configuration.load(file)
    assert caught.value.problems[0].message == "cannot be read: Is a directory."


def test_without_a_file_the_defaults_hold():
    config = configuration.load(None)
    assert config == Config()
    assert config.store.path == Path("lighttrace.db")
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8000)


def test_a_wrong_rule_is_named_with_its_line_and_how_to_mend_it(file: Path):
    text = (
        f"{SHOP}fingerprints = '''\n# outages\nerror.type:Down -> down\n\n  error.typ:X -> y\n'''\n"
        'stack_rules = """function:run -grop\n"""\n'
        '[grouping]\nfingerprints = 5\nstack_rules = "function:run -group"\n'
    )
    typ, grop, five = mistakes(file, text)
    assert (typ.line, typ.path) == (7, 'project "shop".fingerprints')
    assert 'no matcher "error.typ". Did you mean "error.type"?' in typ.message
    assert (grop.line, grop.path) == (9, 'project "shop".stack_rules')
    assert 'no action "-grop". Did you mean "group"?' in grop.message
    assert (five.line, five.path) == (12, "grouping.fingerprints")
    assert "expected fingerprint rules, one a line, got 5" in five.message
    assert "error.type:DatabaseUnavailable -> system-down" in five.example


def test_two_hundred_rules_may_stand_in_one_place(file: Path):
    def rules(n: int) -> str:
        return f"{SHOP}stack_rules = '''\n" + "function:run -group\n" * n + "'''\n"

    assert len(load(file, rules(200)).projects[0].stack_rules) == 200
    (many,) = mistakes(file, rules(201))
    assert "200 rules are as many as there may be" in many.message and many.line == 204


def test_a_whole_file(file: Path):
    (file.parent / "password").write_text("hunter2\n")
    config = load(
        file,
        '[server]\nurl = "https://x.example/errors/"\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n'
        '[store]\nretention_days = 30\nmax_size = "2.5 GiB"\n'
        f'{SMTP}username = "me@x.example"\npassword_file = "password"\nport = "${{PORT}}"\n'
        '[alerts]\nto = ["a@x.example", "b@x.example", "a@x.example"]\n'
        f'{SHOP}name = "Shop"\nplatform = "go"\nkeep_addresses = false\n'
        '[project.scrub]\nkeys = ["tax_id"]\n',
        {"PORT": "2525"},
    )
    assert (config.server.url, config.prefix) == ("https://x.example/errors", "/errors")
    assert config.base_url == "https://x.example/errors"
    assert config.server.trusted_proxies == ("10.0.0.0/8", "::1")
    assert config.store.max_size_bytes == 5 * 2**29
    assert config.smtp == Smtp("smtp.example.com", 2525, "me@x.example", "hunter2")
    assert config.alerts.to == ("a@x.example", "b@x.example")
    scrub = ScrubOptions(keys=("tax_id",))
    assert config.projects == (ProjectOptions("shop", "Shop", "go", False, scrub=scrub),)
    assert config.source == file


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [
        ("10 GB", 10**10),
        ("10GB", 10**10),
        (" 1.5 tb ", 1_500_000_000_000),
        ("512 MiB", 2**29),
        ("1 GiB", 2**30),
        ("50000 kB", 50_000_000),
        ("50000000", 50_000_000),
        ("50000000 B", 50_000_000),
        ("0.1 TB", 10**11),
    ],
)
def test_sizes(file: Path, written: str, size_bytes: int):
    assert load(file, f'[store]\nmax_size = "{written}"\n').store.max_size_bytes == size_bytes


def test_a_size_beyond_all_disks_is_no_crash(file: Path):
    assert load(file, f'[store]\nmax_size = "{"9" * 400} TB"\n').store.max_size_bytes > 10**300


def test_paths_are_relative_to_the_file_and_flags_to_where_we_are(file: Path):
    text = '[store]\npath = "data/l.db"\n'
    assert load(file, text).store.path == file.parent / "data" / "l.db"
    assert load(file, text, data=Path("here")).store.path == Path("here/lighttrace.db")
    assert load(file, '[store]\npath = "/srv/l.db"\n').store.path == Path("/srv/l.db")
    assert load(file, "").store.path == file.parent / "lighttrace.db"


def test_a_path_may_begin_with_the_home(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/srv/ann")
    assert load(file, '[store]\npath = "~/l.db"\n').store.path == Path("/srv/ann/l.db")


def test_flags_beat_the_file_and_what_was_not_said_does_not(file: Path):
    text = '[server]\nhost = "::1"\nport = 9\n'
    said = load(file, text, host="0.0.0.0", port=0).server
    assert (said.host, said.port) == ("0.0.0.0", 0)
    unsaid = load(file, text, host=None, port=None).server
    assert (unsaid.host, unsaid.port) == ("::1", 9)


def test_the_named_file_comes_first_then_ours_then_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    system = tmp_path / "etc.toml"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(configuration, "SYSTEM_FILE", system)
    assert configuration.find(None) is None
    system.touch()
    assert configuration.find(None) == system
    Path(configuration.FILE).mkdir()  # what a container makes of a file that is not there
    assert configuration.find(None) == Path(configuration.FILE)
    data = tmp_path / "data"
    data.mkdir()
    assert configuration.find(None, data) == Path(configuration.FILE)
    (data / configuration.FILE).touch()
    assert configuration.find(None, data) == data / configuration.FILE
    assert configuration.find(Path("named.toml"), data) == Path("named.toml")
    done = CliRunner().invoke(cli, ["check"])
    assert done.exit_code == 2
    assert "lighttrace.toml: cannot be read: Is a directory." in done.stderr


@pytest.mark.parametrize(
    ("server", "base_url"),
    [
        ("", "http://127.0.0.1:8000"),
        ('host = "0.0.0.0"', "http://localhost:8000"),
        ('host = "::"', "http://localhost:8000"),
        ('host = "::1"\nport = 9', "http://[::1]:9"),
        ('url = "HTTPS://X.example:8443/"', "HTTPS://X.example:8443"),
    ],
)
def test_where_people_reach_us(file: Path, server: str, base_url: str):
    assert load(file, f"[server]\n{server}\n").base_url == base_url


def test_what_is_probably_not_meant_is_a_warning(file: Path):
    url = '[server]\nurl = "https://x.example"\n'
    to = '[alerts]\nto = ["a@x.example"]\n'
    (unset,) = load(file, "").warnings
    assert "url is not set: mails and DSNs name http://127.0.0.1:8000" in unset
    (silent,) = load(file, url + to).warnings
    assert "without [smtp] no mail can be sent" in silent
    (nobody,) = load(file, url + SMTP).warnings
    assert "[alerts] to names nobody" in nobody
    assert load(file, url + SMTP + to).warnings == ()


def test_a_reload_changes_what_can_change_live_and_names_what_waits(file: Path):
    old = load(file, '[server]\nport = 9\n[store]\npath = "a.db"\nretention_days = 1\n')
    new = load(
        file,
        '[server]\nport = 10\nurl = "https://x.example"\n'
        f'[store]\npath = "b.db"\nsynchronous = "NORMAL"\nretention_days = 2\n{SMTP}{SHOP}',
    )
    held, waits = configuration.reloaded(old, new)
    assert waits == ("server.url", "server.port", "store.path", "store.synchronous")
    assert held.server == old.server
    assert (held.store.path, held.store.synchronous) == (old.store.path, "FULL")
    assert held.store.retention_days == 2
    assert (held.smtp, held.projects) == (new.smtp, new.projects)


def test_what_the_command_line_said_does_not_wait_for_the_next_start(file: Path):
    old = load(file, "", data=Path("elsewhere"), port=1)
    held, waits = configuration.reloaded(old, configuration.load(file))
    assert waits == ()
    assert (held.store.path, held.server.port) == (Path("elsewhere/lighttrace.db"), 1)
    again, waits = configuration.reloaded(held, load(file, '[server]\nport = 2\nhost = "::1"\n'))
    assert waits == ("server.host",)
    assert again.server.port == 1


OIDC = '[sign_in.oidc]\nissuer = "https://id.example.com/"\nclient_id = "lt"\n'


def test_a_provider_needs_somebody_who_may_come_in(file: Path):
    (problem,) = mistakes(file, OIDC)
    assert problem.path == "sign_in.oidc" and "who may come in" in problem.message
    everybody = load(file, OIDC + 'allowed_domains = ["*"]').sign_in.oidc
    assert everybody is not None and everybody.allowed_domains == ("*",)
    one = load(file, OIDC + 'allowed_domains = ["Example.COM"]').sign_in.oidc
    assert one is not None and one.allowed_domains == ("example.com",)
    assert (one.issuer, one.role, one.name) == ("https://id.example.com", "member", "company login")
    grouped = load(file, OIDC + 'allowed_groups = ["developers"]').sign_in.oidc
    assert grouped is not None and grouped.allowed_groups == ("developers",)


def test_without_passwords_there_must_be_another_way_in(file: Path):
    off = "[sign_in]\npassword_login = false\n"
    (problem,) = mistakes(file, off)
    assert problem.path == "sign_in.password_login" and "nobody could sign in" in problem.message
    assert not load(file, off + OIDC + 'allowed_groups = ["x"]').sign_in.password_login


@pytest.mark.parametrize(
    "line",
    [
        'allowed_domains = ["@example.com"]',
        'allowed_domains = "example.com"',
        'scopes = ["profile"]',
        'role = "owner"',
    ],
)
def test_a_provider_is_not_told_nonsense(file: Path, line: str):
    assert any(line.split(" ")[0] in it.path for it in mistakes(file, OIDC + line))
