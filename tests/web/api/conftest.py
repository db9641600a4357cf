import pytest

from tests.web.api.asking import Script, shop
from tests.web.served import Site


@pytest.fixture
def script(site: Site) -> Script:
    """A token with the usual scopes, over the empty projects `shop` and `blog`."""
    return Script(shop(site))
