"""Did it begin with a release? Until deploys are told, the first event of one stands for it."""

from collections import Counter
from dataclasses import dataclass

from lighttrace.alerts.spikes import words
from lighttrace.alerts.spikes.pasts import MINUTE_MS
from lighttrace.event.model import Json
from lighttrace.store import releases
from lighttrace.store.database import Reader

AFTER_MS = 30 * MINUTE_MS  # what begins later is not put down to a release
SHARE = 0.7  # of the events, that have to carry it
MOST_EVENTS = 500  # of a window, that are looked at


@dataclass(frozen=True, slots=True)
class Began:
    """`after_ms`: from the first event of the release to when the issue became loud."""

    release: str
    after_ms: int

    @property
    def said(self) -> dict[str, Json]:
        """For a cause."""
        said = words.began(self.release, self.after_ms)
        return {"release": self.release, "after_ms": self.after_ms, "words": said}


def began_with(
    db: Reader, issue_id: int, project_id: int, since_ms: int, usual: float
) -> Began | None:
    """The release that an issue became loud with, in a window that began at `since_ms` and would
    usually hold `usual` events. As many of its first ones are not counted to what began, or a wide
    window would have begun before its reason.
    """
    found = releases.carried(db, issue_id, since_ms, MOST_EVENTS)
    (release_id, n), *_ = Counter(it for _, it in found).most_common(1) or [(None, 0)]
    if release_id is None or n < SHARE * len(found):
        return None
    version, first_at = releases.first_event(db, project_id, release_id)
    is_cut = len(found) == MOST_EVENTS
    onset = since_ms if is_cut else found[min(int(usual), len(found) - 1)][0]
    after_ms = onset - first_at
    return Began(version, after_ms) if 0 <= after_ms <= AFTER_MS else None
