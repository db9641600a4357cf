"""Values as the file would spell them."""

import json
from pathlib import Path
from typing import Any

SHOWN_CHARS = 60  # of a wrong value


def as_toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str) and value.endswith("\n"):
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False, default=str)


def shown(value: Any) -> str:
    """A wrong value in a message: short, and on one line."""
    if isinstance(value, dict):
        return "a table"
    text = as_toml(value) if isinstance(value, str | int | float | list) else str(value)
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
