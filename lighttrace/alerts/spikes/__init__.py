"""Is something louder than it should be? `judge`, `baseline`, `tail` and `episode` decide, and are
arithmetic only: no clock, no database. `rings` remembers the last hour, `watch` asks and stores.
The rule in plain words: docs/spikes.md. Keeps the invariant that one person alone is no spike.
"""
