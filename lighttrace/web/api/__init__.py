"""What scripts call below `/api/0/`: reading and changing, in the shapes that Sentry's tools know.

`table.py` lists every address. A handler reads through `store.read`, a page at a time, and answers
what it does not understand with a sentence: nothing asked for is passed over in silence.
"""
