"""Lines of code that leave the house: without the passwords that somebody has written into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.scrub import ScrubRules
from lighttrace.event.secret_code import without_secrets

RULES = ScrubRules(extra_keys=("salary",), safe_keys=("token_name",))


def clean(line: str, rules: ScrubRules = RULES) -> str:
    (found,) = without_secrets([line], rules)
    return found


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        "self.api_key: str = 'hunter2'",
        "const token = `hunter2`;",
        '{"password": "hunter2", "user": "ada"}',
        'os.environ["SECRET_KEY"] = "hunter2"',
        'os.environ.get("SECRET_KEY", "hunter2")',
        "define('DB_PASSWORD', 'hunter2');",
        'String dbPassword = "hunter2";',
        "$password = 'hunter2';",
        ':password => "hunter2"',
        'apiKey := "hunter2"',
        'var password string = "hunter2"',
        'if (token !== "hunter2") {',
        'connect(host="db", password=b"hunter2")',
        'key = """hunter2',
        'password = "hunter2, and it goes on in the next line',
        r'password = "a\"hunter2"',
        'url = "postgres://ada:hunter2@db/x"',
        'headers = {"Authorization": "Bearer hunter2hunter2"}',
        "curl --password=hunter2",
        'salary = "hunter2"',
    ],
)
def test_a_text_given_to_the_name_of_a_secret_is_filtered(line: str) -> None:
    assert "hunter2" not in clean(line)
    assert "[Filtered]" in clean(line)
    assert clean(line, ScrubRules(enabled=False)) == line


@pytest.mark.parametrize(
    "line",
    [
        'track("order_placed", {id: order.orderId});',
        'monkey = "banana"',
        'token_name = "csrf"',
        'password = ""',
        "password = get_password(user)",
        "def login(user: str, password: str) -> None:",
        "  return a ? b : c",
        "",
    ],
)
def test_everything_else_stays_as_it_was_written(line: str) -> None:
    assert clean(line) == line


def test_the_inside_of_a_private_key_is_filtered_wherever_the_window_begins() -> None:
    inside = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    lines = ["-----BEGIN PRIVATE KEY-----", inside, f'  "{inside}\\n"', "x = 1"]
    assert list(without_secrets(lines, RULES)) == [
        "[Filtered]",
        "[Filtered]",
        "[Filtered]",
        "x = 1",
    ]


@given(st.lists(st.text(alphabet="\"'`\\=: ,[]{}apikeytoken\n", max_size=300), max_size=6))
def test_there_are_as_many_lines_as_before(lines: list[str]) -> None:
    assert len(list(without_secrets(lines, RULES))) == len(lines)
