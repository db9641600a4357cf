"""JSON as people read it: indented, coloured, foldable without script. Pure."""

import json
from collections.abc import Iterator

from markupsafe import Markup, escape

from lighttrace.event.model import Json
from lighttrace.web import format

NODES = 4_000  # values drawn; beyond that only the text of what is left is said to be in the file
TEXT = 2_000  # characters of one string
DEPTH = 24
OPEN_DEPTH = 4  # deeper ones, and long ones, begin folded
LONG = 60


def tree(value: Json) -> Markup:
    left = [NODES]
    return Markup("".join(_node(value, "", 0, left, last=True)))


def _node(value: Json, name: str, depth: int, left: list[int], *, last: bool) -> Iterator[str]:
    comma = "" if last else ","
    left[0] -= 1
    if isinstance(value, dict | list) and value:
        if depth >= DEPTH:
            yield f"<div>{name}{_scalar(json.dumps(value)[:TEXT])}{comma}</div>"
            return
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        words = ("key", "keys") if isinstance(value, dict) else ("entry", "entries")
        count = format.plural(len(value), *words)
        is_open = " open" if depth < OPEN_DEPTH and (depth == 0 or len(value) <= LONG) else ""
        yield f"<details{is_open}><summary>{name}{opening} "
        yield f'<span class="cl">{count}</span></summary><div class="in1">'
        entries = list(value.items()) if isinstance(value, dict) else [(None, it) for it in value]
        for place, (key, item) in enumerate(entries):
            if left[0] <= 0:
                rest = len(entries) - place
                yield f'<div class="c">… {rest:,} more in the file</div>'
                break
            inner = "" if key is None else f'<span class="f">"{escape(key)}"</span>: '
            yield from _node(item, inner, depth + 1, left, last=place == len(entries) - 1)
        yield f"</div><div>{closing}{comma}</div></details>"
        return
    yield f"<div>{name}{_scalar(value)}{comma}</div>"


def _scalar(value: Json) -> str:
    if isinstance(value, str):
        cut = f'<span class="c"> … {len(value) - TEXT:,} more characters</span>'
        text = format.scrubbed(json.dumps(value[:TEXT], ensure_ascii=False))
        return f'<span class="s">{text}</span>' + (cut if len(value) > TEXT else "")
    if isinstance(value, bool) or value is None:
        return f'<span class="k">{json.dumps(value)}</span>'
    if isinstance(value, int | float):
        return f'<span class="n">{value}</span>'
    return "{}" if isinstance(value, dict) else "[]"
