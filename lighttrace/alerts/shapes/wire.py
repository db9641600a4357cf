"""JSON on its way out."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lighttrace.outward import Request

JSON = {"Content-Type": "application/json"}


def request(
    url: str, payload: Any, headers: Mapping[str, str] | None = None, method: str = "POST"
) -> Request:
    return Request(url, msgspec.json.encode(payload), {**JSON, **(headers or {})}, method)
