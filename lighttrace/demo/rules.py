"""The settings of the made-up shop: whose an error is there, and what matters most. They stand
beside its database, where `--data` finds them.
"""

from pathlib import Path

from lighttrace import config as configuration
from lighttrace.config import Config

TEXT = """\
# The rules of a made-up shop. What each line means: docs/owners.md, docs/inbox.md, docs/alerts.md.

[owners]
rules = [
    "path:src/checkout/*        #storefront",
    "path:src/search/*          tove@shop.example",
    "path:pricing/*             ines@shop.example",
    "path:billing/*             #billing",
    "tags.queue:stock           #operations",
    "module:com.example.shop.*  #mobile",
]

[alerts]
to = ["mira@shop.example"]
fallback = "jonas@shop.example"

# Addresses that end with .example lead nowhere: nothing leaves the demo.
[[alerts.webhook]]
name = "chat"
kind = "mattermost"
url = "https://chat.shop.example/hooks/made-up"

[[alerts.webhook]]
name = "pager"
kind = "ntfy"
url = "https://pager.shop.example/made-up"
always = true

[[alerts.rule]]
name = "What matters, to whom it belongs"
when = ["new", "regression", "escalating", "spike"]
where = "level:>=error"

[[alerts.rule]]
name = "Checkout, many users"
when = "10 users in 1h"
project = "shop-web"
where = "environment:production component:checkout"
to = ["team:billing", "webhook:chat", "webhook:pager"]
every = "1h"

[[alerts.rule]]
name = "Stock at night"
when = ["spike", "100 events in 10m"]
project = "fulfillment"
where = '!time:"Mon-Fri 08:00-19:00 Europe/Berlin"'
to = "team:operations"

[[alerts.rule]]
name = "Search, odd ones"
when = "new"
project = "shop-web"
where = "level:>=error !level:error !level:fatal"
to = "tove@shop.example"

[[alerts.rule]]
name = "Something does not get through"
when = ["ingest", "quota"]
to = ["jonas@shop.example", "mira@shop.example"]

[alerts.quiet_hours]
from = "22:00"
to = "07:00"
zone = "Europe/Berlin"
level = "spike"

[[project]]
slug = "shop-web"
high_value = ["tags.component:checkout"]

[project.source]
repository = "https://git.shop.example/shop/shop-web"
host = "forgejo"

[[project]]
slug = "shop-api"
high_value = ["transaction:/api/checkout"]

[project.source]
repository = "https://git.shop.example/shop/shop-api"
host = "forgejo"
"""


def write(folder: Path) -> Config:
    """What holds in the folder of the demo: these settings, or those that are there already."""
    file = folder / configuration.FILE
    if not file.exists():
        file.write_text(TEXT, encoding="utf-8")
    return configuration.load(file, env={})
