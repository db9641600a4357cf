"""The whole of a rehearsal: what a page shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.alerts.rehearse import stage as stages
from lighttrace.alerts.rehearse.missed import Missed, explain
from lighttrace.alerts.rehearse.play import Moment, Shape, play
from lighttrace.alerts.rehearse.stage import DAYS, HOUR_MS, Stage, Tape
from lighttrace.alerts.rehearse.variants import Variant, variants
from lighttrace.alerts.rules import Rule
from lighttrace.event.impact import Weights
from lighttrace.store import mutes, volume
from lighttrace.store.database import Reader
from lighttrace.store.mutes import Muted
from lighttrace.store.rehearsal import Act, Face

BAR_MS = 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Sent:
    """`face` None: about a project as a whole, `project`. `muted`: for everybody, just now."""

    it: Moment
    face: Face | None
    project: str
    act: Act | None
    muted: bool


@dataclass(frozen=True)
class Rehearsal:
    """`bars`: all errors of the projects, a number for each BAR_MS from `since_ms` to `until_ms`.
    `partly`: issues of which not every event was asked or counted one by one; `quiet`: issues that
    were not counted at all.
    """

    sent: tuple[Sent, ...]
    held: tuple[Sent, ...]
    missed: tuple[Missed, ...]
    variants: tuple[Variant, ...]
    faces: dict[int, Face]
    bars: tuple[int, ...]
    since_ms: int
    until_ms: int
    partly: tuple[Tape, ...]
    quiet: int

    @property
    def events(self) -> int:
        return sum(self.bars)


def rehearse(
    db: Reader, rule: Rule, slugs: dict[int, str], weights: Weights, now_ms: int
) -> Rehearsal:
    """`slugs`: the projects that whoever asks sees, and their slugs."""
    own = {id_: slug for id_, slug in slugs.items() if rule.is_for(slug)}
    stage = stages.read(db, rule, own, weights, now_ms)
    shape = Shape(rule.when)
    played = play(stage, shape)
    until_ms = -(-now_ms // BAR_MS) * BAR_MS
    since_ms = until_ms - DAYS * 4 * BAR_MS
    whole = own.keys() == slugs.keys()
    bars = _bars(db, None if whole and len(own) > 1 else sorted(own), since_ms, until_ms)
    muted = [it.what for it in mutes.every(db, now_ms) if it.what.for_user is None]
    return Rehearsal(
        tuple(_sent(stage, it, muted) for it in played.sent),
        tuple(_sent(stage, it, muted) for it in played.held),
        tuple(explain(stage, shape, it) for it in played.missed if it.issue_id in stage.faces),
        tuple(variants(stage, shape, played)),
        stage.faces,
        tuple(bars),
        since_ms,
        until_ms,
        tuple(stages.looked_at([*stage.tapes.values(), *stage.born.values()])),
        stage.quiet,
    )


def _bars(db: Reader, project_ids: Sequence[int] | None, since_ms: int, until_ms: int) -> list[int]:
    if project_ids is not None and not project_ids:
        return [0] * ((until_ms - since_ms) // BAR_MS)
    return volume.bars(db, project_ids, None, since_ms, until_ms, BAR_MS)


def _sent(stage: Stage, it: Moment, muted: Sequence[Muted]) -> Sent:
    face = stage.faces.get(it.issue_id) if it.issue_id is not None else None
    act = stage.act_after(it.issue_id, it.at)
    name = stage.rule.name
    return Sent(
        it,
        face,
        stage.slugs.get(it.project_id, ""),
        act,
        any(one.covers(it.issue_id, it.project_id, name) for one in muted),
    )
