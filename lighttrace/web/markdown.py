"""Comments in Markdown become HTML that cannot do anything: no HTML of theirs, no pictures, no
address but of the web and of mail. `@name` means somebody who sees the project; it is marked, and
links nowhere.

Pure. What the renderer makes is cleaned once more by an allow-list, so that a fault in one of the
two libraries alone opens nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

TAGS = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("a", "hr", "table", "thead", "tbody", "tr", "th", "td", "span"),
}
SCHEMES = {"http", "https", "mailto"}
# An address as it stands in a text, and somebody's name: `@mira`, `@mira@shop.example`.
_LINK = r"https?://[^\s<>\"'`]{1,2000}"
_NAME = r"(?<![\w@/.])@(\w[\w.+-]{0,63}(?:@[\w.-]{1,190})?)"
_FOUND = re.compile(f"{_LINK}|{_NAME}")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who can be mentioned."""

    id: int
    name: str
    email: str

    @property
    def handle(self) -> str:
        """What stands behind the `@`."""
        return self.email.partition("@")[0]


People = tuple[Named, ...]


def render(text: str, people: People = ()) -> Markup:
    """The text as HTML."""
    return Markup(_render(text, people))


def mentioned(text: str, people: People) -> People:
    """Whom a text addresses, each once; a name in code is not meant."""
    found: dict[int, Named] = {}
    for token in _parser().parse(text, {"people": people}):
        for child in token.children or ():
            if child.type == "mention":
                found.update((it.id, it) for it in child.meta["who"])
    return tuple(found.values())


@lru_cache(maxsize=512)
def _render(text: str, people: People) -> str:
    html = _parser().render(text, {"people": people})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        allowed_classes={"span": {"mention"}, "p": {"h"}},
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
        strip_comments=True,
    )


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 12})
    made.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    made.core.ruler.push("names_and_links", _names_and_links)
    made.add_render_rule("mention", _mention)
    # the page has headings of its own, in an order that a comment must not disturb
    made.add_render_rule("heading_open", lambda *_: '<p class="h"><strong>')
    made.add_render_rule("heading_close", lambda *_: "</strong></p>\n")
    return made


def _mention(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return f'<span class="mention">@{escape(tokens[at].content)}</span>'


def _names_and_links(state: StateCore) -> None:
    """Cut what is found out of the texts; those in code are other tokens, those in links stay."""
    people: People = state.env.get("people", ())
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        children: list[Token] = []
        depth = 0
        for child in token.children:
            depth += (child.type == "link_open") - (child.type == "link_close")
            if (
                child.type == "text"
                and not depth
                and ("@" in child.content or ":" in child.content)
            ):
                children.extend(_cut(child.content, people))
            else:
                children.append(child)
        token.children = children


def _cut(text: str, people: People) -> Iterator[Token]:
    end = 0
    for match in _FOUND.finditer(text):
        start, name = match.start(), match[1]
        shown = (name or match[0]).rstrip(".,;:!?-+)")
        who = who_is(shown, people) if name else ()
        if name and not who:
            continue
        if start > end:
            yield _text(text[end:start])
        if name:
            yield Token("mention", "", 0, content=who[0].name if len(who) == 1 else shown,
                        meta={"who": who})  # fmt: skip
            end = start + 1 + len(shown)
        else:
            yield Token("link_open", "a", 1, attrs={"href": shown})
            yield _text(shown)
            yield Token("link_close", "a", -1)
            end = start + len(shown)
    if end < len(text):
        yield _text(text[end:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def who_is(name: str, people: People) -> People:
    """Whom a name means: by e-mail, what stands before its @, the whole name or a word of it. All
    whom the best of these fits.
    """
    wanted = name.lower()
    ways = (
        lambda it: it.email.lower() == wanted,
        lambda it: it.handle.lower() == wanted,
        lambda it: it.name.lower().replace(" ", "") == wanted,
        lambda it: wanted in it.name.lower().split(),
    )
    for fits in ways:
        if found := tuple(it for it in people if fits(it)):
            return found
    return ()
