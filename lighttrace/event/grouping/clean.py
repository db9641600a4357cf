"""Names without what varies from build to build: closures get numbers, proxies hashes, templates
arguments.

One function per language, each a row of the table in docs/grouping.md, "Cleaning". None of them
raises; an empty string means that the name says nothing.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from lighttrace.event.frames import family

NAME = 512  # characters of a name that are looked at
_NOTHING = frozenset(
    ("", "?", "??", "<unknown>", "<redacted>", "<anonymous>",
     "<anonymous function>", "Anonymous function", "anonymous")
)  # fmt: skip
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@lru_cache(maxsize=16_384)
def function(name: str, platform: str, *, minified: bool = False) -> str:
    """A function's name without what varies. `minified`: short names of it mean nothing."""
    name = name[:NAME].strip()
    if name in _NOTHING or _ADDRESS.fullmatch(name):
        return ""
    kind = family(platform)
    cleaned = _FUNCTIONS.get(kind, _as_it_is)(name)
    if cleaned in _NOTHING or (minified and len(cleaned) <= 2):
        return ""
    return cleaned


@lru_cache(maxsize=16_384)
def module(name: str, platform: str) -> str:
    """A module's or class's name without what varies."""
    return _MODULES.get(family(platform), _as_it_is)(name[:NAME].strip())


def _as_it_is(name: str) -> str:
    return name


_JS_PREFIX = re.compile(r"^(?:(?:async|new|get|set|static|bound) )+")
_JS_ALIAS = re.compile(r" \[as [^\]]{1,200}\]$")


def _javascript(name: str) -> str:
    name = _JS_ALIAS.sub("", _JS_PREFIX.sub("", name))
    if name.endswith("/<"):  # Firefox: an anonymous function within
        return ""
    last = name.rpartition(".")[2]
    return last.rpartition("/")[2] if last.endswith("<") else last


def _python(name: str) -> str:
    return name.rpartition("<locals>.")[2]


_JAVA_LAMBDA = re.compile(r"^(?:lambda\$|\$anonfun\$|\$r8\$lambda\$)")
_JAVA_NUMBER = re.compile(r"\$\d+$")


def _java(name: str) -> str:
    return "" if _JAVA_LAMBDA.match(name) else _JAVA_NUMBER.sub("", name)


_JAVA_AUTO = (
    (re.compile(r"(Generated(?:Method|Constructor|SerializationConstructor)Accessor)\d+"), r"\1"),
    (re.compile(r"\$\$(?:EnhancerBy|FastClassBy)\w*\$\$[0-9a-f]+.*$"), "$$<auto>"),
    (re.compile(r"\$\$SpringCGLIB\$\$\d+.*$"), "$$<auto>"),
    (re.compile(r"\$HibernateProxy\$\w+$"), "$<auto>"),
    (re.compile(r"\$Proxy\d+"), "$<auto>"),
    (re.compile(r"_\$\$_javassist_\w+$"), "$<auto>"),
    (re.compile(r"\$ByteBuddy\$\w+$"), "$<auto>"),
    (re.compile(r"\$fn__\d+"), "$<auto>"),
    (re.compile(r"\$eval\d+"), "$<auto>"),
)


def _java_module(name: str) -> str:
    if "$$Lambda" in name:
        return ""
    if "$" in name or "Accessor" in name or "_$$_" in name:
        for pattern, replacement in _JAVA_AUTO:
            name = pattern.sub(replacement, name)
    return name


_GO_CLOSURE = re.compile(r"\.(?:func|gowrap|deferwrap)\d+(?:\.\d+|\.(?:func|gowrap|deferwrap)\d+)*")
_GO_VERSION = re.compile(r"@v\d[\w.\-+]*")


def _go(name: str) -> str:
    return _GO_VERSION.sub("", _GO_CLOSURE.sub(".func", _without_brackets(name, "[", "]", "")))


_RUBY_BLOCK = re.compile(r"^(?:block(?: \(\d+ levels\))?|rescue|ensure) in .*$", re.DOTALL)
_RUBY_TEMPLATE = re.compile(r"__+\d+_\d+$")
_RUBY_LABEL = re.compile(r"^[A-Z][\w:]*[#.](?=[\w=?!\[\]<>+\-*/%&|^~]+$)")


def _ruby(name: str) -> str:
    if _RUBY_BLOCK.match(name):
        return "block"
    return _RUBY_LABEL.sub("", _RUBY_TEMPLATE.sub("", name))


_PHP_ANONYMOUS = re.compile(r"class@anonymous.*?(?=::|$)", re.DOTALL)
_PHP_CLOSURE_LINE = re.compile(r"(\{closure:[^}]{0,400}?):\d+\}")


def _php(name: str) -> str:
    if name.startswith("[Anonymous"):
        return ""
    return _PHP_CLOSURE_LINE.sub(r"\1}", _PHP_ANONYMOUS.sub("class@anonymous", name))


_CS_STATE = re.compile(r"<(\w+)>d__\d+(?:`\d+)?\.MoveNext$")
_CS_LAMBDA = re.compile(r"<(\w*)>b__[\w|]+$")
_CS_LOCAL = re.compile(r"<(\w*)>g__(\w+)\|\d+_\d+$")
_CS_STATE_MODULE = re.compile(r"[+.]<(\w+)>d__\d+(?:`\d+)?$")
_CS_GENERATED = re.compile(
    r"[+.]<[^>]*>(?:c__DisplayClass\w+|c|d__\d+)(?:`\d+)?|`\d+(?:\[\[.*?\]\]|\[.*?\])?"
)


def _csharp(name: str) -> str:
    name = name.partition(" (")[0].partition("(")[0].strip()
    if found := _CS_STATE.search(name):
        return found[1]
    if found := _CS_LOCAL.search(name):
        return f"{found[1]}.{found[2]}"
    if found := _CS_LAMBDA.search(name):
        return f"{found[1]}.lambda" if found[1] else "lambda"
    return name


def csharp_async(name: str, module_name: str) -> str:
    """`MoveNext` of a state machine is the method it was made from, which stands in the module's
    name.
    """
    found = _CS_STATE_MODULE.search(module_name[:NAME])
    return found[1] if name == "MoveNext" and found else name


def _csharp_module(name: str) -> str:
    return _CS_GENERATED.sub("", name)


_DART_CLOSURE = re.compile(r"(?:\.<fn>)+")


def _dart(name: str) -> str:
    name = _DART_CLOSURE.sub(".<fn>", name.replace("<anonymous closure>", "<fn>"))
    return "" if name == "<fn>" else name


_NATIVE_CLONE = re.compile(
    r" ?\[clone [^\]]{1,80}\]|\.(?:cold|isra|part|constprop|lto_priv|llvm)(?:\.\d+)?(?=$|[ (.])"
)
_NATIVE_ANONYMOUS = re.compile(
    r"\(anonymous namespace\)|`anonymous namespace'|`anonymous-namespace'"
    r"|\{anonymous\}|_GLOBAL__N_1"
)
_NATIVE_LAMBDA = re.compile(
    r"\{lambda\([^{}]{0,300}\)#\d+\}|\{\{closure\}\}|lambda_[0-9a-f]{32}|<lambda_[0-9a-f]+>"
    r"|\$_\d+|'lambda\d*'(?:\([^()]{0,300}\))?"
)
_NATIVE_HASH = re.compile(r"::h[0-9a-f]{16}$")
_NATIVE_GLIBC = re.compile(r"@@?[A-Z]+_[\d.]+$")
_NATIVE_TRAIT = re.compile(r"^<[^<>]{1,200} as ([^<>]{1,200})>::")
_NATIVE_TAIL = re.compile(r"(?:\s*(?:const|volatile|noexcept|&&?))+$")
_NATIVE_OPERATOR = re.compile(
    r"operator(?:\(\)|\[\]|<<=?|>>=?|<=>|->\*?|[<>]=?|[^\w\s(]{1,3}|\s[\w:]{1,60}[*&]?)"
)


def _native(name: str) -> str:
    if name[:2] in ("-[", "+["):  # Objective-C says it all
        return name
    name = name.partition(" -> ")[0]
    name = _NATIVE_HASH.sub("", _NATIVE_GLIBC.sub("", name))
    name = _NATIVE_ANONYMOUS.sub("(anonymous)", _NATIVE_CLONE.sub("", name))
    name = _NATIVE_LAMBDA.sub("lambda", name)
    name = _NATIVE_TRAIT.sub(r"\1::", name)
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"operator\x01{len(kept) - 1}\x02"

    name = _NATIVE_OPERATOR.sub(hide, name).replace("(anonymous)", "\x03")
    name = _NATIVE_TAIL.sub("", name)
    name = _without_brackets(name, "(", ")", "")
    name = _without_brackets(name, "<", ">", "<T>")
    name = _NATIVE_TAIL.sub("", name).strip()
    name = name.rpartition(" ")[2].lstrip("*&") if " " in name else name
    for number, text in enumerate(kept):
        name = name.replace(f"operator\x01{number}\x02", text)
    return name.replace("\x03", "(anonymous)")


def _without_brackets(name: str, opening: str, closing: str, replacement: str) -> str:
    """The outermost bracketed parts replaced. One pass, so that hostile nesting costs nothing."""
    if opening not in name:
        return name
    out: list[str] = []
    depth = 0
    for char in name:
        if char == opening:
            if depth == 0:
                out.append(replacement)
            depth += 1
        elif char == closing and depth:
            depth -= 1
        elif depth == 0:
            out.append(char)
    return "".join(out)


_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "javascript": _javascript,
    "python": _python,
    "java": _java,
    "go": _go,
    "ruby": _ruby,
    "php": _php,
    "csharp": _csharp,
    "dart": _dart,
    "native": _native,
}
_MODULES: dict[str, Callable[[str], str]] = {
    "java": _java_module,
    "csharp": _csharp_module,
    "go": _go,
}

_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.\-]{1,20}:)(?://)?", re.IGNORECASE)
_WINDOWS_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_BUNDLE_HASH = re.compile(
    r"[.\-_](?=[0-9a-f]*\d)[0-9a-f]{6,40}(?=\.)"
    r"|[.\-_](?=[\w\-]{8}\.)(?=[\w\-]*\d)(?=[\w\-]*[A-Z])[\w\-]{8}(?=\.)"
)
_HEX_STEM = re.compile(r"^[0-9a-f]{16,}(?=\.|$)")


@lru_cache(maxsize=16_384)
def file(path: str, platform: str) -> str:
    """The base name in lower case, without what a deploy changes: folders differ."""
    if path in _NOTHING or path == "[native code]":
        return ""
    path = path[-1024:]
    if not _WINDOWS_DRIVE.match(path):
        path = _SCHEME.sub("", path)
    base = (
        path.replace("\\", "/").partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    )
    if family(platform) == "javascript":
        base = _BUNDLE_HASH.sub("", base)
    return _HEX_STEM.sub("<hash>", base.lower())
