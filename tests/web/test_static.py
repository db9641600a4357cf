"""What browsers load: ours by its content, others' exactly as published."""

import hashlib
import re
import tomllib
from importlib.resources import files
from pathlib import Path

from lighttrace.web import files as static_files

STATIC = Path(str(files("lighttrace.web") / "static"))
TEMPLATES = Path(str(files("lighttrace.web") / "templates"))


def test_vendored_files_are_the_published_ones_and_bring_their_licence():
    listed = tomllib.loads((STATIC / "vendor/vendor.toml").read_text())["file"]
    for entry in listed:
        assert (
            hashlib.sha256((STATIC / "vendor" / entry["path"]).read_bytes()).hexdigest()
            == entry["sha256"]
        ), entry["path"]
        assert entry["name"] and entry["version"] and entry["licence"]
        assert (STATIC / "vendor" / entry["licence_file"]).stat().st_size > 100
    there = {path.name for path in (STATIC / "vendor").iterdir()}
    assert there == {entry["path"] for entry in listed} | {
        entry["licence_file"] for entry in listed
    } | {"vendor.toml"}


def test_the_script_of_our_own_stays_under_six_kilobytes():
    assert (STATIC / "app.js").stat().st_size < 6 * 1024


def test_no_page_loads_anything_from_elsewhere_or_needs_a_looser_policy():
    pages = [path for path in TEMPLATES.rglob("*.html") if "mail" not in path.parts]
    assert pages
    for path in pages:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), f"{path}: inline script"
        assert not re.search(r"<style|\sstyle=", text), f"{path}: inline style"
        assert not re.search(r"\son[a-z]+=|hx-on|javascript:|hx-vals=.js:", text), (
            f"{path}: compiled script"
        )
        assert not re.search(r"""(src|href)=["'](https?:)?//""", text), (
            f"{path}: loads or links elsewhere"
        )


def test_every_icon_that_is_used_exists():
    sprite = (STATIC / "icons.svg").read_text()
    for path in TEMPLATES.rglob("*.html"):
        for name in re.findall(r"\bm?\.?i\('([a-z0-9]+)'", path.read_text()):
            assert f'id="i-{name}"' in sprite, f"{path}: {name}"


def test_every_colour_comes_in_light_and_dark():
    css = (STATIC / "app.css").read_text()
    tokens = css.split("2 · base")[0]
    colours = re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})", tokens)
    assert [name for name, _ in colours] == ["on-accent"]
    used = set(re.findall(r"var\(--([a-z0-9-]+)", css))
    defined = set(re.findall(r"--([a-z0-9-]+):", css))
    assert used <= defined, used - defined


def test_addresses_change_with_the_content():
    address = static_files.url("/errors", "app.css")
    digest = hashlib.sha256((STATIC / "app.css").read_bytes()).hexdigest()[:12]
    assert address == f"/errors/static/app.css?v={digest}"
