"""Payloads as an SDK would send them, made of faults. Everything random comes from one
`random.Random`.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lighttrace.demo import web
from lighttrace.demo.faults import FAULTS, MESSAGES, PROJECTS, Call, Fault, Pattern, Project
from lighttrace.event.model import Raw

DAY_MS = 86_400_000
MINUTE_MS = 60_000
DAYS = 14
APART_MS = 4 * DAY_MS  # between two releases
BRIEF_MIN = 70  # how long a "brief" fault lasted: then somebody had mended it
AWAY_DAYS = 3  # what came back had been away so long
TRACES = 40  # of a journey at a time; its faults fail in the same ones
BROWSERS = (("Chrome", "142.0.0", 61), ("Safari", "26.1", 27), ("Firefox", "145.0", 12))
CONNECTIONS = (("wifi", 58), ("4g", 31), ("3g", 11))
COUNTRIES = ("DE", "FR", "NL", "GB", "ES", "IT", "PL", "SE", "AT", "BE", "DK", "CH")
FIRST_NAMES = (
    "ada",
    "ben",
    "cleo",
    "dara",
    "emil",
    "fay",
    "gus",
    "hana",
    "ivo",
    "jun",
    "kim",
    "lea",
)


@dataclass(frozen=True, slots=True)
class Sending:
    """One event to send: when (ms), to which project, what. `is_first`: of its fault or message."""

    at: int
    project: str
    payload: Raw
    is_first: bool = False


def history(now_ms: int, seed: int = 7) -> Iterator[Sending]:
    """Two weeks of the shop, oldest first, up to `now_ms`."""
    rng = random.Random(seed)
    projects = {project.slug: project for project in PROJECTS}
    plan: list[tuple[int, Fault | tuple[str, str, str, tuple[str, ...], float]]] = []
    for fault in FAULTS:
        plan += [(at, fault) for at in _fault_times(rng, fault, now_ms)]
    for message in MESSAGES:
        plan += [(at, message) for at in _times(rng, "daily", message[4], now_ms)]
    plan.sort(key=lambda entry: entry[0])
    begun: set[int] = set()
    for at, what in plan:
        slug = what.project if isinstance(what, Fault) else what[0]
        make = _error if isinstance(what, Fault) else _message
        payload = make(rng, projects[slug], what, at, now_ms)  # type: ignore[arg-type]
        yield Sending(at, slug, payload, id(what) not in begun)
        begun.add(id(what))


def _fault_times(rng: random.Random, fault: Fault, now_ms: int) -> list[int]:
    per_day, began = fault.per_day, now_ms - fault.began_min * MINUTE_MS
    if fault.pattern == "new":
        span = now_ms - began
        # square root: few at first, more and more as people reach the page
        return sorted(began + int(span * rng.random() ** 0.5) for _ in range(int(per_day / 3)))
    if fault.pattern == "brief":
        return sorted(
            began + int(BRIEF_MIN * MINUTE_MS * rng.random()) for _ in range(int(per_day))
        )
    if fault.pattern == "back":
        gone = began - AWAY_DAYS * DAY_MS
        before = [at for at in _times(rng, "daily", per_day, now_ms) if at < gone]
        span = now_ms - began
        return before + sorted(began + int(span * rng.random()) for _ in range(int(per_day * 4)))
    return _times(rng, fault.pattern, per_day, now_ms)


def _times(rng: random.Random, pattern: Pattern, per_day: float, now_ms: int) -> list[int]:
    start = now_ms - DAYS * DAY_MS
    if pattern == "fading":
        return sorted(
            now_ms - int(rng.expovariate(1 / (2.5 * DAY_MS))) % (6 * DAY_MS)
            for _ in range(int(per_day * 3))
        )
    usual = per_day / 4 if pattern == "spike" else per_day
    times = []
    at = float(start)
    while True:
        busy = 1.6 if pattern == "daily" and 7 <= (at // 3_600_000) % 24 <= 21 else 0.7
        at += rng.expovariate(usual * busy / DAY_MS)
        if at >= now_ms:
            break
        times.append(int(at))
    if pattern == "spike":
        times += [now_ms - int(rng.random() * 50 * MINUTE_MS) for _ in range(int(per_day * 2))]
    return sorted(times)


def _error(rng: random.Random, project: Project, fault: Fault, at: int, now_ms: int) -> Raw:
    number = str(rng.randint(1000, 99999))
    value = rng.choice(fault.values).replace("{id}", number)
    outer: Raw = {
        "type": fault.type,
        "value": value,
        "mechanism": {"type": _mechanism(project), "handled": fault.handled},
    }
    if fault.calls:
        outer["stacktrace"] = {"frames": [_frame(call, project.platform) for call in fault.calls]}
    values = [outer]
    if fault.cause:
        kind, text, calls = fault.cause
        frames = [_frame(call, project.platform) for call in calls]
        values.insert(0, {"type": kind, "value": text, "stacktrace": {"frames": frames}})
        for position, link in enumerate(reversed(values)):
            link.setdefault("mechanism", {"type": "chained", "handled": fault.handled})
            link["mechanism"].update(exception_id=position)
            if position:
                link["mechanism"].update(parent_id=position - 1, source="__cause__")
    first_release = fault.since_release
    payload = _common(rng, project, at, now_ms, first_release)
    payload.update(level=fault.level, transaction=fault.transaction, exception={"values": values})
    payload["tags"] = {**fault.tags, "country": rng.choice(COUNTRIES)}
    if project.platform == "javascript":
        payload["tags"]["connection"] = _connection(rng, fault.tags.get("connection"))
    payload["breadcrumbs"] = {"values": _steps(rng, fault, at)}
    if fault.journey:
        hour = at // 3_600_000
        shared = random.Random(f"{fault.journey} {hour} {rng.randrange(TRACES)}")
        payload["contexts"]["trace"]["trace_id"] = f"{shared.getrandbits(128):032x}"
    if fault.users:
        payload["user"] = _user(rng, fault.users)
    if fault.flags:
        flags = [{"flag": name, "result": result} for name, result in fault.flags.items()]
        payload["contexts"]["flags"] = {"values": flags}
    payload["request"] = _request(project, fault.transaction)
    if any(call.file == web.SCRIPT for call in fault.calls):
        image = {"type": "sourcemap", "code_file": web.SITE + web.SCRIPT, "debug_id": web.DEBUG_ID}
        payload["debug_meta"] = {"images": [image]}
    return payload


def _connection(rng: random.Random, usual: str | None) -> str:
    """How somebody is on line; a fault that a slow network brings out meets mostly that."""
    if usual is not None and rng.random() < 0.8:
        return usual
    return rng.choices([name for name, _ in CONNECTIONS], [share for _, share in CONNECTIONS])[0]


def _message(
    rng: random.Random,
    project: Project,
    message: tuple[str, str, str, tuple[str, ...], float],
    at: int,
    now_ms: int,
) -> Raw:
    _, level, template, params, _ = message
    payload = _common(rng, project, at, now_ms, 0)
    formatted = template % params if params else template
    payload["logentry"] = {"message": template, "params": list(params), "formatted": formatted}
    payload.update(level=level, logger="shop")
    return payload


def _common(rng: random.Random, project: Project, at: int, now_ms: int, since: int) -> Raw:
    name, version = project.sdk
    payload: Raw = {
        "event_id": f"{rng.getrandbits(128):032x}",
        "timestamp": at / 1000,
        "platform": project.platform,
        "release": _release(project, at, now_ms, since),
        "environment": "production" if rng.random() < 0.93 else "staging",
        "server_name": None
        if project.platform == "javascript"
        else f"{project.slug}-{rng.randint(1, 3)}",
        "sdk": {"name": name, "version": version},
        "contexts": {
            "trace": {
                "trace_id": f"{rng.getrandbits(128):032x}",
                "span_id": f"{rng.getrandbits(64):016x}",
            }
        },
    }
    if project.platform == "javascript":
        browser, browser_version, _ = rng.choices(BROWSERS, [share for *_, share in BROWSERS])[0]
        payload["contexts"]["browser"] = {"name": browser, "version": browser_version}
        payload["contexts"]["os"] = {
            "name": rng.choice(("Windows", "macOS", "Android", "iOS")),
            "version": "",
        }
    elif project.platform == "python":
        payload["contexts"]["runtime"] = {"name": "CPython", "version": "3.13.9"}
        payload["modules"] = {"fastapi": "0.121.0", "starlette": "0.50.0", "psycopg": "3.2.12"}
    else:
        payload["contexts"]["os"] = {"name": "Android", "version": rng.choice(("14", "15", "16"))}
        payload["contexts"]["device"] = {
            "model": rng.choice(("Pixel 8", "SM-A546B", "moto g84")),
            "family": "phone",
        }
    return payload


def went_out(project: Project, index: int, now_ms: int) -> int:
    """When a release of a project was deployed."""
    later = len(project.releases) - 1 - index
    return now_ms - project.last_out_min * MINUTE_MS - later * APART_MS


def _release(project: Project, at: int, now_ms: int, since: int) -> str:
    """The release that was out at that time; of a fault that began later, that one."""
    last = len(project.releases) - 1
    out = next((it for it in range(last, 0, -1) if at >= went_out(project, it, now_ms)), 0)
    return project.releases[max(out, min(since, last - 1))]


def _user(rng: random.Random, people: int) -> Raw:
    number = rng.randint(1, people)
    name = FIRST_NAMES[number % len(FIRST_NAMES)]
    return {"id": str(10_000 + number), "email": f"{name}.{number}@example.org"}


def _request(project: Project, transaction: str) -> Raw:
    if project.platform == "javascript":
        return {
            "url": f"https://shop.example{transaction}",
            "headers": {
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
                "Referer": "https://shop.example/",
            },
        }
    if transaction.startswith("/"):
        return {
            "url": f"https://api.shop.example{transaction}",
            "method": "POST",
            "query_string": "locale=de",
            "headers": {
                "Content-Type": "application/json",
                "Authorization": "Bearer eyJhbGciOi.demo.token",
            },
            "cookies": {"csrftoken": "1f0c", "theme": "dark"},
            "data": {"cart": "c_9f21", "card_number": "4242 4242 4242 4242"},
        }
    return {}


def _steps(rng: random.Random, fault: Fault, at: int) -> list[Raw]:
    kinds = {"navigation": "navigation", "fetch": "http", "http": "http", "query": "query"}
    steps = []
    before_s = 0.2
    for category, message in reversed(fault.steps):
        steps.append(
            {
                "timestamp": at / 1000 - before_s,
                "type": kinds.get(category, "user" if category.startswith("ui.") else "default"),
                "category": category,
                "message": message,
                "level": "info",
            }
        )
        before_s += rng.uniform(0.3, 6)
    return list(reversed(steps))


def _mechanism(project: Project) -> str:
    return {"javascript": "onunhandledrejection", "java": "UncaughtExceptionHandler"}.get(
        project.platform, "starlette" if "fastapi" in project.sdk[0] else "celery"
    )


def _frame(call: Call, platform: str) -> Raw:
    frame: Raw = {"function": call.function, "lineno": call.line, "in_app": call.in_app}
    if platform == "python":
        root = "/srv/venv/lib/python3.13/" if call.file.startswith("site-packages") else "/srv/app/"
        frame.update(filename=call.file, abs_path=root + call.file)
        frame["module"] = (
            call.file.removeprefix("site-packages/").removesuffix(".py").replace("/", ".")
        )
    elif platform == "java":
        module, _, function = call.function.rpartition(".")
        frame.update(module=module, function=function, filename=call.file)
    elif call.file == web.SCRIPT:
        frame.update(filename=f"/{call.file}", abs_path=web.SITE + call.file, colno=call.column)
    else:
        frame.update(filename=call.file, abs_path=f"webpack:///./{call.file}", colno=call.column)
        frame["data"] = {"sourcemap": "main.js.map"}
    if call.code:
        lines = call.code.rstrip("\n").split("\n")
        hit = next(index for index, line in enumerate(lines) if line.startswith(">"))
        frame["pre_context"] = lines[:hit]
        frame["context_line"] = " " * (platform == "python") + lines[hit][1:]
        frame["post_context"] = lines[hit + 1 :]
    if call.vars:
        frame["vars"] = {
            name: repr(value) if platform == "python" and not isinstance(value, str) else value
            for name, value in call.vars.items()
        }
    return frame
