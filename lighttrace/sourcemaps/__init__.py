"""Uploaded artefacts become readable frames: maps, tables, bundles, names of functions.

May import `event` and `errors`. Pure but for `child.py`, which is a program. Keeps the
invariants that whatever was uploaded ends in a value or in one error with a sentence for people,
and that a page's or an event's cost does not grow with the size of a map.
"""
