# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What event loops share: the objects whose reference counts, and the locks, that two threads write to while messages pass.

shared_writes.c, loaded into the bridge, notes each retain, release and lock with its thread; here the bridge is driven and
the report read. Counting begins when all connections are up and warm, so whatever is in the report belongs to messages.

Every write to an object counts as shared if a second thread wrote to it once meanwhile. An address that is allocated anew
is another object, so nothing has to be guessed. Not seen: atomic instructions that the compiler writes out (Atomic, Mutex,
ManagedAtomic), and locks within the C library.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import lockstep
from workloads import DEADLINE, ECHO, EX_CONFIG, HERE, STDIO, Failed, Refused, printed, run_tool, spawned

# By workload: its backend and what to call it.
WORKLOADS = {"shared-echo": (ECHO, "built-in echo"), "shared-stdio": (STDIO, "a child each")}
LOOPS = 2
CONNECTIONS = 50
IN_FLIGHT = 8
SIZE = 200
WARM_UP = 4
ROUNDS = 20
MESSAGES = CONNECTIONS * IN_FLIGHT * ROUNDS
# How long shared_writes.c may take to listen, in seconds, once the bridge does.
START_LIMIT = 3.0
# Fewer than this per message is what happens now and then, not what a message does.
NEGLIGIBLE = 0.01

CONFIGURATION = """
[listen]
address = "127.0.0.1:0"
event_loops = {loops}
[limits]
ping_interval = "1h"
[servers.bench]
path = "/bench"
{backend}
"""


@dataclass
class Shared:
    """One object or lock that two threads or more wrote to."""

    kind: str
    # As the runtime calls it, or FILE+OFFSET of a lock or of metadata without a name.
    name: str
    # By thread, retains (or locks) and releases.
    by: dict[int, tuple[int, int]] = field(default_factory=dict)
    # Innermost frame first, each FILE+OFFSET.
    stacks: Counter[tuple[str, ...]] = field(default_factory=Counter)

    @property
    def writes(self) -> int:
        return sum(up + down for up, down in self.by.values())


@dataclass
class Report:
    """What shared_writes.c saw in one run."""

    threads: list[str] = field(default_factory=list)
    retains: int = 0
    releases: int = 0
    locks: int = 0
    # Retains and releases that write nothing.
    immortal: int = 0
    shared: list[Shared] = field(default_factory=list)

    @property
    def shared_writes(self) -> int:
        return sum(one.writes for one in self.shared)

    def by_name(self) -> list[Shared]:
        """The shared ones with those of one name (a class may have many objects) in one, the most written first."""
        merged: dict[tuple[str, str], Shared] = {}
        for one in self.shared:
            whole = merged.setdefault((one.kind, one.name), Shared(one.kind, one.name))
            for thread, (up, down) in one.by.items():
                before = whole.by.get(thread, (0, 0))
                whole.by[thread] = before[0] + up, before[1] + down
            whole.stacks.update(one.stacks)
        return sorted(merged.values(), key=lambda one: -one.writes)


def parse(lines: Iterable[str]) -> Report:
    """Reads what shared_writes.c wrote. Raises Failed where something is missing."""
    report = Report()
    for line in lines:
        what, *values = line.rstrip("\n").split("\t")
        if what == "thread":
            report.threads.append(values[0])
        elif what == "totals":
            report.retains, report.releases, report.locks, report.immortal = (int(value) for value in values)
        elif what == "object":
            kind, name = values
            # Where a lock lies on the heap says nothing.
            report.shared.append(Shared(kind, "a lock on the heap" if kind == "lock" and name.startswith("?") else name))
        elif what == "by":
            thread, up, down = (int(value) for value in values)
            report.shared[-1].by[thread] = up, down
        elif what == "stack":
            report.shared[-1].stacks[tuple(values[1:])] += int(values[0])
        elif what == "end":
            if values:
                raise Failed("shared: more objects than its tables hold")
            return report
    raise Failed("shared: the report is not complete")


@dataclass(frozen=True)
class Symbols:
    """The functions of an executable or library, by where they begin."""

    starts: list[int]
    names: list[str]

    @staticmethod
    def of(nm: str) -> Symbols:
        """Reads what `nm` prints."""
        found = sorted({(int(fields[0], 16), fields[2]) for line in nm.splitlines() if len(fields := line.split()) == 3})
        return Symbols([start for start, _ in found], [name for _, name in found])

    def name(self, offset: int) -> str | None:
        """That of the function that this place is in, or ends."""
        at = bisect_right(self.starts, offset) - 1
        return self.names[at] if at >= 0 else None


class Places:
    """Names for FILE+OFFSET, as far as `nm` knows them."""

    def __init__(self) -> None:
        self._files: dict[str, Symbols] = {}

    def name(self, place: str, is_return: bool = False) -> str:
        """`is_return`: the place follows a call, which may be the last instruction of its function."""
        file, _, offset = place.rpartition("+")
        if not Path(file).is_file() or shutil.which("nm") is None:
            return place
        if file not in self._files:
            for dynamic in [], ["-D"]:
                listed = subprocess.run(["nm", "--defined-only", *dynamic, file], capture_output=True, text=True).stdout
                self._files[file] = Symbols.of(listed)
                if self._files[file].starts:
                    break
        return self._files[file].name(int(offset, 16) - is_return) or place


def count(bridge: Path, backend: str) -> Report:
    """Runs the bridge under load with its writes noted. Throws Refused or Failed."""
    with tempfile.TemporaryDirectory(prefix="mcp-wsbridge-shared-") as name:
        directory = Path(name)
        library, server, config = directory / "shared_writes.so", directory / "stdio-echo", directory / "bridge.toml"
        report, orders, log = directory / "report", directory / "report.orders", directory / "bridge.log"
        run_tool(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(HERE / "shared_writes.c")])
        run_tool(["cc", "-O2", "-o", str(server), str(HERE / "floor" / "stdio-echo.c")])
        chosen = 'builtin = "echo"' if backend == ECHO else f"command = {[str(server)]!r}"
        config.write_text(CONFIGURATION.format(loops=LOOPS, backend=chosen))
        check = subprocess.run([bridge, "check", "--config", config], capture_output=True, text=True, timeout=DEADLINE)
        if check.returncode == EX_CONFIG:
            raise Refused("the bridge refuses its configuration: " + check.stderr.strip().rpartition(": ")[2])
        os.mkfifo(orders)
        environment = {"LD_PRELOAD": str(library), "SHARED_WRITES": str(report)}
        with spawned([str(bridge.resolve()), "--config", str(config)], log, environment) as daemon:
            address = printed(daemon, log, r"ws://127\.0\.0\.1:[1-9][0-9]*/")
            order = listener(orders)
            try:
                drive(int(address.rsplit(":", 1)[1].rstrip("/")), order, report)
            except (OSError, lockstep.Broken) as error:
                raise Failed(f"shared: {error!r}\n{log.read_text(errors='replace')[-8000:]}") from error
            finally:
                os.close(order)
            daemon.send_signal(signal.SIGTERM)
            if status := daemon.wait(DEADLINE):
                raise Failed(f"shared: the bridge ended with status {status}\n{log.read_text(errors='replace')[-8000:]}")
        with report.open(encoding="utf-8", errors="replace") as lines:
            return parse(lines)


def listener(orders: Path) -> int:
    """A descriptor for orders to shared_writes.c. Throws Refused where it is not there to take them."""
    until = time.monotonic() + START_LIMIT
    while True:
        try:
            return os.open(orders, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if time.monotonic() > until:
                raise Refused("a static executable, or a runtime whose counting cannot be watched") from error
        time.sleep(0.05)


def drive(port: int, order: int, report: Path) -> None:
    """Sends the load and has what its messages wrote reported. Throws Failed, OSError or lockstep.Broken."""
    clients = [lockstep.Client(port, "/bench", name) for name in range(CONNECTIONS)]
    for client in clients:
        client.initialize()
    for rounds, answer in (WARM_UP, "counting"), (ROUNDS, "end"):
        for _ in range(rounds):
            for client in clients:
                client.exchange(IN_FLIGHT, SIZE)
        os.write(order, b"\n")
        wait_for(answer, report)
    for client in clients:
        client.close()


def wait_for(word: str, report: Path) -> None:
    """Until a line of the report begins so. Throws Failed."""
    until = time.monotonic() + DEADLINE
    while not (report.exists() and f"\n{word}" in "\n" + report.read_text(errors="replace")):
        if time.monotonic() > until:
            raise Failed(f"shared: the report never said {word!r}")
        time.sleep(0.05)
