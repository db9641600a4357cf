"""Every SQL statement of LightTrace, one module per noun.

May import types of `event`, `clock` and `errors`. Functions that read take a `Reader`, functions
that change take a `Transaction` and run in the writer's thread (`Store.write`). Keeps the
invariants that acknowledged means committed, that an event, its counters and its cause are in one
transaction, and that an event id counts once.
"""
