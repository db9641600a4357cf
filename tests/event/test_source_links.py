# ruff: noqa: E501  (tables: one case, one line)
"""From frames of every language to lines at the host, and never to anywhere else."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event import source_links
from lighttrace.event.model import Frame, Unmapped
from lighttrace.event.source_links import Link, Prefix, Revision, Rules, Unlinked

SHA = "a41f9c2b7d5e8f00112233445566778899aabbcc"
AT = Revision(SHA, True)
SHOP = "https://git.example.com/acme/shop"


def rules(*paths: str, host: str = "github", repository: str = SHOP) -> Rules:
    found = tuple(source_links.prefix(it) for it in paths)
    template = source_links.preset(host, repository)
    return Rules(template, found, package=source_links.package(repository))


def path(frame: Frame, platform: str, *paths: str, repository: str = SHOP) -> str:
    found = source_links.path_in(frame, rules(*paths, repository=repository), platform)
    return found if isinstance(found, str) else f"none: {found.why}"


def linked(frame: Frame, of: Rules, at: Revision = AT) -> Link:
    found = source_links.link(frame, of, at, "python", own=True)
    assert isinstance(found, Link), found
    return found


API = Frame(filename="shop/api.py", abs_path="/srv/app/shop/api.py", lineno=31)


@pytest.mark.parametrize(
    ("host", "exact", "branch"),
    [
        ("github", f"/blob/{SHA}/shop/api.py#L31", "/blob/feature/x/shop/api.py#L31"),
        ("gitlab", f"/-/blob/{SHA}/shop/api.py#L31", "/-/blob/feature/x/shop/api.py#L31"),
        ("gitea", f"/src/commit/{SHA}/shop/api.py#L31", "/src/branch/feature/x/shop/api.py#L31"),
        ("forgejo", f"/src/commit/{SHA}/shop/api.py#L31", "/src/branch/feature/x/shop/api.py#L31"),
        ("bitbucket", f"/src/{SHA}/shop/api.py#lines-31", "/src/feature/x/shop/api.py#lines-31"),
    ],
)
def test_a_line_at_each_host_by_its_commit_or_by_the_branch(host: str, exact: str, branch: str):
    assert linked(API, rules(host=host)) == Link(SHOP + exact, "shop/api.py", "a41f9c2")
    found = linked(API, rules(host=host), Revision("feature/x", False))
    assert (found.url, found.words) == (SHOP + branch, "Open at feature/x")


def test_a_frame_without_a_line_leads_to_its_file():
    assert linked(Frame(filename="shop/api.py"), rules()).url == f"{SHOP}/blob/{SHA}/shop/api.py"


@pytest.mark.parametrize(
    ("platform", "frame", "paths", "expected"),
    [
        ("javascript", Frame(filename="src/checkout/checkout.tsx"), (), "src/checkout/checkout.tsx"),
        ("javascript", Frame(filename="webpack:///./src/a.ts"), (), "src/a.ts"),
        ("javascript", Frame(filename="webpack://shop/./src/a.ts"), ("webpack://shop/ => web/",), "web/src/a.ts"),
        ("javascript", Frame(filename="src/a.ts"), (" => apps/web/",), "apps/web/src/a.ts"),
        ("javascript", Frame(filename="app/[id]/(shop)/page.tsx"), (), "app/[id]/(shop)/page.tsx"),
        ("node", Frame(abs_path="/srv/app/src/a.js", filename="/srv/app/src/a.js"), ("/srv/app/ =>",), "src/a.js"),
        ("node", Frame(filename="app:///dist/a.js"), ("dist/ => src/",), "src/a.js"),
        ("python", API, (), "shop/api.py"),
        ("python", API, ("/srv/app/ => backend/",), "backend/shop/api.py"),
        ("ruby", Frame(filename="app/models/cart.rb", abs_path="/rails/app/models/cart.rb"), (), "app/models/cart.rb"),
        ("php", Frame(filename="/src/Cart.php", abs_path="/var/www/src/Cart.php"), (), "src/Cart.php"),
        ("csharp", Frame(filename="C:\\build\\Shop\\Cart.cs"), ("C:/build/ => src/",), "src/Shop/Cart.cs"),
        ("csharp", Frame(filename="C:\\build\\Shop\\Cart.cs"), ("C:\\build\\ => src/",), "src/Shop/Cart.cs"),
        ("java", Frame(module="com.example.shop.Cart$Item", filename="Cart.java"), (), "src/main/java/com/example/shop/Cart.java"),
        ("java", Frame(module="com.example.shop.CartKt", filename="Cart.kt"), (), "src/main/kotlin/com/example/shop/Cart.kt"),
        ("java", Frame(module="com.example.shop.Cart", filename="Cart.java"), ("com/ => app/src/main/java/com/",), "app/src/main/java/com/example/shop/Cart.java"),
        ("go", Frame(module="git.example.com/acme/shop/cart", abs_path="/home/ci/x/cart/add.go", filename="/home/ci/x/cart/add.go"), (), "cart/add.go"),
        ("go", Frame(module="git.example.com/acme/shop", abs_path="/home/ci/x/main.go"), (), "main.go"),
        ("go", Frame(module="main", filename="cmd/shop/main.go", abs_path="/home/ci/x/cmd/shop/main.go"), (), "cmd/shop/main.go"),
        ("dart", Frame(filename="package:shop/cart.dart"), (), "lib/cart.dart"),
    ],
)  # fmt: skip
def test_where_the_file_of_a_frame_is_in_the_repository(
    platform: str, frame: Frame, paths: tuple[str, ...], expected: str
):
    assert path(frame, platform, *paths) == expected


def test_the_first_rule_that_fits_counts():
    told = ("/srv/app/shop/ => first/", "/srv/app/ => second/", "shop/ => third/")
    assert path(API, "python", *told) == "first/api.py"
    assert path(API, "python", *told[1:]) == "second/shop/api.py"
    assert path(API, "python", *told[2:]) == "third/api.py"


def test_a_frame_without_a_link_says_why():
    def why(frame: Frame, *, own: bool = True, of: Rules | None = None) -> str:
        found = source_links.link(frame, of or rules(), AT, "javascript", own=own)
        assert isinstance(found, Unlinked)
        return found.why

    assert why(API, own=False) == "it is not your code"
    assert why(Frame(function="f")) == "the event does not say in which file it is"
    assert why(Frame(filename="<anonymous>")) == "the event does not say in which file it is"
    assert "no source map" in why(Frame(filename="https://shop.example/index.js", lineno=1))
    outside = '/srv/app/a.js is outside the rules. One like "/srv/app/ => " would cut it'
    assert why(Frame(filename="/srv/app/a.js")) == outside
    assert why(Frame(filename="src/../../etc/passwd")) == "its path leads out of the repository"
    assert why(API, of=Rules()) == "no host is set"


@pytest.mark.parametrize(
    ("version", "commit"),
    [
        (SHA, SHA),
        (SHA.upper(), SHA),
        (f"shop@{SHA}", SHA),
        ("shop@1.2+abcdef0", "abcdef0"),
        ("shop@1.2.0-14-g2414f21", "2414f21"),
        ("a41f9c2", "a41f9c2"),
        ("shop@1.2+20241120", None),  # a date
        ("com.example.shop@5.2.0+520", None),
        ("shop@1.2.3", None),
        ("deadbeef", None),  # a word
        ("", None),
        ("web@3.18.2", None),
    ],
)
def test_a_version_may_be_or_end_in_a_commit(version: str, commit: str | None):
    assert source_links.commit_in(version) == commit


def test_what_was_told_of_a_release_comes_before_its_version_and_both_before_the_branch():
    assert source_links.revision("web@1+abcdef0", SHA) == Revision(SHA, True)
    assert source_links.revision("web@1+abcdef0", None) == Revision("abcdef0", True)
    assert source_links.revision("web@1", "../../x", "trunk") == Revision("trunk", False)
    assert source_links.revision(None, "a b", "trunk") == Revision("trunk", False)


def test_the_link_of_the_sdk_counts_where_there_is_no_other():
    frame = Frame(filename="C:\\x\\a.cs", source_link="https://raw.example.com/x/a.cs#L3")
    assert linked(frame, rules()) == Link(
        "https://raw.example.com/x/a.cs#L3", "", "raw.example.com"
    )
    for hostile in (
        "javascript:alert(1)",
        "http://x.example/a",
        "https://",
        "https://a@b.example/x",
        "https://b.example/'onclick=1",
        "https://b.example/a b",
        "https://[/x",
        "https://b.example:x/",
    ):
        frame = Frame(filename="/x/a.cs", source_link=hostile)
        assert isinstance(source_links.link(frame, rules(), AT, "csharp", own=True), Unlinked)


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "..",
                "/",
                "\\",
                "//evil.example",
                "%2e%2e",
                "?",
                "#",
                "javascript:",
                "@",
                ":",
                "src",
                "\r\n",
                '"',
                "'",
                "<",
                "{commit}",
                "\x00",
                "a.py",
                "\u202e",
                " ",
                "https://x",
                "C:",
            ]
        ),
        max_size=8,
    ).map("".join),
)


@given(filename=HOSTILE, abs_path=HOSTILE, module=HOSTILE, line=st.integers(), host=st.sampled_from(source_links.HOSTS), platform=st.sampled_from(["javascript", "python", "java", "go", "php"]), cut=st.sampled_from([(), (Prefix("", "web/"),), (Prefix("/", ""),), (Prefix("src", ""),)]))  # fmt: skip
def test_no_path_leads_out_of_the_repository(
    filename: str, abs_path: str, module: str, line: int, host: str, platform: str,
    cut: tuple[Prefix, ...],
):  # fmt: skip
    frame = Frame(filename=filename, abs_path=abs_path, module=module, lineno=line)
    of = Rules(source_links.preset(host, SHOP), cut, package=source_links.package(SHOP))
    found = source_links.link(frame, of, AT, platform, own=True)
    if isinstance(found, Unlinked):
        return
    start = source_links.PRESETS[host].partition("{path}")[0]
    begin = SHOP + start.replace("{commit}", SHA).replace("{kind}", "commit")
    assert found.url.startswith(begin)
    assert found.url.isascii() and found.url.isprintable()
    assert not set(found.url) & set("\"'<>\\ ")
    parts = urlsplit(found.url)
    assert (parts.scheme, parts.netloc, parts.query) == ("https", "git.example.com", "")
    names = parts.path[len(urlsplit(begin).path) :].split("/")
    assert all(unquote(name) not in ("", ".", "..") and "/" not in unquote(name) for name in names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://x.example/{commit}", "{path} is missing"),
        ("https://x.example{path}", "host has to be written out"),
        ("https://{path}/", "host has to be written out"),
        ("javascript:alert({path})", "begin with https://"),
        ("https://x.example/{sha}/{path}", "the fields that there are: {commit}, {path}, {line}"),
        ("https://x.example/{path", "the fields that there are"),
        ("https://x.example/{path} {line}", "a space"),
        ("https://x.example/'{path}", "a space or another character"),
    ],
)
def test_a_template_that_cannot_be_filled_says_why(text: str, said: str):
    with pytest.raises(ValueError, match=r".") as caught:
        source_links.template(text)
    assert said in str(caught.value)


def test_a_template_of_ones_own():
    text = source_links.template("http://cgit.lan/shop/tree/{path}?id={commit}#n{line}")
    assert linked(API, Rules(text)).url == f"http://cgit.lan/shop/tree/shop/api.py?id={SHA}#n31"


def test_a_rule_that_cannot_be_read_says_why():
    for text, said in (("/srv/app/", "no =>"), ("a => ../b", "no .."), ("a\x00 => b", "a line")):
        with pytest.raises(ValueError, match=r".") as caught:
            source_links.prefix(text)
        assert said in str(caught.value)


def test_obfuscated_code_is_nowhere_in_the_repository():
    sent = Frame(module="a.b", function="a", filename="SourceFile", lineno=12)
    unmapped = Frame(module="a.b", filename="Money.java", unmapped=Unmapped("no mapping", ""))
    for frame in (sent, unmapped):
        assert path(frame, "java") == "none: the event does not say in which file it is"
    written = Frame(module="com.shop.Money", filename="Money.java", lineno=12, minified=sent)
    assert path(written, "java") == "src/main/java/com/shop/Money.java"
