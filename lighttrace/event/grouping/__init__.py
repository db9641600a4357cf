"""Which events are the same thing to fix. `lt1` is version 1: frozen, as a hash once given points
to its issue for ever.

`lt1` decides the order, `components` takes exceptions and frames apart, `clean` and `parameterise`
remove what varies, `fingerprint` reads what the client asked for, `explain` says it in words. Pure;
may import `event` and `errors` only.
"""
