"""Pure functions over one event: no input or output, no clock, no look-up of settings.

May import `errors` only. Keeps the invariant that the same bytes always become the same event,
title, tags and group. The way of an event: `decode` → `scrub` → `normalize` → `title`, `tags`,
`person` → `grouping`.
"""
