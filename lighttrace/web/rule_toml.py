"""A rule as the file has it: its lines, plain and coloured. Pure."""

import json
from dataclasses import dataclass

from markupsafe import Markup, escape

from lighttrace.event.triggers import duration
from lighttrace.settings.alert_rules import AlertRule


@dataclass(frozen=True, slots=True)
class Line:
    """`html` has the same letters as `text`."""

    number: int
    text: str
    html: Markup


def lines(rule: AlertRule) -> list[Line]:
    said: list[tuple[str, str | list[str]]] = [
        ("name", rule.name),
        ("when", _one_or_more([str(it) for it in rule.when])),
    ]
    if rule.project:
        said.append(("project", _one_or_more(list(rule.project))))
    if rule.where is not None:
        said.append(("where", str(rule.where)))
    said.append(("to", _one_or_more(list(rule.to))))
    if rule.every is not None:
        said.append(("every", duration(rule.every)))
    wide = max(len(key) for key, _ in said)
    out = [Line(1, "[[alerts.rule]]", Markup('<span class="k">[[alerts.rule]]</span>'))]
    for number, (key, value) in enumerate(said, 2):
        pad = " " * (wide - len(key))
        texts = value if isinstance(value, list) else [value]
        quoted = [json.dumps(it, ensure_ascii=False) for it in texts]
        plain, coloured = ", ".join(quoted), Markup(", ").join(map(_string, quoted))
        if isinstance(value, list):
            plain, coloured = f"[{plain}]", Markup("[{}]").format(coloured)
        html = Markup('<span class="f">{}</span>{} = {}').format(key, pad, coloured)
        out.append(Line(number, f"{key}{pad} = {plain}", html))
    return out


def _one_or_more(some: list[str]) -> str | list[str]:
    return some[0] if len(some) == 1 else some


def _string(quoted: str) -> Markup:
    return Markup('<span class="s">{}</span>').format(escape(quoted))
