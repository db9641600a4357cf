"""Who is told, what, and when: causes become messages, messages are delivered.

May import `event`, `store`, `config`, `settings`, `outward`, `clock`, `errors`. Keeps the invariant
that a cause is told once per target, under one Message-ID, whatever crashes in between.
"""
