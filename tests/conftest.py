"""What every test gets: asyncio, a clock that stands still, and no skipping in CI."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from lighttrace.clock import FixedClock

settings.register_profile("house", deadline=None)  # a slow machine is no finding
settings.load_profile("house")

NOW_MS = 1_795_000_000_000  # 2026-11-18, an ordinary Wednesday morning


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Servers and browsers get one lane each, so that two cores never run six of them."""
    for item in items:
        for lane in ("browser", "sdk"):
            if item.get_closest_marker(lane):
                item.add_marker(pytest.mark.xdist_group(lane))
                break


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that is skipped for want of a tool proves nothing: in CI it fails."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
