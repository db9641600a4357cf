"""The pages around an issue, as one table: they come before `/issues/{short_id}`, which would take
`SHOP-1.md` for the name of an issue.
"""

from lighttrace.web.guards import Page
from lighttrace.web.pages import event_table, export, grouping, issue_copy, notes, tags, users

PAGES: tuple[Page, ...] = (
    *export.PAGES,
    *issue_copy.PAGES,
    *event_table.PAGES,
    *grouping.PAGES,
    *notes.PAGES,
    *tags.PAGES,
    *users.PAGES,
)
