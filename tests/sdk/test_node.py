"""The Node SDK and sentry-cli, unmodified."""

from pathlib import Path

import pytest

from tests.sdk.server import Server, run_client

pytestmark = pytest.mark.sdk
PROGRAMS = Path(__file__).parent / "programs"
CORPUS = Path(__file__).parents[1] / "data" / "corpus"


def test_an_uncaught_error_of_node_arrives_with_its_steps(
    server: Server, node_modules: Path
) -> None:
    dsn, token = server.dsn("shop"), server.token()
    run_client(["node", "node_uncaught.js"], dsn, PROGRAMS)

    (issue,) = server.api("projects/lighttrace/shop/issues/", token)
    assert issue["title"].startswith("TypeError: Cannot read properties of undefined")
    event = server.api(f"issues/{issue['id']}/events/latest/", token)
    (crumbs,) = [e["data"]["values"] for e in event["entries"] if e["type"] == "breadcrumbs"]
    assert crumbs[-1]["message"] == "pressed the button"
    (exceptions,) = [e["data"]["values"] for e in event["entries"] if e["type"] == "exception"]
    assert exceptions[-1]["stacktrace"]["frames"][-1]["function"] == "price"


def test_sentry_cli_sends_an_event(server: Server, node_modules: Path) -> None:
    dsn, token = server.dsn("shop"), server.token()
    cli = str(node_modules / ".bin" / "sentry-cli")
    command = [cli, "send-event", "-m", "Deploy %s failed", "-a", "eu-1", "-t", "team:ops"]
    said = run_client(command, dsn, PROGRAMS)

    (issue,) = server.api("projects/lighttrace/shop/issues/", token)
    assert issue["title"] == "Deploy eu-1 failed", said
    event = server.api(f"issues/{issue['id']}/events/latest/", token)
    assert event["eventID"] in said.replace("-", "")
    assert {"key": "team", "value": "ops"} in event["tags"]


def test_sentry_cli_sends_a_stored_envelope(
    server: Server, node_modules: Path, tmp_path: Path
) -> None:
    dsn, token = server.dsn("shop"), server.token()
    stored = tmp_path / "stored.envelope"
    event_id = "9ec79c33ec9942ab8353589fcb2e04dc"
    stored.write_text(
        f'{{"event_id":"{event_id}"}}\n{{"type":"event"}}\n'
        '{"message":"from a stored envelope","level":"warning"}\n',
        encoding="utf-8",
    )
    cli = str(node_modules / ".bin" / "sentry-cli")
    said = run_client([cli, "send-envelope", str(stored)], dsn, PROGRAMS)

    (issue,) = server.api("projects/lighttrace/shop/issues/", token)
    assert (issue["title"], issue["level"]) == ("from a stored envelope", "warning"), said
