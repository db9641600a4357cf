"""What is uploaded, from chunks on the disk to files in the store.

May import `sourcemaps`, `store`, `clock` and `errors`. Keeps the invariants that a bundle is read
in a process of its own, one at a time, that no transaction of an upload is long, and that of one
that failed nothing is left but a sentence.
"""
