"""Whatever is looked for is answered: found, or refused with a sentence, and never a failure."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lighttrace.event.query.keys import KEYS
from tests.web.api.asking import Script
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served

EXAMPLES = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
WORDS = (
    *("AND", "OR", "(", ")", "!", "!(", '"', "[", "]", ",", "*", "\\", ":", "::", "has:", "tags["),
    *("evil:x", "evil:*\\"),
    *("browser:Firefox", "browser:[a,b*]", "browser:>5", '"foo bar":x', "tags[a]]:b", "zzz:1", "x"),
    *("is:new", "is:mine", "is:nothing", "level:>=error", "release:latest", "release:~1"),
    "a" * 300,
    *("release:>x", "events:>99999999999999999999", "events:-1", "users:1k", "age:-99999w", "\0"),
    *("firstSeen:+0s", "firstSeen:9999-12-31", "lastSeen:<0001-01-01", "lastSeen:2026-02-30", "١"),
    *("firstSeen:>9999-12-31T23:59:59+00:00", "firstSeen:0001-01-01T00:00:00+14:00", "assigned:me"),
    *("assigned:#nobody", "team:*", "project:*", "environment:\"\"", "user:*", "user.ip:::1"),
    *("id:x", "issue:SHOP-1", "trace:" + "f" * 32, "f" * 32, "function:(", "file:*"),
    *("é", "日本語", "😀"),
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=6).map("".join),
    st.builds("{}:{}{}".format, st.sampled_from([*KEYS, "browser"]),
              st.sampled_from(["", ">", "<=", "[", '"']), st.text(max_size=20)),
).map(lambda text: quote(text, errors="surrogatepass"))  # fmt: skip
# what no browser sends, and what is long or deep
RAW = (
    *("%", "%ZZ", "%ED%A0%80", "%FF%FE", "%C0%80", "%00", "a%0D%0Ab", "&query=a&query=b"),
    *("%28" * 20_000, "%22" * 19_999, "a" * 60_000, "%21" * 1000, "(a" * 400, "((((((((((a"),
    *("a%20OR%20" * 110, "is:new%20" * 100, "browser:[" + "a," * 490, "%5C" * 999),
    "%F0%9F%98%80" * 999,
    "assigned:nobody&environment=nowhere",
)  # fmt: skip
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "cursor": st.one_of(
            st.text(max_size=40),
            st.sampled_from(
                ["0:0:0", "-1:0:1", "99999999999999999999:1:0", "1:99999999999999999999:0", "::",
                 "1:2:3:4", "e30", "bnVsbA", "WzEsMl0=", "-0", "9" * 400]
            ),
        ),
        "sort": st.sampled_from(["date", "freq", "events", "users", "impact", "\0", ""]),
        "period": st.sampled_from(["1h", "90d", "-1d", "1e9d", "99999999999d", "\0", ""]),
        "statsPeriod": st.sampled_from(["1h", "14d", "0d", "-1d", "9999999w", "\0", "x"]),
        "environment": st.one_of(st.just(""), st.text(max_size=20)),
        "state": st.sampled_from(["all", "archived", "", "\0"]),
        "project": st.sampled_from(["shop", "1", "-1", "", "nowhere", "\0", "9" * 30]),
        "limit": st.sampled_from(["1", "0", "-1", "100", "9" * 30, "\0", "x"]),
        "at": st.one_of(st.integers(-3, 120).map(str), st.just("9" * 30), st.just("²")),
        "seen": st.sampled_from(["1,2", ",,", "-1", "9" * 40, "\0"]),
        "drawn": st.sampled_from(["0", "-1", "9" * 40]),
    },
)  # fmt: skip
PAGES = (
    "/issues",
    "/issues/suggest",
    "/issues/news",
    "/issues/export.csv",
    "/issues/export.ndjson",
    "/issues/SHOP-1/events",
)
API = (
    "/api/0/projects/lighttrace/shop/issues/",
    "/api/0/organizations/lighttrace/issues/",
    "/api/0/projects/lighttrace/shop/events/",
    "/api/0/issues/SHOP-1/events/",
    "/api/0/issues/SHOP-1/",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with served(folder) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "blog")
        tags = {
            "browser": "Firefox 128",
            "release": "odd",
            "a]b": "x",
            "foo bar": "y",
            "evil": 'İİİx "*\\',
        }
        send(site, an_error("AlphaError", tags=tags), an_error("BravoError", user={"id": "7"}))
        yield site


@pytest.fixture(scope="module")
def script(site: Site) -> Script:
    return Script(site)


def address(path: str, query: str, params: dict[str, str]) -> str:
    rest = "".join(
        f"&{name}={quote(value, errors='surrogatepass')}" for name, value in params.items()
    )
    return f"{path}?query={query}{rest}"


def look(site: Site, path: str, query: str, params: dict[str, str]) -> None:
    """A page shows what it found or says what is wrong."""
    where = address(path, query, params)
    headers = {}
    if path == "/issues/news":
        headers = {**PART, "HX-Current-URL": f"http://testserver{where}"[:8000]}
    answer = site.client.get(where, headers=headers)
    assert answer.status_code in (200, 204, 400, 404), (answer.status_code, where[:300])
    if 'id="mistake"' in answer.text:
        said = answer.text.partition('id="mistake"')[2].partition("</p>")[0]
        assert re.search(r"\w\w+.*[.?]", re.sub(r"<[^>]*>", " ", said), re.DOTALL), where[:300]


def ask(script: Script, path: str, query: str, params: dict[str, str]) -> None:
    """The API answers, or refuses with a sentence."""
    where = address(path, query, params)
    answer = script.ask(where)
    assert answer.status_code in (200, 400, 404), (answer.status_code, where[:300])
    if answer.status_code == 400:
        assert re.fullmatch(r".*\w\w+.*[.?]", answer.json()["detail"], re.DOTALL), where[:300]


@pytest.mark.parametrize("path", PAGES)
@EXAMPLES
@given(TEXTS, PARAMS)
def test_a_page_answers_whatever_is_typed(
    site: Site, path: str, query: str, params: dict[str, str]
):
    look(site, path, query, params)


@pytest.mark.parametrize("path", API)
@EXAMPLES
@given(TEXTS, PARAMS)
def test_the_api_answers_whatever_is_asked(
    script: Script, path: str, query: str, params: dict[str, str]
):
    ask(script, path, query, params)


@EXAMPLES
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(["1", "0", "-1", "9" * 30, "x"]))
def test_whatever_is_saved_is_answered(site: Site, name: str, query: str, target: str, search: str):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    where = quote(f"/issues?query={query}&x={target}")
    for path, content in (
        ("/searches", f"name={name}&next={where}"),
        ("/searches", f"name={name}&next={target}&shared=on"),
        (f"/searches/{search}", f"do=rename&name={name}&next={target}"),
        (f"/searches/{search}", "do=start"),
    ):
        answer = site.client.post(path, content=content, headers=headers)
        assert answer.status_code in (303, 404, 422), (answer.status_code, path, content[:300])
    assert site.client.get("/searches").status_code == 200
    start = site.client.get("/issues")
    assert start.status_code == 200 or site.client.get(start.headers["location"]).status_code == 200


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: raw[:12])
def test_what_is_long_deep_or_no_text_at_all_is_answered(site: Site, script: Script, raw: str):
    for path in PAGES:
        look(site, path, raw, {})
    for path in API:
        ask(script, path, raw, {})
