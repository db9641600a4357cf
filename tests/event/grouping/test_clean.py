# ruff: noqa: E501  (a table: one name, one line)
"""Names without what varies from build to build."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event.grouping import clean

FUNCTIONS = [
    *((platform, nothing, "") for platform in ("python", "javascript", "native") for nothing in ("?", "<unknown>", "<redacted>", "<anonymous>", "anonymous", "??", "0x7f00", "")),
    ("javascript", "async Object.submitForm", "submitForm"),
    ("javascript", "new Cart", "Cart"),
    ("javascript", "get size [as length]", "size"),
    ("javascript", "HTMLButton.onclick", "onclick"),
    ("javascript", "Cart/this.add/<", ""),
    ("node", "Module._compile", "_compile"),
    ("python", "run.<locals>.step", "step"),
    ("python", "a.<locals>.b.<locals>.<lambda>", "<lambda>"),
    ("python", "<module>", "<module>"),
    ("python", "<genexpr>", "<genexpr>"),
    ("java", "lambda$process$3", ""),
    ("java", "$anonfun$main$1", ""),
    ("java", "$r8$lambda$abc", ""),
    ("java", "access$300", "access"),
    ("kotlin", "onClick", "onClick"),
    ("go", "(*Server).routes.func4", "(*Server).routes.func"),
    ("go", "main.func1.2", "main.func"),
    ("go", "main.gowrap1", "main.func"),
    ("go", "Map[int,string]", "Map"),
    ("ruby", "block in run", "block"),
    ("ruby", "block (2 levels) in run", "block"),
    ("ruby", "rescue in run", "block"),
    ("ruby", "ensure in run", "block"),
    ("ruby", "_app_views_cart_erb___123456_7890", "_app_views_cart_erb"),
    ("ruby", "Shop::Cart#total", "total"),
    ("ruby", "Cart.find", "find"),
    ("php", "class@anonymous\x00/srv/a.php:3$0::run", "class@anonymous::run"),
    ("php", "{closure:App\\Cart::add():42}", "{closure:App\\Cart::add()}"),
    ("php", "[Anonymous function]", ""),
    ("csharp", "Add (int x)", "Add"),
    ("csharp", "<AddAsync>d__12.MoveNext", "AddAsync"),
    ("csharp", "<Load>b__0_1", "Load.lambda"),
    ("csharp", "<Run>g__Local|3_0", "Run.Local"),
    ("dart", "Cart.add.<anonymous closure>.<anonymous closure>", "Cart.add.<fn>"),
    ("dart", "<anonymous closure>", ""),
    ("native", "void app::Sink<int>::push(int const&)", "app::Sink<T>::push"),
    ("native", "app::run() [clone .cold]", "app::run"),
    ("native", "app::run.constprop.2", "app::run"),
    ("native", "app::Cart::total() const", "app::Cart::total"),
    ("native", "std::map<int, std::vector<int>>::at(int)", "std::map<T>::at"),
    ("native", "app::operator<<(std::ostream&, app::Cart)", "app::operator<<"),
    ("native", "app::Cart::operator()(int)", "app::Cart::operator()"),
    ("native", "app::Cart::operator->()", "app::Cart::operator->"),
    ("native", "memcpy@@GLIBC_2.14", "memcpy"),
    ("rust", "shop::cart::total::h0123456789abcdef", "shop::cart::total"),
    ("rust", "<shop::Cart as shop::Sum>::total", "shop::Sum::total"),
    ("rust", "shop::main::{{closure}}", "shop::main::lambda"),
    ("cocoa", "-[Cart add:to:]", "-[Cart add:to:]"),
    ("swift", "Cart.total() -> Int", "Cart.total"),
    ("other", "whatever it is", "whatever it is"),
]  # fmt: skip
MODULES = [
    ("java", "Pay$$EnhancerBySpringCGLIB$$1a2b", "Pay$$<auto>"),
    ("java", "Pay$$SpringCGLIB$$0", "Pay$$<auto>"),
    ("java", "com.sun.proxy.$Proxy12", "com.sun.proxy.$<auto>"),
    ("java", "User$HibernateProxy$Abc123", "User$<auto>"),
    ("java", "User_$$_javassist_7", "User$<auto>"),
    ("java", "User$ByteBuddy$x1Y2", "User$<auto>"),
    ("java", "jdk.internal.reflect.GeneratedMethodAccessor12", "jdk.internal.reflect.GeneratedMethodAccessor"),
    ("java", "Cart$$Lambda/0x00007f", ""),
    ("clojure", "shop.cart$fn__123", "shop.cart$<auto>"),
    ("java", "Menu$1", "Menu$1"),
    ("csharp", "Acme.Cache`1", "Acme.Cache"),
    ("csharp", "Acme.Cart+<>c__DisplayClass3_0", "Acme.Cart"),
    ("csharp", "Acme.Cart+<AddAsync>d__12", "Acme.Cart"),
    ("go", "github.com/x/y@v1.2.3", "github.com/x/y"),
    ("python", "shop.cart", "shop.cart"),
]  # fmt: skip
FILES = [
    ("python", "/srv/releases/20261123/shop/Cart.PY", "cart.py"),
    ("python", "C:\\srv\\shop\\cart.py", "cart.py"),
    ("javascript", "webpack:///./src/cart.ts?a1b2", "cart.ts"),
    ("javascript", "app:///assets/cart.js#L3", "cart.js"),
    ("javascript", "node:internal/process", "process"),
    ("javascript", "/assets/table-3f9a1c2b.js", "table.js"),
    ("javascript", "/assets/main.4f2a91bc.chunk.js", "main.chunk.js"),
    ("javascript", "/assets/index-BxK9fQ2z.js", "index.js"),
    ("javascript", "/assets/react-dom.js", "react-dom.js"),
    ("javascript", "/assets/checkout-page.js", "checkout-page.js"),
    ("php", "/views/0a1b23c4d5e6f70812a4567.php", "<hash>.php"),
    ("python", "<anonymous>", ""),
    ("javascript", "[native code]", ""),
]


@pytest.mark.parametrize(("platform", "name", "kept"), FUNCTIONS)
def test_functions(platform: str, name: str, kept: str) -> None:
    assert clean.function(name, platform) == kept


@pytest.mark.parametrize(("platform", "name", "kept"), MODULES)
def test_modules(platform: str, name: str, kept: str) -> None:
    assert clean.module(name, platform) == kept


@pytest.mark.parametrize(("platform", "path", "kept"), FILES)
def test_files(platform: str, path: str, kept: str) -> None:
    assert clean.file(path, platform) == kept


def test_a_minified_name_says_nothing() -> None:
    assert clean.function("t", "javascript", minified=True) == ""
    assert clean.function("Bu", "javascript", minified=True) == ""
    assert clean.function("pay", "javascript", minified=True) == "pay"
    assert clean.function("t", "javascript") == "t"


def test_the_state_machine_of_a_method_is_the_method() -> None:
    assert clean.csharp_async("MoveNext", "Acme.Cart+<AddAsync>d__12") == "AddAsync"
    assert clean.csharp_async("MoveNext", "Acme.Cart") == "MoveNext"


@pytest.mark.parametrize(
    "spelling",
    [
        "(anonymous namespace)::run(int)",
        "`anonymous namespace'::run(long)",
        "`anonymous-namespace'::run",
        "{anonymous}::run",
        "_GLOBAL__N_1::run",
    ],
)
def test_compilers_spell_one_thing_in_many_ways(spelling: str) -> None:
    assert clean.function(spelling, "native") == "(anonymous)::run"


PLATFORMS = ("python", "javascript", "java", "go", "ruby", "php", "csharp", "dart", "native", "x")
pieces = st.sampled_from(
    [
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "$",
        "::",
        ".",
        "operator",
        "lambda",
        " ",
        "const",
        "&",
        "a",
        "1",
        "\x00",
        "class@anonymous",
        "<locals>",
        " as ",
        " -> ",
        "`",
        "|",
        "closure",
    ]
)


@given(st.sampled_from(PLATFORMS), st.lists(pieces, max_size=40).map("".join))
def test_any_name_is_cleaned_to_one_that_is_not_longer_by_much(platform: str, name: str) -> None:
    for part in (
        clean.function(name, platform),
        clean.module(name, platform),
        clean.file(name, platform),
    ):
        assert len(part) <= 4 * len(name) + 20
