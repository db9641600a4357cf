"""What people paste works: the code is the SDK's own, filled in, and safe to show."""

import ast
import shutil
import subprocess

import pytest
import sentry_sdk

from lighttrace.web import snippets

DSN = f"http://{'ab' * 16}@127.0.0.1:9/1"


@pytest.mark.parametrize("sdk", snippets.SDKS, ids=lambda sdk: sdk.slug)
def test_every_snippet_names_dsn_release_environment_and_an_owner(sdk: snippets.Sdk):
    code = snippets.filled(sdk, DSN, "shop")
    for needed in (DSN, "shop@1.0.0", "production", "component", "checkout"):
        assert needed in code
    assert (
        "%" not in code and "whose code it was" in code and "ties every error to a deploy" in code
    )
    shown = snippets.highlighted(code, sdk.lexer)
    assert shown.count('class="ln"') == len(code.split("\n"))
    assert 'class="s' in shown and 'class="err"' not in shown and "style=" not in shown


def test_all_families_of_the_plan_are_there():
    javascript, python = "Browser React Next.js Node", "Python Django Flask FastAPI"
    others = "PHP Laravel Ruby Go Java .NET Flutter"
    assert " ".join(sdk.name for sdk in snippets.SDKS) == f"{javascript} {python} {others}"


def test_what_is_highlighted_is_shown_as_text():
    shown = snippets.highlighted("x = '<script>alert(1)</script>'", "python")
    assert "<script" not in shown and "&lt;script&gt;" in shown


@pytest.mark.parametrize("slug", ["python", "django", "flask", "fastapi"])
def test_the_python_code_and_its_trial_line_compile(slug: str):
    sdk = snippets.BY_SLUG[slug]
    ast.parse(snippets.filled(sdk, DSN, "shop") + "\n" + sdk.trial)


def test_the_python_code_tags_what_fails_afterwards():
    sent = []
    exec(snippets.filled(snippets.BY_SLUG["python"], DSN, "shop"), {})  # our own text
    client = sentry_sdk.get_client()
    try:
        assert client.transport is not None
        client.transport.capture_envelope = lambda envelope: sent.append(envelope.get_event())
        sentry_sdk.capture_message("hello")
    finally:
        client.close(timeout=0)
        sentry_sdk.get_global_scope().clear()
        sentry_sdk.get_global_scope().set_client(None)
    [event] = sent
    assert event["tags"] == {"component": "checkout"}
    assert (event["release"], event["environment"]) == ("shop@1.0.0", "production")


@pytest.mark.parametrize("slug", ["browser", "react", "node"])
def test_the_javascript_parses(slug: str, tmp_path):
    if shutil.which("node") is None:
        pytest.skip("needs Node.js")
    file = tmp_path / "snippet.mjs"
    file.write_text(snippets.filled(snippets.BY_SLUG[slug], DSN, "shop"))
    done = subprocess.run(["node", "--check", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("asked", "platform", "found"),
    [
        ("go", "python", "go"),
        (None, "python-django", "django"),
        (None, "javascript", "browser"),
        (None, "python-tornado", "python"),
        (None, "rust", "browser"),
        ("<b>", None, "browser"),
        (None, "", "browser"),
    ],
)
def test_the_open_tab_is_the_one_asked_for_or_the_nearest_to_the_platform(asked, platform, found):
    assert snippets.chosen(asked, platform).slug == found
