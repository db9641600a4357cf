"""How many events a second are acknowledged, and how long one waits. Prints JSON.

python bench/load.py --dsn http://KEY@127.0.0.1:8000/1 --connections 64 --seconds 10 --pid
SERVER_PID

Closed loop by default: each connection sends its next event when the last one was answered;
`--rate` offers so many a second instead. One thread, raw sockets; everything is built before the
clock starts, so that the load costs little of the machine it shares with the server. Read
`other_cpu_cores` first: above 0.2 something else disturbed the run.
"""

import argparse
import json
import os
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from envelopes import Target, requests, target_of

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Connection:
    socket: socket.socket
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    event_id: bytes = b""
    began_s: float = 0.0
    answer: bytes = b""


@dataclass(slots=True)
class Result:
    acknowledged: list[bytes] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Load:
    """Connections kept busy until the time is over or, if asked so, the server breaks off."""

    def __init__(
        self,
        target: Target,
        events: Iterator[tuple[bytes, bytes]],
        acknowledged_log: Path | None = None,
        stop_on_error: bool = False,
    ) -> None:
        self._target = target
        self._events = events
        self._log = acknowledged_log.open("ab", buffering=0) if acknowledged_log else None
        self._stop_on_error = stop_on_error
        self._selector = selectors.DefaultSelector()
        self._idle: list[Connection] = []
        self._broken = False
        self.result = Result()

    def run(
        self, connections: int, seconds: float, warmup_s: float = 0.0, rate: float = 0.0
    ) -> Result:
        began_s = time.perf_counter()
        measured_from_s = began_s + warmup_s
        ends_s = measured_from_s + seconds
        next_s = began_s
        self._measured_from_s = measured_from_s
        self._paced = bool(rate)
        for _ in range(connections):
            self._idle.append(self._connect())
        while not self._broken and (now_s := time.perf_counter()) < ends_s:
            while self._idle and (not rate or next_s <= now_s):
                self._send(self._idle.pop(), next_s if rate else now_s)
                next_s += 1 / rate if rate else 0
            wait_s = min(0.1, max(0.0, next_s - time.perf_counter())) if rate else 0.1
            for key, events in self._selector.select(wait_s):
                self._advance(key.data, events)
        self.result.seconds = time.perf_counter() - measured_from_s
        return self.result

    def _connect(self) -> Connection:
        made = socket.create_connection((self._target.host, self._target.port), 5)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        connection = Connection(made)
        self._selector.register(made, selectors.EVENT_READ, connection)
        return connection

    def _send(self, connection: Connection, began_s: float) -> None:
        connection.event_id, request = next(self._events)
        connection.out, connection.answer, connection.began_s = memoryview(request), b"", began_s
        self._write(connection)

    def _write(self, connection: Connection) -> None:
        try:
            connection.out = connection.out[connection.socket.send(connection.out) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self._replace(connection, type(error).__name__)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.out else 0)
        if self._selector.get_key(connection.socket).events != wanted:
            self._selector.modify(connection.socket, wanted, connection)

    def _advance(self, connection: Connection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write(connection)
            return
        try:
            data = connection.socket.recv(65_536)
        except OSError as error:
            self._replace(connection, type(error).__name__)
            return
        if not data:
            self._replace(connection, "closed")
            return
        connection.answer += data
        head, _, body = connection.answer.partition(b"\r\n\r\n")
        if not _is_whole(head, body):
            return
        self._answered(connection, int(head[9:12]))
        if self._paced:
            self._idle.append(connection)
        else:
            self._send(connection, time.perf_counter())

    def _answered(self, connection: Connection, status: int) -> None:
        now_s = time.perf_counter()
        if status == 200 and self._log:
            self._log.write(connection.event_id + b"\n")
        if now_s >= self._measured_from_s:
            self.result.statuses[status] += 1
            if status == 200:
                self.result.latencies_s.append(now_s - connection.began_s)

    def _replace(self, connection: Connection, why: str) -> None:
        self.result.errors[why] += 1
        self._selector.unregister(connection.socket)
        connection.socket.close()
        if connection in self._idle:  # it was at rest for longer than the server waits
            self._idle.remove(connection)
        if self._stop_on_error:
            self._broken = True
            return
        self._idle.append(self._connect())


def _is_whole(head: bytes, body: bytes) -> bool:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
    return False


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of the server and of the whole machine, and the server's resident memory."""

    server_s: float
    machine_s: float
    resident_mb: float


def usage(pid: int | None) -> Usage:
    fields = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    busy_s = (sum(fields) - fields[3] - fields[4]) / TICKS
    if pid is None:
        return Usage(0, busy_s, 0)
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return Usage(sum(map(int, stat[11:13])) / TICKS, busy_s, int(resident.split()[1]) / 1024)


def percentile(values: list[float], share: float) -> float | None:
    return (
        round(values[min(len(values) - 1, int(len(values) * share))] * 1000, 2) if values else None
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--only", default="py_exception", help="payload names, comma separated")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--issues", type=int, default=500)
    parser.add_argument("--prebuild", type=int, default=40_000)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--pid", type=int, help="process id of the server, to account for")
    parser.add_argument("--ack-log", type=Path, help="write each acknowledged id here at once")
    parser.add_argument("--stop-on-error", action="store_true")
    asked = parser.parse_args()

    target = target_of(asked.dsn)
    endless = requests(target, asked.only.split(","), asked.issues, int(time.time()))
    built = list(islice(endless, asked.prebuild))
    load = Load(target, chain(built, endless), asked.ack_log, asked.stop_on_error)
    before, cpu_s, began_s = usage(asked.pid), time.process_time(), time.perf_counter()
    result = load.run(asked.connections, asked.seconds, asked.warmup, asked.rate)
    spent_s, own_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    dead = asked.pid is not None and not Path(f"/proc/{asked.pid}").exists()
    after = before if dead else usage(asked.pid)
    waits = sorted(result.latencies_s)
    server_s = after.server_s - before.server_s
    report = {
        "acked_per_s": round(len(waits) / max(result.seconds, 1e-9), 1),
        "p50_ms": percentile(waits, 0.5),
        "p95_ms": percentile(waits, 0.95),
        "p99_ms": percentile(waits, 0.99),
        "statuses": dict(result.statuses),
        "errors": dict(result.errors),
        "generator_cpu_cores": round(own_s / spent_s, 2),
    }
    if asked.pid is not None:
        every = sum(result.statuses.values()) * spent_s / max(result.seconds, 1e-9)
        others_s = after.machine_s - before.machine_s - server_s - own_s
        report |= {
            "server_cpu_cores": round(server_s / spent_s, 2),
            "server_ms_cpu_per_event": round(1000 * server_s / max(1, every), 3),
            "server_resident_mb": round(after.resident_mb, 1),
            "other_cpu_cores": round(others_s / spent_s, 2),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
