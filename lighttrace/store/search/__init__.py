"""Searching issues: a tree of the search language becomes pieces of SQL about issues, sets of
hashes, and searches of the text index, and these the numbers of each issue (docs/storage.md,
"Searching"). Values are bound; text that is put together is made of fixed pieces and of tokens of
letters and digits alone. What cannot be answered exactly raises QueryError: nothing is left out in
silence.
"""
