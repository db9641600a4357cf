"""What a script says of its map."""

import time
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.comments import comments, inline_map
from lighttrace.sourcemaps.decode import decode
from tests.sourcemaps.test_decode import BROWSER
from tests.sourcemaps.vlq import source_map

DEBUG_ID = "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad"


@pytest.mark.parametrize(
    ("script", "url"),
    [
        (b"pay()\n//# sourceMappingURL=main.js.map", "main.js.map"),
        (b"pay()\n//# sourceMappingURL=main.js.map\n\n", "main.js.map"),
        (b"pay()\r\n//@ sourceMappingURL=main.js.map\r\n", "main.js.map"),
        (b"pay();//# sourceMappingURL=main.js.map", "main.js.map"),
        (b"a{}\n/*# sourceMappingURL=main.css.map */", "main.css.map"),
        (b"//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map", "b.map"),
        (b"//# sourceMappingURL=a.map\n//# debugId=" + DEBUG_ID.encode(), "a.map"),
        (b"//# sourceMappingURL=../maps/a.map?v=1#x\n// the end", "../maps/a.map?v=1#x"),
        (b"//# sourceMappingURL=a.map\npay()", None),
        (b"const tail = '//# sourceMappingURL=' + url", None),
        (b"//# sourceMappingURL=", None),
        (b"// sourceMappingURL=a.map", None),
        (b"pay()", None),
        (b"", None),
    ],
)
def test_the_comment_at_the_end_says_where_the_map_is(script, url):
    assert comments(script).map_url == url


def test_a_debug_id_is_in_a_comment_or_in_what_a_plugin_put_in():
    assert comments(b"pay()\n//# debugId=" + DEBUG_ID.upper().encode()).debug_id == DEBUG_ID
    assert comments(b"pay()\n//# debugId=4711").debug_id is None
    snippet = b'e._sentryDebugIdIdentifier="sentry-dbid-%b"' % DEBUG_ID.encode()
    assert comments(b"{" + snippet + b"}pay()\npay()").debug_id == DEBUG_ID


def test_a_bundle_of_a_real_tool_says_both():
    said = comments((BROWSER / "main.js").read_bytes())
    assert (said.map_url, said.debug_id) == ("main.js.map", DEBUG_ID)


def test_a_map_may_be_in_the_script():
    plain = source_map([[(0, 0, 7, 0, 0)]], sources=["it's.ts"])
    base64 = b64encode(plain).decode()
    for url in (
        f"data:application/json;charset=utf-8;base64,{base64}",
        f"data:application/json;base64,{base64.rstrip('=')}",
        f"DATA:application/json; BASE64,{quote(base64)}",
        f"data:application/json,{quote(plain)}",
        f"data:application/json;charset=utf-8,{quote(plain, safe=chr(39))}",
    ):
        script = b"pay()\n//# sourceMappingURL=" + url.replace(" ", "").encode()
        said = comments(script).map_url
        assert said is not None
        data = inline_map(said)
        assert data is not None
        assert decode(data).sources[0].path == "it's.ts"
    assert inline_map("main.js.map") is None


def test_a_broken_inline_map_says_so():
    for url, sentence in (
        ("data:application/json;base64,AAA*", "is not base64"),
        ("data:application/json", "is cut off"),
    ):
        with pytest.raises(SourceMapError, match=sentence):
            inline_map(url)


@given(
    st.binary(max_size=80) | st.text("/#@*=sourceMapingURLdebugI \n\r", max_size=80).map(str.encode)
)
def test_any_script_has_comments_or_none(script):
    said = comments(b"//# sourceMappingURL=a.map\n" + script).map_url
    assert said is None or said
    try:
        inline_map("data:" + script.decode("latin-1"))
    except SourceMapError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("blanks", [b" ", b"\t", b"\x0b"])
def test_a_line_of_blanks_takes_no_longer_than_it_is(blanks: bytes) -> None:
    began = time.process_time()
    found = comments(b"one();\n//# sourceMappingURL=a.js.map" + blanks * 300_000 + b"*")
    assert found.map_url is None
    assert time.process_time() - began < 5  # tried from each of them, it took three minutes
