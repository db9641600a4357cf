"""What a service answers, in plain words; and signatures that others can check."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lighttrace.alerts.shapes.generic import signature
from lighttrace.alerts.webhook import LONGEST_PAUSE_S, Post, send_test
from lighttrace.errors import DeliveryError
from tests.alerts.hooks import KINDS, NOON, URL, Answer, Hooked, a_hook, hooked, some_news

DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


async def refusal(server: Hooked, kind: str = "slack") -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await Post(a_hook(kind, server.base)).send(some_news(), NOON)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "words", "permanent", "down"),
    [
        ((404, {}, b"no_service"), "there is no such webhook", True, True),
        ((410, {}, b"channel_is_archived"), "was removed", True, True),
        ((400, {}, b"invalid_payload"), "does not take the message", True, False),
        ((401, {}, b"{}"), "does not know the secret", False, True),
        ((403, {}, b"action_prohibited"), "does not let us write", False, True),
        ((418, {}, b"teapot"), "does not say why", False, False),
        ((500, {}, b"<html>oops"), "in trouble itself", False, True),
        ((503, {}, b""), "in trouble itself", False, True),
        ((302, {"Location": "http://127.0.0.1/"}, b""), "redirects are not followed", False, True),
    ],
)
async def test_a_refusal_says_what_it_means_and_whether_it_lasts(
    answer: Answer, words: str, permanent: bool, down: bool
) -> None:
    with hooked() as server:
        server.answer = answer
        error = await refusal(server)
    assert words in str(error)
    assert answer[2].decode() in str(error)
    assert error.code == str(answer[0])
    assert (error.permanent, error.channel_down) == (permanent, down)
    assert len(server.arrived) == 1


@pytest.mark.parametrize(
    ("headers", "body", "pause_s"),
    [
        ({"Retry-After": "30"}, b"", 30),
        ({"Retry-After": "Tue, 24 Nov 2026 12:02:00 GMT"}, b"", 120),
        ({"Retry-After": "Tue, 24 Nov 2026 11:00:00 GMT"}, b"", 1),
        ({"Retry-After": "0"}, b"", 1),
        ({"Retry-After": "99999999999999999999"}, b"", LONGEST_PAUSE_S),
        ({"Retry-After": "soon"}, b"", None),
        ({}, b'{"message": "rate limited", "retry_after": 1.5, "global": false}', 1),
        ({}, b'{"ok": false, "parameters": {"retry_after": 42}}', 42),
        ({}, b'{"retry_after": "x", "parameters": 3}', None),
        ({}, b"[" * 4000, None),
        ({}, b"", None),
    ],
)
async def test_who_asks_us_to_wait_is_heeded_within_reason(
    headers: dict[str, str], body: bytes, pause_s: int | None
) -> None:
    with hooked() as server:
        server.answer = (429, headers, body)
        error = await refusal(server)
    assert error.retry_after_s == pause_s
    assert error.channel_down and not error.permanent


@pytest.mark.parametrize("kind", KINDS)
async def test_no_sentence_holds_a_secret_though_the_server_repeats_all_it_was_told(
    kind: str,
) -> None:
    with hooked() as server:
        hook = a_hook(kind, server.base)

        def repeat() -> Answer:
            it = server.arrived[-1]
            said = f"{hook.url} {hook.secret} {hook.chat} {it.path} {it.headers}"
            return 400, {}, said.encode()

        server.answer = repeat
        with pytest.raises(DeliveryError) as caught:
            await Post(hook).send(some_news(), NOON)
    for secret in ("s3cr3t", "battery-staple", "tk_1"):
        assert secret not in str(caught.value)


async def test_what_is_kept_of_an_answer_is_one_short_line() -> None:
    with hooked() as server:
        server.answer = (200, {}, b"two\nlines \x1b[31m\xff " + b"x" * 5000)
        _, words = await Post(a_hook("slack", server.base)).send(some_news(), NOON)
    assert words.startswith("two lines [31m")
    assert len(words) <= 200


async def test_a_private_address_names_the_setting_that_allows_it() -> None:
    hook = a_hook("slack", "https://127.0.0.1", allow_private=False)
    with pytest.raises(DeliveryError, match='allow_private = true for "chat"') as caught:
        await Post(hook).send(some_news(), NOON)
    assert caught.value.channel_down


@pytest.mark.parametrize("kind", KINDS)
async def test_a_test_message_goes_through(kind: str) -> None:
    with hooked(kind) as server:
        assert await send_test(a_hook(kind, server.base), URL, NOON) == "ok"


def examples() -> list[tuple[str, str]]:
    """The programs in the document, by language."""
    found = re.findall(r"^```(python|js)\n(.*?)^```", DOCS.read_text("utf-8"), re.M | re.S)
    return [
        (language, code) for language, code in found if "def is_ours" in code or "isOurs" in code
    ]


@pytest.mark.parametrize(("language", "code"), examples(), ids=[it for it, _ in examples()])
async def test_the_documents_programs_tell_ours_from_what_is_not(
    language: str, code: str, tmp_path: Path
) -> None:
    with hooked("generic") as server:
        await Post(a_hook("generic", server.base)).send(some_news(), NOON)
    (it,) = server.arrived
    stamp, signed = it.headers["lighttrace-timestamp"], it.headers["lighttrace-signature"]
    body, now = it.body.decode(), NOON // 1000
    forged = f"v1={signature('another', stamp, it.body)}"
    cases = [
        (body, stamp, signed, now, True),
        (body, stamp, signed, now + 200, True),
        (body, stamp, signed, now + 400, False),  # somebody sends it again
        (body.replace("KeyError", "Other"), stamp, signed, now, False),
        (body, str(now + 1), signed, now, False),
        (body, stamp, forged, now, False),
        (body, stamp, "", now, False),
        (body, "soon", signed, now, False),
    ]
    file = tmp_path / ("check.py" if language == "python" else "check.cjs")
    if language == "python":
        end = "import json\nprint(json.dumps([is_ours('battery-staple', b.encode(), t, s, n) "
        end += f"for b, t, s, n, _ in json.loads({json.dumps(json.dumps(cases))})]))"
        command = [sys.executable, str(file)]
    else:
        node = shutil.which("node")
        assert node is not None
        end = f"console.log(JSON.stringify({json.dumps(cases)}.map(([b, t, s, n]) => "
        end += "isOurs('battery-staple', Buffer.from(b), t, s, n))))"
        command = [node, str(file)]
    file.write_text(f"{code}\n{end}\n", "utf-8")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == [expected for *_, expected in cases]


def test_both_programs_are_there() -> None:
    assert [language for language, _ in examples()] == ["python", "js"]
