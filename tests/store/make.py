"""Writes made by hand, for tests that need events in the store and care for nothing before it."""

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lighttrace.clock import Clock
from lighttrace.event.model import Event, ExceptionValue, Mechanism, User
from lighttrace.event.title import Titles
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.store import Store
from lighttrace.store.writes import EventWrite
from tests.fresh import database

NOON = 1_795_521_600_000  # 2026-11-24 12:00 UTC, in ms
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def a_hash(name: str = "a") -> bytes:
    """A group hash that is equal for equal names."""
    return name.encode()[:16].ljust(16, b".")


def a_person(name: str) -> bytes:
    return name.encode()[:8].ljust(8, b".")


def an_event(**over: Any) -> EventWrite:
    """An error as ingest hands it over; every part can be given.

    `at` sets both times, `group` the hash by name, `user` the person by name, `unhandled` the
    mechanism. Everything else is a field of `EventWrite` or `Event`.
    """
    at = over.pop("at", NOON)
    user = over.pop("user", None)
    shown = over.pop("person_shown", user)
    group = over.pop("group", "a")
    unhandled = over.pop("unhandled", False)
    title = over.pop("title", "KeyError")
    value = over.pop("value", "'price'")
    exception = ExceptionValue(type=title, value=value, mechanism=Mechanism(handled=not unhandled))
    event: dict[str, Any] = {
        "event_id": secrets.token_hex(16),
        "received_at": at,
        "happened_at": at,
        "raw": {},
        "kind": "error",
        "platform": "python",
        "environment": "production",
        "release": "shop@1.0.0",
        "exceptions": (exception,),
        "user": User(id=user, email=shown if shown and "@" in shown else None) if user else None,
    }
    event |= {
        key: over.pop(key)
        for key in list(over)
        if key in Event.__struct_fields__ and key not in TAKEN
    }
    body = {"event_id": event["event_id"], "level": "error", "message": value}
    write: dict[str, Any] = {
        "project_id": 1,
        "key_id": 1,
        "event": Event(**event),
        "body": json.dumps(body).encode(),
        "derived": b'{"received_at":%d}' % event["received_at"],
        "titles": Titles(title, value, "cart in total", over.pop("placeholder", False)),
        "hash": a_hash(group),
        "grouping_version": 1,
        "explain": b'{"why":"by hand"}',
        "category": "error",
        "tags": (("level", event.get("level", "error")), ("browser", "Firefox 150")),
        "person_key": a_person(user) if user else None,
        "person_shown": shown,
        "search_frames": "total cart.py",
    }
    return EventWrite(**(write | over))


TAKEN = {"tags"}  # of both structs; here the write's

ADD_PROJECT = """
insert into project(id, slug, name, short_prefix, salt, created_at) values(?, ?, ?, ?, x'00', ?)
"""
ADD_KEY = "insert into project_key(project_id, public, label, created_at) values(?, ?, 'first', ?)"


def add_project(tx: Transaction, project_id: int = 1, slug: str = "shop") -> str:
    """A project with a key; returns the public part of the key."""
    tx.execute(ADD_PROJECT, (project_id, slug, slug.title(), slug.upper(), NOON))
    public = f"{project_id:032x}"
    tx.execute(ADD_KEY, (project_id, public, NOON))
    return public


@asynccontextmanager
async def running(path: Path, clock: Clock, **options: Any) -> AsyncIterator[Store]:
    """A store on a file, with project 1 if it is new."""
    database(path)
    store = Store.open(path, clock=clock, **{"synchronous": "NORMAL", **options})
    await store.start()
    try:
        if not await rows(store, "select 1 from project"):
            await store.write(add_project)
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def held(store: Store) -> AsyncIterator[None]:
    """Hold the writer, so that all that is queued inside becomes one batch."""
    begun, free = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        begun.set()
        assert free.wait(10)

    holding = asyncio.ensure_future(store.write(hold))
    await asyncio.to_thread(begun.wait, 10)
    try:
        yield
    finally:
        free.set()
        await holding


async def rows(store: Store, sql: str, *values: Any) -> list[Any]:
    """What a question about the stored tables is answered with."""

    def ask(db: Reader) -> list[Any]:
        return db.execute(sql, values).fetchall()

    return await store.read(ask)


async def one(store: Store, sql: str, *values: Any) -> Any:
    """The first value of the only row."""
    ((value, *_),) = await rows(store, sql, *values)
    return value
