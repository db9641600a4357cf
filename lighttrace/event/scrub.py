"""Secrets out, before grouping, before storing, before any mail. Pure over the decoded payload,
which it may change.

Two questions: does a *key* name a secret (`secret_keys`), and does a *value* look like one
(`secret_values`). Numbers and booleans stay. Source code is left alone.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from lighttrace.errors import EventError
from lighttrace.event.model import Json, Raw
from lighttrace.event.secret_keys import ADDRESS, LEAVE, SECRET, WHOLE_PARTS, Verdicts
from lighttrace.event.secret_values import FILTERED, Gates, cleaned, open_gates

DEPTH = 120
REMARKS = 100  # places named in `_meta`; more would only make the body grow

Path = tuple["Path", str | int] | None


@dataclass(frozen=True, slots=True)
class ScrubRules:
    """`extra_keys` are secret too, as words or complete names; `safe_keys` never are, as complete
    names.
    """

    enabled: bool = True
    extra_keys: tuple[str, ...] = ()
    safe_keys: tuple[str, ...] = ()
    keep_addresses: bool = True


@dataclass(frozen=True, slots=True)
class Scrubbed:
    raw: Raw
    changed: bool


def scrub(raw: Raw, rules: ScrubRules, payload: bytes) -> Scrubbed:
    """Replace what is secret by `[Filtered]`. `payload`: the bytes `raw` was decoded from, for the
    gates.

    Raises EventError if the event nests deeper than any SDK does.
    """
    walk = _Walk(verdicts_under(rules), open_gates(payload) if rules.enabled else (), rules.enabled)
    try:
        walk.mapping(raw, None, 0)
    except RecursionError as error:
        raise EventError(f"The event nests deeper than {DEPTH} levels.") from error
    if walk.hits:
        _remark(raw, walk.hits)
    return Scrubbed(raw, bool(walk.hits))


@lru_cache(maxsize=64)
def verdicts_under(rules: ScrubRules) -> Verdicts:
    return Verdicts(
        rules.extra_keys,
        rules.safe_keys,
        secrets=rules.enabled,
        addresses=not rules.keep_addresses,
    )


@dataclass(slots=True)
class _Walk:
    verdicts: Verdicts
    gates: Gates
    reads_text: bool
    hits: list[Path] = field(default_factory=list)

    def mapping(self, value: dict[str, Json], path: Path, depth: int) -> None:
        if depth > DEPTH:
            raise EventError(f"The event nests deeper than {DEPTH} levels.")
        verdicts = self.verdicts
        gates = self.gates
        reads_text = self.reads_text
        is_pair = len(value) == 2 and "key" in value and "value" in value
        if is_pair and type(value["key"]) is str and verdicts[value["key"]] == SECRET:
            self._replace(value, "value", (path, "value"))
        for key, item in value.items():
            kind = type(item)
            if kind is not str and kind is not dict and kind is not list:
                continue
            judged = verdicts[key]
            if judged == LEAVE:
                # code is text; something with keys of its own is data under the same name
                is_code = kind is str or (kind is list and item and type(item[0]) is str)
                if is_code or (path is None and key in WHOLE_PARTS):
                    continue
            elif judged:
                if not (is_pair and key == "key"):
                    self._replace(value, key, (path, key))
                continue
            if kind is str:
                if reads_text and len(item) > 7 and (gates or "=" in item or ":" in item):
                    self._text(value, key, item, path)
            elif kind is dict:
                self.mapping(item, (path, key), depth + 1)
            else:
                self.sequence(item, (path, key), depth + 1)

    def sequence(self, value: list[Json], path: Path, depth: int) -> None:
        if depth > DEPTH:
            raise EventError(f"The event nests deeper than {DEPTH} levels.")
        if len(value) == 2 and type(value[0]) is str:
            judged = self.verdicts[value[0]]
            if judged in (SECRET, ADDRESS):
                self._replace(value, 1, (path, 1))
                return
        for index, item in enumerate(value):
            kind = type(item)
            if kind is str:
                if self.reads_text and len(item) > 7 and (self.gates or "=" in item or ":" in item):
                    self._text(value, index, item, path)
            elif kind is dict:
                self.mapping(item, (path, index), depth + 1)
            elif kind is list:
                self.sequence(item, (path, index), depth + 1)

    def _replace(self, owner: Json, key: str | int, path: Path) -> None:
        item = owner[key]
        if item and type(item) in (str, dict, list) and item != FILTERED and item != "{{auto}}":
            owner[key] = FILTERED
            self.hits.append(path)

    def _text(self, owner: Json, key: str | int, item: str, path: Path) -> None:
        clean = cleaned(item, self.gates, self.verdicts)
        if clean != item:
            owner[key] = clean
            self.hits.append((path, key))


def _remark(raw: Raw, hits: list[Path]) -> None:
    """Say in `_meta` where something was, in the form SDKs use: `{"": {"rem": [[rule, "s"]]}}`."""
    meta = raw.get("_meta")
    root = meta if type(meta) is dict else {}
    for hit in hits[:REMARKS]:
        node = root
        for step in _steps(hit):
            inner = node.get(step)
            if type(inner) is not dict:
                inner = node[step] = {}
            node = inner
        node.setdefault("", {"rem": [["@lighttrace:secret", "s"]]})
    raw["_meta"] = root


def _steps(path: Path) -> list[str]:
    steps = []
    while path is not None:
        path, step = path
        steps.append(str(step))
    return steps[::-1]
