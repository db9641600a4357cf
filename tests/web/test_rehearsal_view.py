"""Marks on the lanes of a rehearsal, however many there are."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lighttrace.web import format
from lighttrace.web.rehearsal_view import Scale, marks
from tests.store.make import NOON

DAYS = 14
SCALE = Scale(NOON - DAYS * format.DAY, NOON, "UTC", NOON)
MARK = re.compile(r'<svg( class="wide")? x="([\d.]+)%".*?>(\d+)</text></svg>')


@given(
    st.lists(st.integers(NOON - DAYS * format.DAY, NOON), max_size=300).map(sorted),
    st.sampled_from([1, 95, 990, 9_900]),
    st.sampled_from(["sent", "miss"]),
)
def test_no_number_lies_upon_another(moments: list[int], first: int, kind: str) -> None:
    drawn = marks([(at, n) for n, at in enumerate(moments, first)], SCALE, kind, "Sent")
    found = [(float(x), int(n), not wide) for wide, x, n in MARK.findall(drawn)]
    assert not moments or (found[0][1] == first + len(moments) - 1 and found[0][2])
    on_phones = [it for it in found if it[2]]
    for lane_px, some in ((900, found), (280, on_phones)):
        for (right, n, _), (left, m, _) in pairwise(some):
            assert (right - left) * lane_px / 100 >= 7 * max(len(str(n)), len(str(m)), 3)
