# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The real MCP servers of the matrix: how each is started and reached, and what it cannot do by itself."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bridge import ENVIRONMENTS, HERE, python

START_TIMEOUT = 60.0
STOP_TIMEOUT = 3.0

LEGACY, MODERN = "legacy", "2026-07-28"
FEATURES = ["list", "call", "progress", "sampling", "elicitation", "subscription", "cancel", "large", "parallel"]


def unavailable(environment: str) -> str | None:
    """Why an environment of scripts/venv is not there, if it is not."""
    if (ENVIRONMENTS / environment / "bin" / "python").exists():
        return None
    note = ENVIRONMENTS / f"{environment}.missing"
    return note.read_text().strip() if note.exists() else f"no environment {environment}: scripts/venv was not run for it"


@dataclass(frozen=True)
class Program:
    """A process that serves HTTP on a port of its own choosing, which it names on stdout or stderr."""

    environment: str
    arguments: tuple[str, ...]
    # What stands before the port: nothing but the line's begin, or uvicorn's own words.
    port: str = r"^(\d+)$"

    def command(self) -> list[str]:
        interpreter = python(self.environment)
        return [word.format(python=interpreter, bin=Path(interpreter).parent, here=HERE) for word in self.arguments]


MATRIX = "{here}/servers/matrix%d.py"
PROGRAMS = {
    "mcp1": Program("mcp1", ("{python}", MATRIX % 1)),
    "mcp2": Program("mcp2", ("{python}", MATRIX % 2)),
    "fastmcp4": Program("fastmcp4", ("{python}", MATRIX % 4)),
    "proxy": Program(
        "field",
        (
            "{bin}/mcp-proxy", "--port", "0",
            "--named-server", "time", "{python} -m mcp_server_time",
            "--", "{python}", MATRIX % 1, "stdio",
        ),
        port=r"running on http://127\.0\.0\.1:(\d+)",
    ),
}


@dataclass(frozen=True)
class Backend:
    """One row of the matrix."""

    name: str
    title: str
    # A program and a path on it, or for a stdio server an environment and its script.
    program: str | None = None
    path: str = ""
    stdio: tuple[str, str] | None = None
    transport: str = "auto"
    eras: tuple[str, ...] = (LEGACY,)
    # Why a feature is beyond this server whoever the client is, by feature, or by (era, feature).
    lacks: dict = field(default_factory=dict)

    @property
    def environment(self) -> str:
        return self.stdio[0] if self.stdio else PROGRAMS[self.program].environment

    def lack(self, era: str, feature: str) -> str | None:
        """Why the server cannot do this, or none if it can."""
        return self.lacks.get(feature) or self.lacks.get((era, feature))

    def server(self, ports: dict[str, int]) -> dict:
        """Its entry in the bridge's configuration."""
        if self.stdio:
            environment, script = self.stdio
            return {"command": [python(environment), str(HERE / "servers" / script), "stdio"]}
        return {"url": f"http://127.0.0.1:{ports[self.program]}{self.path}", "transport": self.transport}


JSON_ONLY = "an answer in JSON has no room for other messages before it"
NO_SESSION = "without sessions the server cannot be asked or told anything about an earlier request"
PROXY_ASKS = "mcp-proxy relays no requests of the server it stands before"
PROXY_TELLS = "mcp-proxy relays no notifications but progress"

BACKENDS = [
    Backend("mcp1-stdio", "mcp 1.30, stdio", stdio=("mcp1", "matrix1.py")),
    # Only for the era that mcp 1.30 does not know: a process for each connection costs most of a second.
    Backend("mcp2-stdio", "mcp 2.3, stdio, 2026-07-28 only", stdio=("mcp2", "matrix2.py"), eras=(MODERN,)),
    Backend(
        "mcp1-json", "mcp 1.30, Streamable HTTP, JSON", "mcp1", "/json",
        lacks={name: JSON_ONLY for name in ("progress", "sampling", "elicitation")},
    ),
    Backend("mcp1-events", "mcp 1.30, Streamable HTTP, event streams", "mcp1", "/events"),
    Backend("mcp1-resumable", "mcp 1.30, Streamable HTTP, event store", "mcp1", "/resumable"),
    Backend(
        "mcp1-stateless", "mcp 1.30, Streamable HTTP, stateless", "mcp1", "/stateless",
        lacks={name: NO_SESSION for name in ("sampling", "elicitation", "subscription", "cancel")},
    ),
    Backend("mcp1-sse", "mcp 1.30, HTTP+SSE", "mcp1", "/sse", transport="sse"),
    Backend("mcp1-sse-found", "mcp 1.30, HTTP+SSE found by `auto`", "mcp1", "/sse"),
    Backend("mcp2", "mcp 2.3, Streamable HTTP", "mcp2", "/mcp", eras=(LEGACY, MODERN)),
    Backend(
        "mcp2-json", "mcp 2.3, Streamable HTTP, JSON", "mcp2", "/json", eras=(LEGACY, MODERN),
        lacks={
            "progress": JSON_ONLY,
            (LEGACY, "sampling"): JSON_ONLY,
            (LEGACY, "elicitation"): JSON_ONLY,
            (MODERN, "subscription"): JSON_ONLY,
            (MODERN, "cancel"): "while it works on an answer in JSON, the server does not see that the client has gone",
        },
    ),
    Backend(
        "fastmcp4", "FastMCP 4, Streamable HTTP", "fastmcp4", "/mcp", eras=(LEGACY, MODERN),
        lacks={(MODERN, "subscription"): "FastMCP 4.1 has no `subscriptions/listen`"},
    ),
    Backend(
        "proxy", "mcp-proxy 0.13, Streamable HTTP, before mcp 1.30 on stdio", "proxy", "/mcp",
        lacks={
            "progress": JSON_ONLY, "sampling": PROXY_ASKS, "elicitation": PROXY_ASKS, "subscription": PROXY_TELLS,
            "cancel": PROXY_TELLS,
        },
    ),
    Backend(
        "proxy-sse", "mcp-proxy 0.13, HTTP+SSE, before mcp 1.30 on stdio", "proxy", "/sse", transport="sse",
        lacks={
            "sampling": PROXY_ASKS, "elicitation": PROXY_ASKS, "subscription": PROXY_TELLS, "cancel": PROXY_TELLS,
        },
    ),
]


class Running:
    """A program that was started. Its output is read to the end, and the last of it kept for a failure."""

    def __init__(self, program: Program):
        self.output: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._port = re.compile(program.port)
        self.process = subprocess.Popen(
            program.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.output = [*self.output[-99:], line.rstrip("\n")]
            self._lines.put(line)
        self._lines.put(None)

    def port(self) -> int:
        """Waits until the program has named its port."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no port within {START_TIMEOUT} s: {self.output}") from None
            if line is None:
                raise RuntimeError(f"exit {self.process.wait()} before the port: {self.output}")
            if found := self._port.search(line.strip()):
                return int(found[1])

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process and to what it started, which is in the same process group."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def ended(self, within: float) -> bool:
        try:
            self.process.wait(within)
            return True
        except subprocess.TimeoutExpired:
            return False


def start(names: list[str]) -> tuple[dict[str, Running], dict[str, int]]:
    """Starts the programs whose environments are there, at once; tells the ports."""
    running = {name: Running(PROGRAMS[name]) for name in names if unavailable(PROGRAMS[name].environment) is None}
    try:
        return running, {name: one.port() for name, one in running.items()}
    except BaseException:
        stop(running)
        raise


def stop(running: dict[str, Running]) -> None:
    """Ends them all at once, by force if they do not see to it themselves."""
    for one in running.values():
        one.signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    for one in running.values():
        if not one.ended(max(0.0, deadline - time.monotonic())):
            one.signal(signal.SIGKILL)
            one.process.wait()
