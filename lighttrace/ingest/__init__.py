"""Bytes from an SDK become writes: key, size, encoding, envelope, one module per family of items.

May import `event`, `sourcemaps`, `store`, `limits`, `config`, `clock`, `errors`. Keeps the
invariants that one bad item loses nothing else, that nothing unbounded is read, and that whatever
is dropped is counted.
"""
