"""What people type becomes a tree or a sentence that helps; a tree says itself again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.errors import QueryError
from lighttrace.event.query.keys import ALIASES, KEYS
from lighttrace.event.query.read import MOST_DEPTH, MOST_TERMS, MOST_TEXT, parse
from lighttrace.event.query.tree import EVERYTHING, And, Node, Not, Or, Term, Value, Word

TAGS = frozenset({"browser", "component", "http.status", "foo bar", "release", "mechanism", "a]b"})


def plain(*texts: str) -> tuple[Value, ...]:
    return tuple(Value((text,)) for text in texts)


def tag(key: str, *texts: str) -> Term:
    return Term(key, plain(*texts), is_tag=True)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", EVERYTHING),
        ("  \n ", EVERYTHING),
        ("gateway", Word("gateway")),
        ('"gateway answered"', Word("gateway answered", exact=True)),
        ('"not closed', Word("not closed", exact=True)),
        ("a b", And((Word("a"), Word("b")))),
        ("a AND b", And((Word("a"), Word("b")))),
        ("a b OR c", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a (b OR c)", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("((a))", Word("a")),
        ("!(a b)", Not(And((Word("a"), Word("b"))))),
        ("!(!a)", Word("a")),
        ("!a", Not(Word("a"))),
        ("browser:Firefox", tag("browser", "Firefox")),
        ('!browser:"Fire fox"', Not(tag("browser", "Fire fox"))),
        ("browser:[a,b]", tag("browser", "a", "b")),
        ('browser:[ a , "b c" ]', tag("browser", "a", "b c")),
        ("browser:Fire*", Term("browser", (Value(("Fire", "")),), is_tag=True)),
        ('browser:"Fire *"', Term("browser", (Value(("Fire ", "")),), is_tag=True)),
        (r"browser:a\*b", tag("browser", "a*b")),
        ("browser:*", Term("browser", op="has", is_tag=True)),
        ("has:browser", Term("browser", op="has", is_tag=True)),
        ("!has:browser", Not(Term("browser", op="has", is_tag=True))),
        ('browser:""', Not(Term("browser", op="has", is_tag=True))),
        ("has:user.email", Term("user.email", op="has")),
        ('"foo bar":x', tag("foo bar", "x")),
        ("tags[release]:x", tag("release", "x")),
        ("events:>10", Term("events", plain("10"), ">")),
        ("timesSeen:>=1k", Term("events", plain("1k"), ">=")),
        ("http.status:>=500", Term("http.status", plain("500"), ">=", is_tag=True)),
        ("function:<lambda>", Term("function", plain("<lambda>"))),
        ("url:<none>", Term("url", plain("<none>"))),
        ("release:>=2.0", Term("release", plain("2.0"), ">=")),
        ("release:~1.2", Term("release", plain("~1.2"))),
        ("level:>=error", Term("level", plain("error"), ">=")),
        ("is:ignored", Term("is", plain("ignored"))),
        ("error.mechanism:onerror", tag("mechanism", "onerror")),
        ("FIRSTSEEN:-24h", Term("firstSeen", plain("-24h"))),
        ("lastSeen:>2026-11-24T12:00:00Z", Term("lastSeen", plain("2026-11-24T12:00:00Z"), ">")),
        ('environment:""', Term("environment", plain(""))),
        # what programs say
        ("TypeError: x", And((Word("TypeError"), Word("x")))),
        ("http://host:80/a?b=c", Word("http://host:80/a?b=c")),
        ("std::string", Word("std::string")),
        (r"C:\app\x.py", Word(r"C:\app\x.py")),
        ("12:30:45", Word("12:30:45")),
        ("total() -> x", And((Word("total"), Word("x")))),
        ("f(x, y", And((Word("f.x"), Word("y")))),
        ("(a", Word("a")),
        ("a)", Word("a")),
        ("- a", Word("a")),
    ],
)
def test_a_text_means(text: str, tree: Node) -> None:
    assert parse(text, TAGS) == tree
    assert parse(str(tree), TAGS) == tree


@pytest.mark.parametrize(
    ("text", "says", "at", "instead"),
    [
        ("a relase:latest", "no key relase:", "relase", "release"),
        ("brwser:x", "Did you mean browser:?", "brwser", "browser"),
        ("has:brwser", "Did you mean browser:?", "brwser", "browser"),
        ("is:unresolvd", "Did you mean is:unresolved?", "is:unresolvd", "is:unresolved"),
        ("level:eror", "level: takes debug", "level:eror", "level:error"),
        ("events:>x", "not a number", "events:>x", None),
        ("firstSeen:soon", "not a time", "firstSeen:soon", None),
        ("is:", "is: needs a value", "is:", None),
        ("browser:[a", "A list ends with ]", "browser:[a", None),
        ("browser:[]", "missing", "]", None),
        ('browser:"a', "ends with one", '"a', None),
        ("a OR", "OR needs", "", None),
        ("AND a", "AND needs", "AND", None),
        ("!!!", "nothing in this search", "!!!", None),
        ('""', "nothing in this search", '""', None),
        ("has:!", "has: takes", "has:", None),
        ("events:", "events: needs a value, such as events:>100", "events:", None),
    ],
)
def test_a_mistake_is_said_with_its_place_and_its_remedy(
    text: str, says: str, at: str, instead: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, TAGS)
    assert says in str(caught.value) and str(caught.value).endswith((".", "?"))
    assert text[caught.value.start : caught.value.end] == at
    assert caught.value.instead == instead


def test_without_knowing_the_tags_any_key_is_one() -> None:
    assert parse("whatever:x") == tag("whatever", "x")


def test_every_key_takes_its_example_and_every_alias_means_one() -> None:
    for key in KEYS.values():
        term = parse(f"{key.name}:{key.example}", TAGS)
        assert isinstance(term, Term) and term.key == key.name
    assert set(ALIASES.values()) <= {*KEYS, *TAGS}


@pytest.mark.parametrize(
    "text",
    ["a" * (MOST_TEXT + 1), "a " * (MOST_TERMS + 1), "(" * (MOST_DEPTH + 1) + "a" + ")" * 11],
)
def test_searches_are_bounded(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text, TAGS)


@given(
    st.text(st.sampled_from('ab1:"*!()[],<>=~.\\/ \t-+_ANDOR\0ü日\udc00'), max_size=40)
    | st.lists(
        st.sampled_from(
            [
                *(
                    "a",
                    "(",
                    ")",
                    "!",
                    "OR",
                    "AND",
                    '"x y"',
                    "browser:a",
                    "browser:[a,b*]",
                    "is:new",
                ),
                *("has:browser", "release:>=1", 'tags[release]:"x*"', "f(x)", "a)", "(b", " ", ":"),
                *('"foo bar":', "\\", "*", "events:>1", "events:", "[", "]", '"', "!(", "C:\\x"),
            ]
        ),
        max_size=12,
    ).map(" ".join)
    | st.text(max_size=60)
)
@settings(max_examples=1500)
def test_any_text_is_a_tree_that_says_itself_or_a_mistake(text: str) -> None:
    try:
        tree = parse(text, TAGS)
    except QueryError as error:
        assert str(error) and 0 <= error.start <= error.end <= max(len(text), 1)
        return
    assert parse(str(tree), TAGS) == tree
