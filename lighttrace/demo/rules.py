"""The settings of the made-up shop: whose an error is there, and what matters most. They stand
beside its database, where `--data` finds them.
"""

from pathlib import Path

from lighttrace import config as configuration
from lighttrace.config import Config

TEXT = """\
# The rules of a made-up shop. What each line means: docs/owners.md and docs/inbox.md.

[owners]
rules = [
    "path:src/checkout/*        #storefront",
    "path:src/search/*          tove@shop.example",
    "path:pricing/*             ines@shop.example",
    "path:billing/*             #billing",
    "tags.queue:stock           #operations",
    "module:com.example.shop.*  #mobile",
]

[[project]]
slug = "shop-web"
high_value = ["tags.component:checkout"]

[[project]]
slug = "shop-api"
high_value = ["transaction:/api/checkout"]
"""


def write(folder: Path) -> Config:
    """What holds in the folder of the demo: these settings, or those that are there already."""
    file = folder / configuration.FILE
    if not file.exists():
        file.write_text(TEXT, encoding="utf-8")
    return configuration.load(file, env={})
