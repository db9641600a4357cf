"""HTTP: what SDKs post (`ingest`), what people look at (`pages`), what scripts call (`api`).

May import everything but `cli` and `app`; Starlette appears nowhere else. Keeps the invariant that
every route has a guard and every answer a strict Content-Security-Policy.
"""
