# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Processes: what /proc tells about them, and starting and ending those of a run."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# How long a server may take to accept, and to end after SIGTERM, in seconds.
START_LIMIT = 30.0
END_LIMIT = 10.0


class Gone(Exception):
    """A process that is read does not exist any more."""


class DidNotStart(Exception):
    """A server ended, or did not accept connections in time."""


@dataclass(frozen=True)
class Stat:
    """What matters here of /proc/PID/stat; times in seconds."""

    state: str
    parent: int
    cpu: float
    # Of the children that have ended and were waited for.
    reaped_cpu: float
    threads: int
    # In clock ticks since the boot: tells a process from a later one with the same number.
    started: int


def parse_stat(text: str) -> Stat:
    """The name stands in parentheses and may itself contain some: the last one ends it."""
    fields = text.rpartition(")")[2].split()
    user, system, reaped_user, reaped_system = (int(field) / TICKS_PER_SECOND for field in fields[11:15])
    return Stat(fields[0], int(fields[1]), user + system, reaped_user + reaped_system, int(fields[17]), int(fields[19]))


def stat(pid: int) -> Stat:
    """Raises Gone."""
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (OSError, IndexError) as error:
        raise Gone(pid) from error


def descendants(pid: int) -> dict[int, Stat]:
    """Every process below this one, zombies included."""
    everyone: dict[int, Stat] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                everyone[int(entry)] = stat(int(entry))
            except Gone:
                continue
    found: dict[int, Stat] = {}
    parents = {pid}
    while parents:
        children = {child: its for child, its in everyone.items() if its.parent in parents and child not in found}
        found |= children
        parents = set(children)
    return found


@dataclass(frozen=True)
class CPU:
    """Seconds that a process has used, and apart from them those of its children, dead or alive."""

    own: float
    children: float

    def __sub__(self, earlier: CPU) -> CPU:
        return CPU(round(self.own - earlier.own, 3), round(self.children - earlier.children, 3))


def exact_cpu(pid: int) -> float:
    """Seconds that the living threads of a process have run, to the nanosecond. Raises OSError where the kernel does not
    tell, or when the process has gone."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((tasks / task / "schedstat").read_text().split()[0]) for task in os.listdir(tasks)) / 1e9


def cpu(pid: int) -> CPU:
    """Raises Gone."""
    own = stat(pid)
    below = 0.0
    for child, its in descendants(pid).items():
        # Of fifty children that run for a few milliseconds each, ticks of ten would show nothing.
        try:
            below += exact_cpu(child) + its.reaped_cpu
        except (OSError, IndexError):
            below += its.cpu + its.reaped_cpu
    return CPU(own.cpu, own.reaped_cpu + below)


def parse_memory(rollup: str) -> dict[str, int]:
    """KiB: resident; resident with shared pages by share; and what only this process has."""
    sizes = {}
    for line in rollup.splitlines()[1:]:
        name, _, value = line.partition(":")
        sizes[name] = int(value.split()[0])
    return {"rss": sizes["Rss"], "pss": sizes["Pss"], "uss": sizes["Private_Clean"] + sizes["Private_Dirty"]}


def memory(pid: int) -> dict[str, int]:
    """As parse_memory, with the numbers of threads and of descriptors. Raises Gone."""
    try:
        sizes = parse_memory(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return sizes | {"threads": stat(pid).threads, "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}
    except OSError as error:
        raise Gone(pid) from error


def free_ports() -> int:
    """The first of two successive ports that are free. Below those that the system gives to clients, of which a run has
    so many that a server's might be taken again before it binds it."""
    while True:
        port = random.randrange(10_000, 30_000, 2)
        try:
            for each in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", each))
            return port
        except OSError:
            continue


def accepts(port: int) -> bool:
    """Whether somebody listens on this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pinned(command: Sequence[str], to: int | None) -> list[str]:
    """The command on one CPU alone; as it is when `to` is None."""
    return list(command) if to is None else ["taskset", "-c", str(to), *command]


class Started:
    """The processes that this run has started. As a context manager, it ends on leaving those that are still there."""

    def __init__(self, log: Path):
        self.log = log
        self.running: list[subprocess.Popen] = []

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        while self.running:
            self.end(self.running[-1], patience=2.0)

    def process(self, command: Sequence[str], *, stdin: int = subprocess.DEVNULL, stdout: IO | int | None = None,
                stderr: IO | int | None = None, env: Mapping[str, str] | None = None) -> subprocess.Popen:
        """Starts a process in a session of its own, so that a ^C reaches it through this run only. What is not
        redirected goes to the log."""
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                command, stdin=stdin, stdout=log if stdout is None else stdout, stderr=log if stderr is None else stderr,
                env={**os.environ, **(env or {})}, start_new_session=True,
            )
        self.running.append(process)
        return process

    def server(self, command: Sequence[str], port: int) -> subprocess.Popen:
        """Starts a server and waits until it accepts connections. Raises DidNotStart."""
        process = self.process(command)
        deadline = time.monotonic() + START_LIMIT
        while not accepts(port):
            if process.poll() is not None or time.monotonic() > deadline:
                self.end(process)
                raise DidNotStart(f"{os.path.basename(command[0])} did not start: its output is in {self.log.name}")
            time.sleep(0.01)
        return process

    def end(self, process: subprocess.Popen, patience: float = END_LIMIT) -> int:
        """SIGTERM, then SIGKILL, then the same for what it has left behind; returns how many processes that were."""
        try:
            below = descendants(process.pid)
        except OSError:
            below = {}
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        if process in self.running:
            self.running.remove(process)
        return end_strays(below)


def still_there(strays: Mapping[int, Stat]) -> list[int]:
    """Those that live on: the same process under the same number, and no zombie."""
    found = []
    for pid, was in strays.items():
        try:
            now = stat(pid)
        except Gone:
            continue
        if now.started == was.started and now.state not in "ZX":
            found.append(pid)
    return found


def end_strays(strays: Mapping[int, Stat], patience: float = 2.0) -> int:
    """Gives the processes a moment to end by themselves, as children do when their stdin closes, then kills the others.
    Returns how many had to be killed."""
    deadline = time.monotonic() + patience
    while left := still_there(strays):
        if time.monotonic() > deadline:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return len(left)
        time.sleep(0.02)
    return 0
