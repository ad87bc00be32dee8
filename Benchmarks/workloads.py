# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The loads whose instructions are counted, and how one is run: the bridge under callgrind, its client and its server
natively and in step with each other.

Counting begins when everything is connected and warm and ends before anything is closed, so that what is counted is
messages and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import callgrind
import lockstep

HERE = Path(__file__).resolve().parent
# Nothing here takes long by itself; what does, has lost its way. Valgrind's start is in it.
DEADLINE = 120.0
EX_CONFIG = 78

STDIO, ECHO, HTTP = "stdio", "echo", "http"

# Fewer than this per message is what happens now and then, not what a message does.
NEGLIGIBLE = 0.02
CLOCKS = frozenset({"clock_gettime", "gettimeofday", "time"})


class Refused(Exception):
    """This bridge does not know such a backend."""


class Failed(Exception):
    """The bridge, or valgrind, did not do what it should have done."""


@dataclass(frozen=True)
class Workload:
    """What is sent: on each of `connections`, one after the other, a batch of `in_flight` requests of `size` bytes in one
    write; all that `batches` times, after `warm_up` times that are not counted."""

    name: str
    title: str
    warm_up: int
    batches: int
    backend: str = STDIO
    connections: int = 1
    in_flight: int = 1
    size: int = 200
    # Whether clients are asked who they are, counted and written down.
    guarded: bool = False
    # Whether the gate runs it.
    quick: bool = True

    @property
    def messages(self) -> int:
        """Requests that are counted. Each has its answer, so that twice as many messages pass the bridge."""
        return self.batches * self.connections * self.in_flight


WORKLOADS = [
    Workload("single", "one in flight, 200 B, a child", warm_up=100, batches=500),
    Workload("burst", "bursts of 64, 200 B, a child", warm_up=20, batches=50, in_flight=64),
    Workload("large", "one in flight, 1 MB, a child", warm_up=8, batches=16, size=1_000_000),
    Workload("http", "one in flight, 200 B, over HTTP", warm_up=50, batches=200, backend=HTTP),
    Workload("echo-1", "built-in echo, 1 connection", warm_up=100, batches=1000, backend=ECHO),
    Workload("echo-guarded", "built-in echo, 1 connection, with [auth], limits and [audit]", warm_up=100, batches=1000, backend=ECHO, guarded=True),
    Workload("echo-100", "built-in echo, 100 connections", warm_up=10, batches=10, backend=ECHO, connections=100),
    Workload("echo-1000", "built-in echo, 1,000 connections", warm_up=4, batches=1, backend=ECHO, connections=1000),
    Workload(
        "echo-10000", "built-in echo, 10,000 connections", warm_up=4, batches=1, backend=ECHO, connections=10_000,
        quick=False,
    ),
]


@dataclass(frozen=True)
class Cost:
    """What one request and its answer cost the bridge."""

    workload: Workload
    profile: callgrind.Profile

    def each(self, count: int) -> float:
        return count / self.workload.messages

    @property
    def instructions(self) -> float:
        return self.each(self.profile.instructions.total())

    @property
    def allocations(self) -> float:
        return self.each(self.profile.allocations())

    @property
    def objects(self) -> float:
        """Those among the allocations that are Swift's objects."""
        return self.each(self.profile.calls_to(["swift_allocObject"]))

    @property
    def retains(self) -> float:
        return self.each(self.profile.retains())

    @property
    def releases(self) -> float:
        return self.each(self.profile.releases())

    @property
    def system_calls(self) -> dict[str, float]:
        """By name, the most frequent first, without the rare ones that come by the clock."""
        named: Counter[str] = Counter()
        for function, count in self.profile.system_calls.items():
            named[system_call(function)] += count
        return {
            name: self.each(count) for name, count in named.most_common()
            if self.each(count) >= NEGLIGIBLE and name not in CLOCKS
        }

    @property
    def clock_readings(self) -> float:
        """Elsewhere than under valgrind these are no system calls."""
        counts = self.profile.system_calls
        return self.each(sum(count for function, count in counts.items() if system_call(function) in CLOCKS))


def system_call(function: str) -> str:
    """The C library has several names for one function, and which of them is seen depends on its symbols."""
    return re.sub(r"^_*(libc_|GI_)?_*|(_nocancel)?(@.*)?$", "", function) or function


class Bench:
    """A bridge that is made ready for valgrind, in a directory of its own that goes when the `with` is over."""

    def __init__(self, bridge: Path, server: list[str] | None = None):
        """`server`: the program behind the bridge instead of lockstep_server.py, for stdio."""
        self.original = bridge.resolve()
        self.server = server

    def __enter__(self) -> Bench:
        self._directory = tempfile.TemporaryDirectory(prefix="mcp-wsbridge-profile-")
        self.directory = Path(self._directory.name)
        self.bridge = self.directory / "mcp-wsbridge"
        self.preload = self.directory / "under_valgrind.so"
        # Valgrind 3.19 gives up at debug information of DWARF 5; names come from the symbol table.
        run_tool(["strip", "--strip-debug", "-o", str(self.bridge), str(self.original)])
        run_tool(["cc", "-O2", "-shared", "-fPIC", "-o", str(self.preload), str(HERE / "under_valgrind.c")])
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()

    def cost(self, workload: Workload) -> Cost:
        """Runs the bridge under callgrind and this load. Throws Refused or Failed."""
        output = self.directory / "callgrind.out"
        with self._backend(workload) as backend:
            config = self.directory / "bridge.toml"
            guard = GUARD.format(audit=self.directory / "audit.jsonl", digest=hashlib.sha256(TOKEN.encode()).hexdigest())
            text = CONFIGURATION.format(backend=backend, connections=workload.connections)
            config.write_text(text.replace("[limits]", guard if workload.guarded else "[limits]"))
            if workload.backend == ECHO:
                self._require_builtin(config)
            with self._bridge(config, output) as (daemon, port):
                try:
                    drive(workload, port, lambda: write_down(daemon))
                except (OSError, lockstep.Broken) as error:
                    raise Failed(f"{workload.name}: {error!r}\n{self._log()}") from error
                daemon.send_signal(signal.SIGTERM)
                if status := daemon.wait(DEADLINE):
                    raise Failed(f"{workload.name}: the bridge ended with status {status}\n{self._log()}")
        # The first holds all before the messages that count, the one without a number all after them.
        with output.with_name(output.name + ".2").open(encoding="utf-8", errors="replace") as lines:
            profile = callgrind.parse(lines)
        for written in self.directory.glob("callgrind.out*"):
            written.unlink()
        return Cost(workload, profile)

    @contextmanager
    def _backend(self, workload: Workload) -> Iterator[str]:
        """The configuration of the server, and the server itself where the bridge does not start it."""
        if workload.backend == ECHO:
            yield 'builtin = "echo"'
        elif workload.backend == STDIO:
            command = self.server or [sys.executable, str(HERE / "lockstep_server.py"), str(workload.in_flight)]
            yield f"command = {command!r}"
        else:
            log = self.directory / "server.log"
            with spawned([str(self.original), "demo-server", "--http", "127.0.0.1:0"], log) as server:
                yield f'url = "{printed(server, log, "http://127[^ ]+/mcp")}"'

    def _require_builtin(self, config: Path) -> None:
        """Throws Refused where the bridge is too old for the configuration."""
        check = subprocess.run(
            [self.original, "check", "--config", config], capture_output=True, text=True, timeout=DEADLINE
        )
        if check.returncode == EX_CONFIG:
            raise Refused("the bridge refuses its configuration: " + check.stderr.strip().rpartition(": ")[2])

    @contextmanager
    def _bridge(self, config: Path, output: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """The bridge under callgrind, and the port that it listens at."""
        command = [
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", "--demangle=no", "--dump-line=no",
            "--collect-systime=yes", str(self.bridge), "--config", str(config),
        ]
        with spawned(command, self.directory / "bridge.log", {"LD_PRELOAD": str(self.preload), **STEADY}) as daemon:
            address = printed(daemon, self.directory / "bridge.log", r"ws://127\.0\.0\.1:[1-9][0-9]*/")
            yield daemon, int(address.rsplit(":", 1)[1].rstrip("/"))

    def _log(self) -> str:
        return (self.directory / "bridge.log").read_text(errors="replace")[-8000:]


# One event loop, so that all messages meet on one thread. Pings, which come by the clock, stay on but do not come.
CONFIGURATION = """
[listen]
address = "127.0.0.1:0"
event_loops = 1
[limits]
max_connections = {connections}
ping_interval = "1h"
[servers.bench]
path = "/bench"
{backend}
"""

# What must cost a handshake, and no message.
GUARD = """
[auth]
[[auth.tokens]]
name = "bench"
sha256 = "{digest}"
[audit]
to = "{audit}"
[limits]
max_connections_per_principal = 100
max_connections_per_address = 100
connect_rate = 100
"""
TOKEN = "mwb_what-the-benchmark-presents_0"

# What differs from one run or machine to the next otherwise: the seed of Swift's dictionaries, and which memcpy the C
# library takes for the processor that valgrind shows it. The plain one of x86-64 is everywhere.
STEADY = {
    "SWIFT_DETERMINISTIC_HASHING": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-BMI2:"
                      "glibc.cpu.x86_non_temporal_threshold=0x1000000",
}


def drive(workload: Workload, port: int, mark: Callable[[], None]) -> None:
    """Sends the workload and takes its answers; what counts is between the two calls of `mark`. Throws OSError or
    lockstep.Broken."""
    clients = [lockstep.Client(port, "/bench", name, TOKEN if workload.guarded else None) for name in range(workload.connections)]
    for client in clients:
        client.initialize()
    for batches in workload.warm_up, workload.batches:
        for _ in range(batches):
            for client in clients:
                client.exchange(workload.in_flight, workload.size)
        mark()
    for client in clients:
        client.close()


def write_down(daemon: subprocess.Popen[bytes]) -> None:
    """Has callgrind write what it has counted and count from zero again, and waits until that is done. Throws Failed.

    (Its order `zero` leaves the system calls as they are.)
    """
    run_tool(["vgdb", f"--pid={daemon.pid}", "--wait=10", "dump"])


@contextmanager
def spawned(
    command: list[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to a file; it has ended when the `with` is over."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def printed(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """Waits until what the process prints contains the pattern. Throws Failed when it ends before or takes too long."""
    until = time.monotonic() + DEADLINE
    while True:
        ended = process.poll() is not None
        text = log.read_text(errors="replace")
        if found := re.search(pattern, text):
            return found.group()
        if ended or time.monotonic() > until:
            raise Failed(f"{' '.join(process.args)}: never printed {pattern}\n{text[-2000:]}")
        time.sleep(0.05)


def run_tool(command: list[str]) -> None:
    """Runs a tool of the compiler. Throws Failed."""
    if shutil.which(command[0]) is None:
        raise Failed(f"{command[0]} was not found")
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")


def lift_descriptor_limit() -> None:
    """As many connections as the system allows, here and in the bridge."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
