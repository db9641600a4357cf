"""The file `init` writes: complete, true, and taken as it stands or with every line in force."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lighttrace import config as configuration
from lighttrace import example
from lighttrace.config import Config
from lighttrace.toml.comments import comments
from lighttrace.toml.setting import Setting, Table, settings
from lighttrace.toml.spelling import as_toml

FILE = Path(__file__).parents[1] / configuration.FILE
ENV = {
    "SMTP_PASSWORD": "correct horse",
    "OIDC_SECRET": "battery staple",
    "TELEGRAM_TOKEN": "12:ab",
    "SOURCE_TOKEN": "glpat-1",
}


def every(cls: type[Table] = Config, path: str = "") -> Iterator[tuple[str, Setting, str]]:
    """The path of each setting, the setting, and what is said of it."""
    words = comments(cls)
    for one in settings(cls):
        if one.table is None:
            yield path + one.key, one, " ".join(words[one.attribute].split())
        else:
            yield from every(one.table, f"{path}{one.key}.")


EVERY = list(every())
PATHS = [path for path, _, _ in EVERY]


def in_force(text: str) -> str:
    """Every setting and heading without its mark; comments have a space behind theirs."""
    return re.sub(r"^#(?=[a-z\['])", "", text, flags=re.M)


def test_the_file_in_the_repository_is_the_one_that_init_writes():
    assert FILE.with_name(f"{FILE.name}.example").read_text("utf-8") == example.text()


def test_as_it_stands_it_changes_nothing(tmp_path: Path):
    file = tmp_path / configuration.FILE
    file.write_text(example.text(), "utf-8")
    loaded = configuration.load(file, env={})
    store = msgspec.structs.replace(Config().store, path=tmp_path / configuration.DATABASE)
    assert loaded == msgspec.structs.replace(Config(), store=store, source=file)


def test_with_every_line_in_force_it_loads(tmp_path: Path):
    file = tmp_path / configuration.FILE
    file.write_text(in_force(example.text()), "utf-8")
    loaded = configuration.load(file, env=ENV)
    assert loaded.smtp is not None
    assert loaded.smtp.password == ENV["SMTP_PASSWORD"]
    assert [project.slug for project in loaded.projects] == ["shop-web"]
    assert loaded.projects[0].scrub.safe_keys == ("token_count",)
    assert loaded.warnings == ()


def test_every_setting_is_there_once_in_its_table():
    table, found = "", []
    for line in in_force(example.text()).splitlines():
        if heading := re.fullmatch(r"\[+(.*?)\]+", line):
            table = heading[1]
        elif key := re.match(r"([a-z_]+) = ", line):
            found.append(f"{table}.{key[1]}")
    assert found == PATHS


def test_a_secret_tells_of_the_file_it_may_come_from():
    secrets = [one.key for _, one, _ in EVERY if one.note.secret]
    assert secrets
    assert all(f"{key}_file" in example.text() for key in secrets)


@pytest.mark.parametrize(("path", "setting", "comment"), EVERY, ids=PATHS)
def test_a_setting_says_what_it_is_for_and_what_was_expected(
    path: str, setting: Setting, comment: str
):
    expected = setting.expected
    assert comment and comment[0] in '"' + comment[0].upper() and comment.endswith(".")
    assert expected and expected[0] in '"' + expected[0].lower() and not expected.endswith(".")
    assert setting.shown not in (None, "", ())


@pytest.mark.parametrize(("path", "setting", "comment"), EVERY, ids=PATHS)
def test_the_value_shown_is_the_default_where_there_is_one(
    path: str, setting: Setting, comment: str
):
    if setting.is_needed or setting.default in (None, "", ()):
        what = "It must be given" if setting.is_needed else "It is not set"
        shown = setting.line.replace("\n", "\n#")
        assert f"# {what}. An example:\n#{shown}\n" in example.text()
        return
    assert f"An example:\n#{setting.line}\n" not in example.text()
    if setting.note.example is not None:
        assert setting.read is not None
        assert setting.read(setting.note.example) == setting.default


def test_no_line_is_wider_than_a_narrow_terminal():
    assert max(map(len, example.text().splitlines())) <= 100


# a table of the document: the `[table]` it is about, what is said of it, its rows
TABLE = re.compile(
    r"`\[+([\w.]+)\]+`[^\n]*\n(?:(?!\|)[^\n]*\n)*?\|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)"
)


def documented() -> dict[str, str]:
    """path → the default, as docs/configuration.md has them."""
    found = {}
    document = FILE.with_name("docs") / "configuration.md"
    for table, rows in TABLE.findall(document.read_text("utf-8")):
        for row in rows.splitlines():
            _, keys, default, *_ = (cell.strip() for cell in row.split("|"))
            found |= {f"{table}.{key}": default for key in re.findall(r"`([\w.]+)`", keys)}
    return found


def test_the_document_has_every_setting_and_no_other():
    assert documented().keys() == set(PATHS)


@pytest.mark.parametrize(("path", "setting", "comment"), EVERY, ids=PATHS)
def test_the_document_has_the_defaults(path: str, setting: Setting, comment: str):
    default = documented()[path]
    if setting.is_needed:
        assert default == "must be given"
    elif default.startswith("`"):
        shown = setting.shown if setting.default else setting.default
        assert default == f"`{as_toml(shown)}`"
    else:
        assert setting.default in (None, "", ())
