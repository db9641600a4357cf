"""A rule rehearsed on the last 14 days: what it would have told, what it would have kept quiet
about and why, and what a small change would change.

`stage` reads what happened, once and bounded; `asking` asks a search of it, `moments` counts,
`play` is a rule on the stage, `missed` looks at what it did not tell, `variants` changes it.
Nothing is written. What is exact and what is near: docs/alerts.md, "Composing a rule".
"""
