"""What is being typed, with the cursor (`|`) anywhere in the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.event.query.cursor import typed


@pytest.mark.parametrize(
    ("text", "key", "so_far", "replaced"),
    [
        ("|", None, "", ""),
        ("fir|", None, "fir", "fir"),
        ("is:new fir|", None, "fir", "fir"),
        ("is:new | x", None, "", ""),
        ("rel|ase:latest", None, "rel", "relase:"),
        ("|is:new", None, "", "is:"),
        ("is:|", "is", "", ""),
        ("is:un|res x", "is", "un", "unres"),
        ("relase:lat|", "relase", "lat", "lat"),
        ("!browser:Fi|", "browser", "Fi", "Fi"),
        ('browser:"Firefox 1|', "browser", "Firefox 1", '"Firefox 1'),
        ('browser:"Firefox 1|28" x', "browser", "Firefox 1", '"Firefox 128"'),
        (r'browser:"a \"b|"', "browser", 'a "b', r'"a \"b"'),
        ("browser:[a,|", "browser", "", ""),
        ('browser:[a,"b c|"]', "browser", "b c", '"b c"'),
        ("browser:[a, b|] x", "browser", "b", "b"),
        ("x browser:[a,b]|", None, "", ""),
        ("(is:new OR lev|", None, "lev", "lev"),
        ("(is:n|)", "is", "n", "n"),
        ("(is:new OR level:>=e|) x", "level", "e", "e"),
        ("tags[foo]:b|", "foo", "b", "b"),
        ('"my tag":b|', "my tag", "b", "b"),
        ("function:<la|", "function", "<la", "<la"),
        ("http.status:>=5|", "http.status", "5", "5"),
        ("has:br|", "has", "br", "br"),
        # what a program says is text
        ("TypeError: x|", None, "x", "x"),
        ("http://ho|", None, "http://ho", "http://ho"),
        ("Foo::ba|", None, "Foo::ba", "Foo::ba"),
        ('"fire fo|', None, "fire fo", '"fire fo'),
    ],
)
def test_the_part_at_the_cursor_is_found(text: str, key: str | None, so_far: str, replaced: str):
    at, whole = text.index("|"), text.replace("|", "", 1)
    found = typed(whole, at)
    assert (found.key, found.text) == (key, so_far)
    assert whole[found.start : found.end] == replaced


@settings(max_examples=300)
@given(
    st.one_of(st.text(max_size=80), st.text(alphabet='abis:[]()"\\,!<>=* \n\0\ud800', max_size=60)),
    st.integers(min_value=-5, max_value=90),
)
def test_any_text_has_a_part_at_the_cursor(text: str, at: int):
    found = typed(text, at)
    assert 0 <= found.start <= found.end <= len(text)
    assert found.start <= max(at, 0) or found.text == ""
