"""How each service wants to be told: pure functions from news to a request, one module for each.

May import `alerts.news`, `settings` and `outward`, for types alone; no I/O, no clock. Keeps the
invariant that whatever a title holds, a request is one that its service takes: within its limits,
with nothing in it that would be read as markup, a mention or a link of somebody else's.
"""
