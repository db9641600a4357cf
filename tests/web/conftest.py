from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.served import Site


@pytest.fixture
def site(tmp_path: Path) -> "Iterator[Site]":
    """Pages over an empty database."""
    from tests.web.served import served  # the whole site; the pure tests here need none of it

    with served(tmp_path) as running:
        yield running


@pytest.fixture
def mira(site: "Site") -> "Site":
    """The same, with Mira, the owner, signed in."""
    site.user()
    assert site.sign_in().status_code == 303
    return site
