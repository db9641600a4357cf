"""Paths of sources: the same for every build, on every machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.sourcemaps.paths import clean


@pytest.mark.parametrize(
    "source",
    [
        "src/checkout.tsx",
        "./src/checkout.tsx",
        "../../src/checkout.tsx",
        "..\\src\\checkout.tsx",
        "../src/pages/../checkout.tsx",
        "webpack://shop/./src/checkout.tsx",
        "webpack://@acme/shop/./src/checkout.tsx",
        "webpack:///./src/checkout.tsx?4f1c",
        "webpack:///src/checkout.tsx",
        "webpack://_N_E/./src/checkout.tsx",
        "webpack-internal:///./src/checkout.tsx",
        "webpack-internal:///(app-pages-browser)/./src/checkout.tsx",
        "turbopack:///[project]/src/checkout.tsx",
        "ng:///src/checkout.tsx",
        "https://shop.example/src/checkout.tsx",
        "file:///app/src/checkout.tsx",
        "file:///C:/Users/dana/shop/src/checkout.tsx",
        "C:\\Users\\dana\\shop\\src\\checkout.tsx",
        "D:\\a\\shop\\shop\\src\\checkout.tsx",
        "/home/dana/code/shop/src/checkout.tsx",
        "/Users/dana/code/shop/src/checkout.tsx",
        "/home/runner/work/shop/shop/src/checkout.tsx",
        "/usr/src/app/src/checkout.tsx",
        "/builds/acme/shop/src/checkout.tsx",
        "/vercel/path0/src/checkout.tsx",
        "\0src/checkout.tsx",
    ],
)
def test_a_source_has_one_path_whoever_wrote_it(source):
    assert clean(source) == "src/checkout.tsx"


@pytest.mark.parametrize(
    ("source", "root", "path"),
    [
        ("checkout.tsx", "src", "src/checkout.tsx"),
        ("checkout.tsx", "src/", "src/checkout.tsx"),
        ("../checkout.tsx", "/app/src/pages/", "src/checkout.tsx"),
        ("checkout.tsx", "webpack://shop/./src", "src/checkout.tsx"),
        ("/app/src/checkout.tsx", "/elsewhere", "src/checkout.tsx"),
        ("webpack:///./src/checkout.tsx", "/elsewhere", "src/checkout.tsx"),
        ("../node_modules/react/index.js", "", "node_modules/react/index.js"),
        ("../web/node_modules/react/index.js", "", "node_modules/react/index.js"),
        ("/app/node_modules/react/lib/index.js", "", "node_modules/react/lib/index.js"),
        (
            "../node_modules/.pnpm/react@18.2.0/node_modules/react/index.js",
            "",
            "node_modules/react/index.js",
        ),
        ("src/app/(shop)/page.tsx", "", "src/app/(shop)/page.tsx"),
        ("webpack://_N_E/./app/(shop)/page.tsx", "", "app/(shop)/page.tsx"),
        ("/srv/shop/packages/ui/src/button.tsx", "", "packages/ui/src/button.tsx"),
        ("/opt/shop/checkout.js", "", "opt/shop/checkout.js"),
        ("webpack/bootstrap 5c3fd0a1b2c3d4e5f607", "", "webpack/bootstrap"),
        ("webpack://shop/webpack/runtime/chunk loaded", "", "webpack/runtime/chunk loaded"),
        ("src/pages/[id].tsx", "", "src/pages/[id].tsx"),
        ("src/App.vue?vue&type=script&lang.ts", "", "src/App.vue"),
        ("<anonymous>", "", "<anonymous>"),
        ("..", "", "unnamed"),
        ("", "", "unnamed"),
    ],
)
def test_what_leads_to_a_source_goes_and_what_names_it_stays(source, root, path):
    assert clean(source, root) == path


@given(st.text("abc/.\\:?C \0[", max_size=40), st.text("ab/.:\\", max_size=10))
def test_a_path_is_never_empty_and_never_absolute(source, root):
    path = clean(source, root)
    assert path
    assert not path.startswith("/")
    assert ".." not in path.split("/")
