"""The Python SDK, unmodified: only its DSN points at LightTrace."""

import sys
from pathlib import Path

import pytest

from tests.sdk.server import Server, run_client

pytestmark = pytest.mark.sdk
PROGRAMS = Path(__file__).parent / "programs"


def test_an_uncaught_exception_is_an_issue_before_the_program_is_gone(server: Server) -> None:
    dsn, token = server.dsn("shop"), server.token()
    run_client([sys.executable, "python_uncaught.py"], dsn, PROGRAMS)

    (issue,) = server.api("projects/lighttrace/shop/issues/", token)
    assert issue["title"] == "KeyError: 'amount'"
    assert issue["count"] == "1"
    assert issue["lastRelease"]["version"] == "shop@2.0.0"

    event = server.api(f"issues/{issue['id']}/events/latest/", token)
    (exceptions,) = [e["data"] for e in event["entries"] if e["type"] == "exception"]
    frame = exceptions["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["function"] == "price"
    assert frame["vars"]["row"] == {"sku": "'LAMP-04'"}


def test_messages_chains_groups_and_requests_each_become_one_issue(server: Server) -> None:
    dsn, token = server.dsn("shop"), server.token()
    for _ in range(2):
        run_client([sys.executable, "python_kinds.py"], dsn, PROGRAMS)

    found = server.api("projects/lighttrace/shop/issues/", token)
    issues = {issue["title"]: issue for issue in found}
    assert set(issues) == {
        "stock is low",
        "OrderNotFound: no such order: 7",
        "ExceptionGroup: batch failed",
        "ZeroDivisionError: division by zero",
    }
    assert {issue["count"] for issue in issues.values()} == {"2"}

    broken = issues["ZeroDivisionError: division by zero"]
    assert broken["userCount"] == 1
    event = server.api(f"issues/{broken['id']}/events/latest/", token)
    assert {"key": "component", "value": "checkout"} in event["tags"]
    (request,) = [e["data"] for e in event["entries"] if e["type"] == "request"]
    assert request["method"] == "GET"
    said = str(event)
    assert "s3cr3t" not in said
    assert "Bearer abc" not in said
