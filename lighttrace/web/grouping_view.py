"""Why an event is in its issue, and what a rule would change, as their page shows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape

from lighttrace.event.grouping.explain import SEPARATOR, Explanation, Part
from lighttrace.event.grouping.preview import Pile, Preview
from lighttrace.event.grouping.rules import FINGERPRINT
from lighttrace.event.model import Event
from lighttrace.store.issues import Issue
from lighttrace.web import format

PILES = 8  # a side
PILE_PX, GAP_PX = 30, 4
NAMES = 3  # of frames that are folded into one row
_WORDS = {"value": "message"}


@dataclass(frozen=True, slots=True)
class Row:
    """One part of an event: `lines` of it, `left_out` of a part that counts, and why (not)."""

    name: str
    lines: tuple[str, ...]
    used: bool
    reason: str
    left_out: str = ""


def rows(why: Explanation, event: Event, *, used_only: bool = False) -> tuple[Row, ...]:
    """The parts of an event in the order of their weight; frames that do not count for the same
    reason are one row.
    """
    found: list[Row] = []
    said = ""
    for (folds, reason), group in groupby(why.parts, key=_fold_by):
        parts = list(group)
        if folds and len(parts) > 1:
            found.append(_folded(parts, reason))
            continue
        for part in parts:
            row = _row(part)
            if row.used and row.reason and row.reason == said:
                row = Row(row.name, row.lines, True, "as above", row.left_out)
            elif row.used and row.reason:
                said = row.reason
            found.append(row)
    if why.method not in ("fingerprint", "rule", "checksum"):
        asked = ", ".join(event.fingerprint) or "{{ default }}"
        found.append(
            Row(
                "fingerprint", (asked[:200],), False, "neither the program nor a rule asked for one"
            )
        )
    rest = "release, environment, level, user, URL, tags"
    found.append(Row("the rest", (rest,), False, "never part of grouping, unless a rule says so"))
    return tuple(row for row in found if row.used or not used_only)


def _fold_by(part: Part) -> tuple[bool, str]:
    folds = part.name == "frame" and not part.used
    return folds, part.reason if folds else ""


def _folded(parts: Sequence[Part], reason: str) -> Row:
    names = list(dict.fromkeys(part.place or part.value for part in parts))
    more = ", …" if len(names) > NAMES else ""
    shown = ", ".join(names[:NAMES]) + more
    return Row(f"{len(parts)} frames", (shown,), False, f"ignored: {reason}")


def _row(part: Part) -> Row:
    lines = tuple(part.value.split(SEPARATOR)) if part.name == "frame" else (part.value,)
    reason = part.reason if part.used or not part.reason else f"ignored: {part.reason}"
    if part.used and part.name == "type":
        reason = reason or "the kind of error always counts"
    elif part.used and part.name == "frame":
        reason = f"line numbers never count; {reason}" if reason else "line numbers never count"
    return Row(_WORDS.get(part.name, part.name), lines, part.used, reason, part.left_out)


@dataclass(frozen=True, slots=True)
class Side:
    """One issue before or after a rule. `short`: the end of its id; `href` empty if it is new."""

    short: str
    title: str
    n: int
    path: str = ""
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: tuple[str, str]
    before: tuple[Side, ...]
    after: tuple[Side, ...]
    bands: Markup
    n: int
    begins_new: bool  # some of what comes would be in a new issue


def outcome(preview: Preview, issues: dict[int, Issue], verdict: str) -> Outcome:
    """`issues`: those that are named, by id."""
    head, colon, rest = verdict.partition(": ")
    stay = preview.n - preview.moved
    staying = f"{stay} of {preview.n} events stay" if stay else f"None of {preview.n} events stays"
    second = f"{rest} {staying} where {'they are' if stay else 'it is'}." if preview.moved else rest
    before = [_side(pile, issues) for pile in preview.before[:PILES]]
    after = [_side(pile, issues) for pile in preview.after[:PILES]]
    others = f"{preview.others} other {'issue' if preview.others == 1 else 'issues'}"
    flows = [
        (flow.source, flow.target, flow.n)
        for flow in preview.flows
        if flow.source < PILES and flow.target < PILES
    ]
    for piles, side in ((preview.before, before), (preview.after, after)):
        if len(piles) > PILES:
            n = sum(pile.n for pile in piles[PILES:])
            side.append(Side("", f"{len(piles) - PILES} more", n))
    rest_at = None
    if preview.others:
        rest_at = (len(before), len(after))
        for side in (before, after):
            side.append(Side("", others, preview.other_events, changed=False))
    return Outcome(
        (head + colon.strip(), f"{second[:1].lower()}{second[1:]}" if colon else second),
        tuple(before),
        tuple(after),
        bands(before, after, flows, rest_at, verdict),
        preview.n,
        any(pile.is_new for pile in preview.after),
    )


def _side(pile: Pile, issues: dict[int, Issue]) -> Side:
    issue = issues.get(pile.place) if isinstance(pile.place, int) else None
    if issue is None:
        return Side("new" if pile.is_new else "", pile.title or "an issue", pile.n)
    title = f"{issue.title}: {issue.value}" if issue.value else issue.title
    return Side(issue.short_id, title[:120], pile.n, f"/issues/{issue.short_id}")


def bands(
    before: Sequence[Side],
    after: Sequence[Side],
    flows: Sequence[tuple[int, int, int]],
    rest_at: tuple[int, int] | None,
    label: str,
) -> Markup:
    """Which events go where: a band from a block on the left to one on the right, as wide as its
    share of each.
    """
    height = max(len(before), len(after)) * (PILE_PX + GAP_PX) - GAP_PX
    taken: dict[tuple[str, int], float] = {}

    def share(side: str, at: int, n: int, of: int) -> tuple[float, float]:
        start = taken.get((side, at), at * (PILE_PX + GAP_PX))
        taken[side, at] = end = start + PILE_PX * n / max(1, of)
        return start, end

    out = [
        f'<svg class="joins" width="100%" height="{height}" viewBox="0 0 100 {height}" '
        f'preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
    ]
    drawn = [(source, target, n, "j1") for source, target, n in sorted(flows)]
    if rest_at is not None:
        drawn.append((*rest_at, before[rest_at[0]].n, "j0"))
    for source, target, n, tone in drawn:
        y1, y2 = share("l", source, n, before[source].n)
        z1, z2 = share("r", target, n, after[target].n)
        out.append(
            f'<path class="{tone}" d="M0 {y1:.1f}C50 {y1:.1f} 50 {z1:.1f} 100 {z1:.1f}V{z2:.1f}'
            f'C50 {z2:.1f} 50 {y2:.1f} 0 {y2:.1f}z"/>'
        )
    return Markup("".join(out) + "</svg>")


def snippet(slug: str, kind: str, rule: str, own: Sequence[str]) -> str:
    """What goes into the file: the rules of the project with the new one where it wins."""
    key = "fingerprints" if kind == FINGERPRINT else "stack_rules"
    lines = [rule, *own] if kind == FINGERPRINT else [*own, rule]
    quote = "'''"
    if any(quote in line for line in lines):
        quote = '"""'
        lines = [line.replace("\\", "\\\\").replace('"""', '""\\"') for line in lines]
    text = "\n".join(lines)
    return f'[[project]]\nslug = "{slug}"\n{key} = {quote}\n{text}\n{quote}\n'


def spark_words(day: Sequence[int]) -> str:
    return f"{format.plural(sum(day), 'event')} in the last 24 hours"
