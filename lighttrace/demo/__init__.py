"""A made-up shop with a believable past: for people who look around, for pictures and for browser
tests.

`faults` says what goes wrong in the shop, `fill` sends it through the real ingest with a clock that
walks from two weeks ago to now. Like `app`, it may import anything.
"""
