"""Comments in Markdown: what is made of them, and what cannot be."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.web.markdown import Named, mentioned, render

MIRA = Named(1, "Mira", "mira@shop.example")
ADA = Named(2, "Ada Lovelace", "al@shop.example")
ADA_TOO = Named(3, "Ada Byron", "byron@shop.example")
PEOPLE = (MIRA, ADA, ADA_TOO)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**loud** and `quiet`", "<p><strong>loud</strong> and <code>quiet</code></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# Title", '<p class="h"><strong>Title</strong></p>'),
        ("~~no~~", "<p><s>no</s></p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("hi @mira.", '<p>hi <span class="mention">@Mira</span>.</p>'),
        ("mail mira@shop.example", "<p>mail mira@shop.example</p>"),
        ("`@mira`", "<p><code>@mira</code></p>"),
        ("@nobody", "<p>@nobody</p>"),
    ],
)
def test_what_becomes_of_it(text: str, html: str):
    assert render(text, PEOPLE).strip() == html


def test_addresses_are_links_that_give_nothing_away():
    html = render("see https://a.example/x?y=1, and [this](http://b.example)")
    assert re.findall(r'<a href="([^"]*)" rel="([^"]*)">', html) == [
        ("https://a.example/x?y=1", "nofollow noopener noreferrer"),
        ("http://b.example", "nofollow noopener noreferrer"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "![cat](https://evil.example/x.png)",
        "<img src=https://evil.example/x.png>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        '[x](https://a.example "\\" onclick=\\"alert(1)")',
        "```html onmouseover=alert(1)\n</code></pre><script>alert(1)</script>\n```",
        '<span class="mention" onclick="alert(1)">@Mira</span>',
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_nothing_runs_and_nothing_is_fetched(text: str):
    assert dangers(render(text, PEOPLE)) == []


PIECES = (
    *("<", ">", "[", "]", "(", ")", "!", "`", "*", "_", "@", "#", "|", "-", "~", ":", "/", '"'),
    *("'", "=", " ", "\n", "script", "href", "http://x", "javascript:", "onclick", "img", "mira"),
    *("&lt;", "&#60;"),
)


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_whatever_is_written_stays_a_text(text: str):
    assert dangers(render(text, PEOPLE)) == []


class Dangers(HTMLParser):
    """Tags and attributes that have no business in a comment."""

    TAGS = frozenset(
        {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"}
        | {"table", "thead", "tbody", "tr", "th", "td", "span"}
    )
    ATTRIBUTES = frozenset({"href", "rel", "class", "start", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.TAGS:
            self.found.append(tag)
        for name, value in attrs:
            if name not in self.ATTRIBUTES:
                self.found.append(f"{tag} {name}")
            if name == "href" and not re.match("(https?|mailto):", value or ""):
                self.found.append(f"{tag} {name}={value}")


def dangers(html: str) -> list[str]:
    parser = Dangers()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@mira", [MIRA]),
        ("@MIRA: look", [MIRA]),
        ("(@mira@shop.example)", [MIRA]),
        ("@al, please", [ADA]),
        ("@adalovelace", [ADA]),
        ("@Lovelace and @mira and @mira", [ADA, MIRA]),
        ("@ada", [ADA, ADA_TOO]),  # two of that name: both are told
        ("mira", []),
        ("x@mira", []),
        ("`@mira` and\n\n    @mira", []),
        ("[@mira](https://a.example)", []),
        ("@mirabelle @", []),
    ],
)
def test_whom_a_text_addresses(text: str, who: list[Named]):
    assert mentioned(text, PEOPLE) == tuple(who)
