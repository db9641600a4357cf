"""The functions of a script: where each begins and ends, and what it is called.

Names are those that JavaScript itself gives: a function's own, that of the variable, property or
field it is assigned to, for a method with its class. What is handed over without a name has none.
Wherever the text allows two readings there is no answer rather than a wrong one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lighttrace.sourcemaps.script import NotUnderstood, Tokens

_STATEMENTS = frozenset(("if", "for", "while", "switch", "with", "catch", "function"))
_MODIFIERS = frozenset(
    (
        *("async", "*", "get", "set", "static", "public", "private", "protected"),
        *("readonly", "override", "abstract", "accessor", "declare"),
    )
)
_DECLARE = frozenset(("const", "let", "var", "using"))
_TYPE_OPERATORS = frozenset(("extends", "keyof", "infer", "readonly", "abstract"))
_ASSIGN = frozenset(("=", "||=", "&&=", "??="))
_CONTINUES = frozenset(("in", "instanceof", "as", "satisfies", "of", "is"))
_GOES_ON = frozenset(  # before a `{` that is a type and no body
    (":", "|", "&", "=>", "<", ",", "=", "?", "extends", "is", "keyof", "readonly")
)
_BEFORE_TYPE = frozenset((":", "|", "&", "=>", "is", "extends", "keyof", "typeof"))
_FARTHEST = 1000  # tokens of a type that are looked through


@dataclass(frozen=True, slots=True)
class Function:
    """`start`: index of the first token of its parameters; `end`: of the one after its last token.
    `name` is empty if it has none, None if that is not certain.
    """

    start: int
    end: int
    name: str | None


def functions(read: Tokens, original: Callable[[int], str | None] | None = None) -> list[Function]:
    """The functions of a script, in no order. `original` says what the word at an index was called
    before a minifier gave it another name, None if nobody knows. Raises NotUnderstood.
    """
    return _Finder(read, original or read.text).functions()


class _Finder:
    """Looks through the tokens of one file."""

    def __init__(self, read: Tokens, original: Callable[[int], str | None]) -> None:
        self.read = read
        self.text = read.text
        self.original = original  # of what a minifier renames, which properties are not
        self.classes: dict[int, str | None] = {}  # the `{` of each class, and the class's name
        self.ends: dict[int, int] = {}  # first token of a function: the one after its last
        self.patience = 2 * len(read) + 10_000  # steps to look around, for a hostile file
        self.types: set[int] = set()  # arrows between parameters and body: of a type

    def functions(self) -> list[Function]:
        read, text = self.read, self.text
        places: dict[str, list[int]] = {"class": [], "function": [], "=>": [], "(": []}
        for index, it in enumerate(read.texts):
            if it in places:
                places[it].append(index)
        for index in places["class"]:
            self._class(index)
        found = [self._function(index) for index in places["function"]]
        found += [self._method(index) for index in places["("] if text(index - 1) != "function"]
        found += [self._arrow(index) for index in reversed(places["=>"])]
        return [it for it in found if it is not None]

    # what there is

    def _class(self, index: int) -> None:
        if self._is_property(index):
            return
        read, text = self.read, self.text
        following = text(index + 1)
        has_name = read.kind(index + 1) == "word" and following not in ("extends", "implements")
        body = index + 1
        while text(body) != "{" or text(body - 1) in _GOES_ON:
            if body >= len(read) or read.kind(body) == "close" or body > index + _FARTHEST:
                return
            body = self._skip(body)
        self.classes[body] = self.original(index + 1) if has_name else self._name_given(index)

    def _function(self, index: int) -> Function | None:
        if self._is_property(index):
            return None
        read, text = self.read, self.text
        at = index + 2 if text(index + 1) == "*" else index + 1
        has_name = read.kind(at) == "word"
        opened = self._over_angles(at + 1 if has_name else at)
        body = self._body(read.partners[opened]) if text(opened) == "(" else None
        if body is None:
            return None
        first = index - 1 if text(index - 1) == "async" else index
        end = self.ends[index] = read.partners[body] + 1
        if has_name:
            return Function(opened, end, self.original(at))
        is_called = text(end) in ("(", ".", "?.", "[", "`")
        return Function(opened, end, "" if is_called else self._name_given(first))

    def _arrow(self, index: int) -> Function | None:
        text = self.text
        start = self._parameters(index)
        if start is None or index in self.types:
            return None
        first = start
        if text(first - 1) == ">":
            first = self._back_over_angles(first - 1)
        if text(first - 1) == "async":
            first -= 1
        if self._is_type(first):
            return None
        end = self.ends[first] = self._arrow_end(index)
        return Function(start, end, self._name_given(first))

    def _method(self, index: int) -> Function | None:
        """`(` begins the parameters of a method if a name, a body and the right place say so."""
        read, text = self.read, self.text
        block = read.parents[index]
        if block < 0 or text(block) != "{":
            return None
        last = index - 1
        if text(last) == ">":
            last = self._back_over_angles(last) - 1
        first, name = last, self._key(last)
        if text(last) == "]":
            first = read.partners[last]
        elif read.kind(last) not in ("word", "text", "number"):
            return None
        before = first - 1
        while text(before) in _MODIFIERS and before > block and not self._is_key(before):
            before -= 1
        is_class = block in self.classes
        if is_class:
            if text(before) in (".", "?.", "new", "=", "=>", "@"):
                return None
        elif (before != block and text(before) != ",") or text(last) in _STATEMENTS:
            return None
        body = self._body(read.partners[index])
        if body is None:
            return None
        return Function(index, read.partners[body] + 1, self._of_class(block, name))

    # how it is called

    def _of_class(self, block: int, name: str | None) -> str | None:
        if block not in self.classes or not name:
            return name
        of = self.classes[block]
        if name == "constructor":
            return f"new {of}" if of else of
        return f"{of}.{name}" if of else name

    def _key(self, index: int) -> str | None:
        """The name of a property; empty for one that is computed."""
        kind, text = self.read.kind(index), self.text(index)
        if text[:1] == "#":
            return self.original(index)
        if kind in ("word", "number"):
            return text
        return text[1:-1] if kind == "text" and "\\" not in text and len(text) < 80 else ""

    def _name_given(self, first: int) -> str | None:
        """The name that an expression gets from where it stands; `first` is its first token."""
        read, text = self.read, self.text
        sign, key = text(first - 1), first - 2
        block = read.parents[first]
        if sign == ":" and block >= 0 and text(block) == "{" and block not in self.classes:
            opened = read.partners[key] if text(key) == "]" else key
            if opened - 1 == block or text(opened - 1) == ",":
                return self._key(key)
            return ""
        if sign not in _ASSIGN:
            return ""
        start = self._chain_start(key)
        if start is None or text(start - 1) in _BEFORE_TYPE:
            return self._name_before_type(key)
        if start != key:
            return self._member(key) if read.kind(key) == "word" else ""
        if block in self.classes:
            return self._of_class(block, self._key(key))
        return self.original(key)

    def _chain_start(self, last: int) -> int | None:
        """The first token of `a.b[c].d`, which ends at `last`; None if that is something else."""
        read, text = self.read, self.text
        at = last
        while True:
            self._step()
            if text(at) == "]" and read.kind(read.partners[at] - 1) in ("word", "close"):
                at = read.partners[at] - 1
            elif read.kind(at) != "word":
                return None
            elif text(at - 1) in (".", "?."):
                at -= 2
            else:
                return at

    def _member(self, key: int) -> str:
        """`Ledger.book` for `Ledger.prototype.book = …`, `book` for `this.book = …`."""
        text = self.text
        owner = key - 2
        if text(owner) == "prototype" and text(owner - 1) == ".":
            owner -= 2
        if text(owner) == "module" and text(key) == "exports":
            return ""
        of: str | None = None
        if self.read.kind(owner) == "word" and text(owner) not in ("this", "exports", "self"):
            of = text(owner) if text(owner - 1) in (".", "?.") else self.original(owner)
        return f"{of}.{text(key)}" if of else text(key)

    def _name_before_type(self, last: int) -> str | None:
        """`name` of `name: A<B> | (() => C) = …`, whose type ends at `last`."""
        read, text = self.read, self.text
        at = last
        while at > last - _FARTHEST:
            self._step()
            it = text(at)
            if it == ":":
                break
            if it in _ASSIGN or it in _DECLARE or it == ";" or read.kind(at) in ("open", ""):
                return None
            at = (read.partners[at] if read.kind(at) == "close" else at) - 1
        else:
            return None
        name = at - 2 if text(at - 1) in ("?", "!") else at - 1
        if read.kind(name) != "word":
            return None
        block = read.parents[name]
        if text(name - 1) in _DECLARE:
            return text(name)
        return self._of_class(block, text(name)) if block in self.classes else None

    # what stands around

    def _is_property(self, index: int) -> bool:
        """Whether `function` or `class` is the name of a property here."""
        if self.text(index - 1) in (".", "?."):
            return True
        is_anonymous = self.text(index) == "function" and self.text(index + 1) == "("
        return self._is_key(index) and not is_anonymous

    def _is_key(self, index: int) -> bool:
        return self.text(index + 1) in (":", "(", ",", "=", "}", ";", "?", "!")

    def _is_type(self, first: int) -> bool:
        """Whether what looks like an arrow function is the type of one."""
        read, text = self.read, self.text
        if text(first - 1) != ":":
            return text(first - 1) in ("<", "|", "&") or text(first - 1) in _TYPE_OPERATORS
        if read.parents[first] in self.classes:
            return True
        name = first - 3 if text(first - 2) in ("?", "!") else first - 2
        before = text(name - 1)
        if read.kind(name) != "word":
            return False
        is_parameter = text(read.parents[first]) == "(" and before in ("(", ",", "...")
        return is_parameter or before in _DECLARE or before in _MODIFIERS - {"*"}

    def _step(self) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise NotUnderstood

    def _skip(self, index: int) -> int:
        self._step()
        return self.read.partners[index] + 1 if self.read.kind(index) == "open" else index + 1

    def _over_angles(self, index: int) -> int:
        """The index after the `<…>` that may begin at `index`."""
        read, depth, at = self.read, 0, index
        while self.text(at) == "<" or depth:
            if at >= index + _FARTHEST or read.kind(at) in ("close", ""):
                return index
            depth += {"<": 1, ">": -1}.get(self.text(at), 0)
            at = self._skip(at)
        return at

    def _back_over_angles(self, index: int) -> int:
        """The `<` of the `>` at `index`, or `index` if there is none nearby."""
        read, depth, at = self.read, 0, index
        while at >= 0 and at > index - _FARTHEST and read.kind(at) != "open":
            self._step()
            if read.kind(at) == "close":
                at = read.partners[at]
            elif read.texts[at] == ">":
                depth += 1
            elif read.texts[at] == "<":
                depth -= 1
                if depth == 0:
                    return at
            at -= 1
        return index

    def _body(self, closed: int) -> int | None:
        """The `{` of the body whose parameters end with `closed`, maybe with a type between."""
        read, text = self.read, self.text
        at = closed + 1
        if text(at) == "{" and read.kind(at) == "open":
            return at
        if text(at) != ":":
            return None
        at += 1
        arrows: set[int] = set()
        while at < min(len(read), closed + _FARTHEST):
            if text(at) == "{" and text(at - 1) not in _GOES_ON:
                self.types |= arrows
                return at
            if text(at) == "=>":
                arrows.add(at)
            if text(at) in (";", "=") or read.kind(at) == "close":
                return None
            if self._statement_ends(at) and at > closed + 2:
                return None
            at = self._skip(at)
        return None

    def _parameters(self, arrow: int) -> int | None:
        """The first token of the parameters of an arrow function: a word or `(`."""
        read, text = self.read, self.text
        at = arrow - 1
        if text(at) == ")" and text(read.partners[at] - 1) not in ("|", "&"):
            return read.partners[at]
        # `(a): T => …`; but in `x ? (a) : b => …` it is b that is the parameter
        angles = 0
        while at > arrow - _FARTHEST and at > 0:
            self._step()
            it, kind = text(at), read.kind(at)
            if it == ":" and text(at - 1) == ")" and angles == 0:
                opened = read.partners[at - 1]
                before = text(opened - 1)
                called = read.kind(opened - 1) == "word" and before not in ("async", "return")
                if before not in ("?", ")", "]") and not called:
                    return opened
                break
            if kind == "close":
                at = read.partners[at]
            elif it in (">", "<"):
                angles += 1 if it == ">" else -1
            elif kind in ("open", "") or it in (";", "=", "=>") or (it == "," and angles <= 0):
                break
            at -= 1
        return arrow - 1 if read.kind(arrow - 1) == "word" else None

    def _arrow_end(self, arrow: int) -> int:
        """The index after the last token of its body. Called from the last arrow to the first."""
        read, text = self.read, self.text
        at = arrow + 1
        if text(at) == "{" and read.kind(at) == "open":
            end = read.partners[at] + 1
        else:
            choices = 0  # `? … :` within the body
            while at < len(read) and read.kind(at) != "close":
                if read.kind(at) == "sign":
                    choices += {"?": 1, ":": -1}.get(text(at), 0)
                    if choices < 0 or text(at) in (",", ";"):
                        break
                if at > arrow + 1 and self._statement_ends(at):
                    break
                at = self.ends.get(at) or self._skip(at)
            end = at
        return end

    def _statement_ends(self, index: int) -> bool:
        """Whether a statement without semicolon ends before the token at `index`."""
        read, text = self.read, self.text
        starts = read.kind(index) in ("word", "number", "text") or text(index) in ("{", "@", "#")
        if not starts or text(index) in _CONTINUES or not read.after_newline(index):
            return False
        kind, before = read.kind(index - 1), text(index - 1)
        if kind == "word":
            return before not in ("return", "typeof", "await", "void", "new", "extends", "keyof")
        return kind in ("number", "text", "regex", "close") or before == ">"
