"""LightTrace: an error tracker for small teams that any Sentry SDK can talk to.

One process takes in events (`ingest`), keeps them in one SQLite file (`store`), says which of them
are the same (`event.grouping`), tells people (`alerts`) and shows them (`web`). `app` puts the
parts together; `cli` is the door.
"""

__version__ = "0.1.0"
