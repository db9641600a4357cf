"""What a matcher matches: globs over paths, tags, texts; and that no text can make it slow."""

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.model import Event
from lighttrace.event.patterns import (
    KEYS,
    MOST_FRAMES,
    Facts,
    Matcher,
    PatternError,
    matcher,
    plain_path,
    quoted,
    words,
)
from lighttrace.event.tags import all_tags
from tests.event.make import read


def facts(event: Event) -> Facts:
    return Facts(event, all_tags(event))


def in_files(*paths: str) -> Facts:
    frames = [{"filename": path, "function": "f", "in_app": True} for path in paths]
    return facts(read(exception=[{"type": "E", "stacktrace": {"frames": frames}}]))


PATHS = [
    # a rule, what it matches, what it does not
    ("src/checkout/*", "src/checkout/pay.ts", "src/catalog/pay.ts"),
    ("src/checkout/*", "src/checkout/cards/visa.ts", "src/checkout.ts"),
    ("src/checkout/*", "/srv/app/src/checkout/pay.ts", "/srv/app/oursrc/checkout/pay.ts"),
    ("src/checkout/*", "webpack:///./src/checkout/pay.ts", "webpack:///./src/pay.ts"),
    ("src/checkout/*", "webpack://shop/./src/checkout/pay.ts?a1b2", "webpack://src/checkout/"),
    ("src/checkout/*", "app:///src/checkout/pay.ts", "app:///src/x/checkout/pay.ts"),
    ("src/checkout/*", "C:\\shop\\src\\checkout\\pay.cs", "C:\\shop\\src\\check\\pay.cs"),
    ("src\\checkout\\*", "src/checkout/pay.ts", "src/catalog/pay.ts"),
    ("SRC/Checkout/*", "src/checkout/pay.ts", "src/check-out/pay.ts"),
    ("/src/checkout/*", "src/checkout/pay.ts", "/srv/app/src/checkout/pay.ts"),
    ("/src/checkout/*", "./src/checkout/pay.ts", "lib/src/checkout/pay.ts"),
    ("src/checkout/", "src/checkout/pay.ts", "src/checkout"),
    ("src/checkout", "src/checkout/pay.ts", "src/checkout2/pay.ts"),
    ("pay.ts", "src/checkout/pay.ts", "src/checkout/repay.ts"),
    ("*.kt", "com/example/Cart.kt", "com/example/Cart.kts"),
    ("src/**/pay.ts", "src/a/b/pay.ts", "src/a/b/pay.tsx"),
    ("src/?.ts", "src/a.ts", "src/ab.ts"),
    ("(app)/[id]/*", "webpack-internal:///(app)/./[id]/page.tsx", "app/i/page.tsx"),
]


@pytest.mark.parametrize(("glob", "path", "other"), PATHS)
def test_a_path_is_matched_from_any_folder_on_or_from_the_root(glob: str, path: str, other: str):
    it = matcher(f"path:{glob}")
    assert it.matches(in_files("lib/x.js", path))
    assert not it.matches(in_files("lib/x.js", other))


def test_a_frame_is_looked_at_by_its_file_and_by_its_whole_path():
    frames = [{"filename": "pay.py", "abs_path": "/srv/shop/billing/pay.py"}]
    event = facts(read(exception=[{"type": "E", "stacktrace": {"frames": frames}}]))
    assert matcher("path:/pay.py").matches(event)
    assert matcher("path:billing/*").matches(event)


EVERYTHING = {
    "path:src/a.ts": "/src/a.ts",
    "module:shop.*": "shop.cart",
    "function:total*": "total_of",
    "type:KeyError": "keyerror",
    "message:*price*": "no 'price' in it",
    "url:*/checkout/*": "https://shop.example/checkout/pay",
    "transaction:POST /api/pay*": "post /api/payments",
    "release:shop@2.*": "shop@2.1.0",
    "environment:prod*": "production",
    "level:error": "error",
    "logger:shop.db": "shop.db",
    "platform:python": "python",
    "tags.plan:pro": "pro",
    "tags.Plan-Name:x": "x",
    "tags.environment:production": "production",
    "tags.level:error": "error",
}


def a_full_event() -> Facts:
    frames = [
        {"filename": "src/a.ts", "function": "total_of", "module": "shop.cart", "in_app": True}
    ]
    return facts(
        read(
            exception=[
                {"type": "KeyError", "value": "no 'price' in it", "stacktrace": {"frames": frames}}
            ],
            request={"url": "https://shop.example/checkout/pay?token=path:1#x"},
            transaction="POST /api/payments",
            release="shop@2.1.0",
            environment="production",
            level="error",
            logger="shop.db",
            platform="python",
            tags={"plan": "Pro", "Plan Name": "x"},
        )
    )


@pytest.mark.parametrize("word", EVERYTHING)
def test_every_matcher_finds_its_part_of_an_event(word: str):
    event, nothing = a_full_event(), facts(read(level="info", platform="other"))
    assert matcher(word).matches(event)
    assert matcher(word).seen(event) == EVERYTHING[word]
    assert not matcher(word).matches(nothing)
    assert matcher(f"!{word}").matches(nothing)
    assert not matcher(f"!{word}").matches(event)


def test_each_key_is_among_those_that_were_tried():
    assert {word.partition(":")[0] for word in EVERYTHING} >= set(KEYS)


def test_what_is_not_there_matches_no_glob():
    nothing = facts(read(message="hello"))
    assert not matcher("release:*").matches(nothing)
    assert matcher("!release:*").matches(nothing)
    assert matcher("*").matches(nothing)


def test_the_query_of_an_address_is_not_looked_at():
    assert not matcher("url:*token*").matches(a_full_event())


def test_all_links_of_a_chain_count():
    chain = [{"type": "QueryCanceled", "value": "too slow"}, {"type": "OperationalError"}]
    event = facts(read(exception={"values": chain}))
    assert matcher("type:QueryCanceled").matches(event)
    assert matcher("type:OperationalError").matches(event)
    assert matcher("message:too slow").matches(event)


def test_of_a_very_deep_stack_the_latest_calls_of_the_application_are_looked_at():
    deep = [{"filename": f"lib/{n}.py", "in_app": False} for n in range(80)]
    own = [{"filename": f"shop/{n}.py", "in_app": True} for n in range(80)]
    event = facts(read(exception=[{"type": "E", "stacktrace": {"frames": own + deep}}]))
    paths, _ = event.texts("path")
    assert len(paths) == MOST_FRAMES
    assert paths[0] == "/shop/79.py" and paths[79] == "/shop/0.py"
    assert paths[80] == "/lib/79.py"
    assert matcher("path:*").seen(event) == "/shop/79.py"


WRONG = {
    "src/checkout/*": "is no matcher",
    "pth:src/*": 'Did you mean "path:"',
    "files:src/*": 'For a tag write "tags.files:"',
    "tag:checkout": 'A tag goes by its name: "tags.component:checkout"',
    "tags.:x": "A tag goes by its name",
    "tags.my tag:x": "A tag goes by its name",
    "path:": 'nothing stands behind "path:"',
    f"path:{'a' * 301}": "longer than 300",
}


@pytest.mark.parametrize("word", WRONG)
def test_a_wrong_matcher_is_told_with_the_nearest_right_one(word: str):
    with pytest.raises(PatternError) as caught:
        matcher(word)
    assert WRONG[word] in str(caught.value)


def test_quotes_keep_blanks_together_wherever_they_stand():
    assert words('url:"*/my account/*"  #web') == ["url:*/my account/*", "#web"]
    assert words("'message:a \"b\"' x") == ['message:a "b"', "x"]
    assert words('message:""') == ["message:"]
    assert words("  ") == []
    with pytest.raises(PatternError, match="not closed"):
        words('url:"*/my account')


@pytest.mark.parametrize("word", ["path:src/*", "!level:info", "!*", "message:it's", 'url:a "b" c'])
def test_a_matcher_can_be_written_as_it_was_read(word: str):
    once = matcher(word)
    assert [matcher(it) for it in words(str(once))] == [once]


@given(st.text("ab'\" #", max_size=12))
def test_any_text_can_be_quoted_as_one_word(text: str):
    assert words(quoted(text)) == [text]


@given(st.text("ab*?.", max_size=12).filter(bool), st.text("ab./\n", max_size=20))
def test_a_glob_means_what_it_means_everywhere(glob: str, text: str):
    """Compared with the standard library's, which knows no `[` here and the same `*` and `?`."""
    it = matcher(f"message:{glob}")
    assert (it.expression.match(text) is not None) == fnmatch.fnmatchcase(text, glob)
    if it.expression.match(text):
        assert it.literal in text


@given(st.text(max_size=40).filter(str.strip), st.text(max_size=60))
def test_any_glob_can_be_asked_of_any_text(glob: str, text: str):
    for key in ("path", "message"):
        matcher(f"{key}:{glob}").expression.match(plain_path(text))


@pytest.mark.parametrize("glob", ["*a" * 140 + "b", "*a?" * 90 + "b", "a*/" * 90 + "x"])
def test_no_text_makes_a_glob_slow(glob: str):
    """Naive backtracking would take longer than the universe has."""
    for text in ("/" + "a" * 2000, "/" + "a/" * 1000):
        started = time.process_time()
        assert not _hits(matcher(f"path:{glob}"), text)
        assert time.process_time() - started < 0.5


def _hits(it: Matcher, text: str) -> bool:
    return it.expression.match(text) is not None
