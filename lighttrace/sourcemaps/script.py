"""JavaScript, TypeScript and JSX as tokens with matched brackets: as much of the language as it
takes to tell code from text.

What is hard is where a string, a template, a regular expression or the text of JSX begins and ends;
after that, brackets are brackets. A file whose brackets do not match in the end was not understood,
and nothing is said of it.
"""

import re
from dataclasses import dataclass, field

MOST_CHARACTERS = 4_000_000  # of one file

_SPACE = r"(?:\s++|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+"
_TOKEN = re.compile(
    _SPACE + r"(?:(?P<word>\#?(?:[^\W\d]|\$)[\w$]*+)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<number>\.?\d[\w.]*+)"
    r"""|(?P<text>"(?:[^"\\\n]++|\\[\s\S])*+"|'(?:[^'\\\n]++|\\[\s\S])*+')"""
    r"|(?P<template>`)|(?P<slash>/)|(?P<less><(?!<))"
    r"|(?P<sign>=>|<<=?|\.\.\.|\?\.(?!\d)|(?:\*\*|\|\||&&|\?\?)=?|[=!]==?|\+\+|--|[-+*%&|^]=|\S))"
)
_REGEX = re.compile(r"/(?![*/])(?:[^\\/\[\n]++|\\.|\[(?:[^\]\\\n]++|\\.)*+\])++/[a-z]*+")
_TEMPLATE = re.compile(r"(?:[^`\\$]++|\\[\s\S]|\$(?!\{))*+(`|\$\{)")
_ELEMENT = re.compile(r"<\s*+(?:[A-Za-z_$]|>)")
_GENERIC = re.compile(
    r"<\s*+(?:const\s++)?[\w$]++\s*+(?:,|extends\b|=)|<(?:[A-Z]|T[A-Z]\w*+)>\s*+\("
)
_IN_TAG = re.compile(_SPACE + r"""(?:"[^"]*+"|'[^']*+'|<[^<>]*+>|[\w$.:@-]++|=|(\{|/\s*+>|>|<))""")
_IN_CHILDREN = re.compile(r"[^<{]*+(\{|</\s*+[\w$.:-]*+\s*+>|<)")
# an operand cannot end with these, so what follows begins one
_NO_OPERAND = frozenset(
    (
        *("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else"),
        *("do", "instanceof", "await", "yield", "extends", "default", "as", "satisfies"),
    )
)
_HEADS = frozenset(("if", "while", "for", "with"))
_BLOCK_AFTER = frozenset((")", ";", "{", "}", "=>", "else", "do", "try", "finally", ""))
_CLOSES = {")": "(", "]": "[", "}": "{"}


class NotUnderstood(Exception):
    """The text is no script, or one of a kind that we cannot read."""


@dataclass(slots=True)
class Tokens:
    """A script's tokens. `kinds`: word, number, text, regex, open, close, sign; templates and JSX
    elements are brackets, too: "`" and "<". `partner` of a bracket is the other one's index,
    `parent` of a token that of the bracket it is in, or −1.
    """

    source: str
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    partners: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kinds)

    def text(self, index: int) -> str:
        return self.texts[index] if 0 <= index < len(self.texts) else ""

    def kind(self, index: int) -> str:
        return self.kinds[index] if 0 <= index < len(self.kinds) else ""

    def after_newline(self, index: int) -> bool:
        before = self.starts[index - 1] + len(self.texts[index - 1])
        return "\n" in self.source[before : self.starts[index]]


def tokens(source: str, *, jsx: bool) -> Tokens:
    """The tokens of a script. Raises NotUnderstood. `jsx`: whether `<` may begin an element."""
    if len(source) > MOST_CHARACTERS:
        raise NotUnderstood
    return _Reader(source, jsx).read()


class _Reader:
    def __init__(self, source: str, jsx: bool) -> None:
        self.source = source
        self.jsx = jsx
        self.tokens = Tokens(source)
        self.open: list[int] = []  # brackets that are open
        self.modes: list[str] = []  # of each of them: script, template, tag, children
        self.at = 0

    def read(self) -> Tokens:
        if self.source.startswith("#!"):
            self.at = self.source.find("\n") if "\n" in self.source else len(self.source)
        readers = {
            "script": self._script,
            "template": self._template,
            "tag": self._tag,
            "children": self._children,
        }
        while readers[self.modes[-1] if self.modes else "script"]():
            pass
        if self.open:
            raise NotUnderstood
        return self.tokens

    def _add(self, kind: str, text: str, start: int) -> None:
        tokens = self.tokens
        tokens.parents.append(self.open[-1] if self.open else -1)
        tokens.kinds.append(kind)
        tokens.texts.append(text)
        tokens.starts.append(start)

    def _push(self, text: str, start: int, mode: str) -> None:
        self._add("open", text, start)
        self.open.append(len(self.tokens) - 1)
        self.modes.append(mode)

    def _pop(self, text: str, start: int) -> None:
        opened = self.open.pop()
        self.modes.pop()
        self._add("close", text, start)
        closed = len(self.tokens) - 1
        self.tokens.partners[opened] = closed
        self.tokens.partners[closed] = opened

    def _script(self) -> bool:
        match = _TOKEN.match(self.source, self.at)
        if match is None:
            return False
        kind = match.lastgroup or ""
        text, start = match[kind], match.start(kind)
        self.at = match.end()
        if kind == "open":
            self._push(text, start, "script")
        elif kind == "close":
            if not self.open or self.tokens.texts[self.open[-1]] != _CLOSES[text]:
                raise NotUnderstood
            self._pop(text, start)
        elif kind == "template":
            self._push(text, start, "template")
        elif kind == "slash" and self._operand_may_begin():
            regex = _REGEX.match(self.source, start)
            if regex is None:
                raise NotUnderstood
            self._add("regex", regex[0], start)
            self.at = regex.end()
        elif kind == "less" and self._element_begins(start):
            self._push(text, start, "tag")
        elif text in ('"', "'"):  # a string that does not end
            raise NotUnderstood
        else:
            self._add("sign" if kind in ("slash", "less") else kind, text, start)
        return True

    def _template(self) -> bool:
        match = _TEMPLATE.match(self.source, self.at)
        if match is None:
            raise NotUnderstood
        self.at = match.end()
        if match[1] == "`":
            self._pop("`", match.start(1))
        else:
            self._push("{", match.start(1) + 1, "script")
        return True

    def _tag(self) -> bool:
        match = _IN_TAG.match(self.source, self.at)
        if match is None:
            raise NotUnderstood
        self.at = match.end()
        sign = match[1]
        if sign is None:
            return True
        if sign == "{":
            self._push("{", match.start(1), "script")
        elif sign == ">":
            self.modes[-1] = "children"
        elif sign == "<":
            raise NotUnderstood
        else:
            self._pop(">", match.end() - 1)
        return True

    def _children(self) -> bool:
        match = _IN_CHILDREN.match(self.source, self.at)
        if match is None:
            raise NotUnderstood
        self.at = match.end()
        sign = match[1]
        if sign == "{":
            self._push("{", match.start(1), "script")
        elif sign == "<":
            self._push("<", match.start(1), "tag")
        else:
            self._pop(">", match.end() - 1)
        return True

    def _element_begins(self, start: int) -> bool:
        return (
            self.jsx
            and self._operand_may_begin()
            and _ELEMENT.match(self.source, start) is not None
            and _GENERIC.match(self.source, start) is None
        )

    def _operand_may_begin(self) -> bool:
        """Whether an operand may begin after the last token; else there is one before it."""
        tokens, last = self.tokens, len(self.tokens) - 1
        kind, text = tokens.kind(last), tokens.text(last)
        if kind == "word":
            return text in _NO_OPERAND and tokens.text(last - 1) not in (".", "?.")
        if kind == "close":
            opened = tokens.partners[last]
            before = tokens.text(opened - 1)
            if text == ")":
                return before in _HEADS and tokens.text(opened - 2) != "."
            return text == "}" and self._is_block(opened)
        return kind not in ("number", "text", "regex") and text not in ("++", "--")

    def _is_block(self, opened: int) -> bool:
        before = self.tokens.text(opened - 1)
        return before in _BLOCK_AFTER or (
            self.tokens.kind(opened - 1) == "word" and before not in _NO_OPERAND
        )
