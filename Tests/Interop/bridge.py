# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Starts the real bridge with a generated configuration on a port of its own choosing, and ends it again."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
ENVIRONMENTS = ROOT / ".venv"

START_TIMEOUT = 20.0
STOP_TIMEOUT = 20.0


def binary() -> Path:
    """The bridge under test: `MCP_WSBRIDGE`, or the release build, or the debug build."""
    named = os.environ.get("MCP_WSBRIDGE")
    if named:
        return Path(named).resolve()
    for kind in ("release", "debug"):
        built = ROOT / ".build" / kind / "mcp-wsbridge"
        if built.exists():
            return built
    raise FileNotFoundError("no mcp-wsbridge: set MCP_WSBRIDGE or run `swift build`")


def toml(value: object) -> str:
    """A value as TOML, which agrees with JSON but for inline tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value)


def configuration(servers: dict[str, dict], **tables: dict) -> str:
    """A configuration file: the tables by name (`limits={…}`), then the servers."""
    tables = {"listen": {"address": "127.0.0.1:0"}, **tables}
    sections = [(name, body) for name, body in tables.items()]
    sections += [(f"servers.{name}", body) for name, body in servers.items()]
    lines = []
    for name, body in sections:
        lines.append(f"[{name}]")
        lines += [f"{key} = {toml(value)}" for key, value in body.items()]
    return "\n".join(lines) + "\n"


def children(pid: int) -> set[int]:
    """The living and the unreaped children of a process."""
    found = set()
    try:
        for task in (Path("/proc") / str(pid) / "task").iterdir():
            found |= {int(child) for child in (task / "children").read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def descendants(pid: int) -> set[int]:
    """The children, their children, and so on."""
    found: set[int] = set()
    new = children(pid)
    while new:
        found |= new
        new = set().union(*(children(child) for child in new)) - found
    return found


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, what: str, timeout: float = 10.0) -> None:
    """Waits for something that only /proc can tell, and that nobody sends an event for."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(0.01)


class Bridge:
    """One running daemon. `text` is its configuration, or `arguments` are what it is started with instead."""

    def __init__(self, directory: Path, text: str | None = None, arguments: list[str] | None = None, servers: int = 1):
        self.output: list[str] = []
        self.errors: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._urls: dict[str, str] = {}
        if text is not None:
            file = directory / "bridge.toml"
            file.write_text(text)
            arguments = ["--config", str(file)]
            servers = len(re.findall(r"^\[servers\.[^.\]]+\]", text, re.M))
        self.process = subprocess.Popen(
            [str(binary()), *(arguments or [])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.output, True), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors, False), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        try:
            self._await_banner(servers)
        except BaseException:
            self.kill()
            raise

    def _read(self, stream, lines: list[str], is_banner: bool) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))
            if is_banner:
                self._lines.put(line)
        if is_banner:
            self._lines.put(None)

    def _await_banner(self, servers: int) -> None:
        """The banner names a URL for each server; what else it says does not matter here."""
        deadline = time.monotonic() + START_TIMEOUT
        while len(self._urls) < servers:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no banner within {START_TIMEOUT} s: {self.output} {self.errors}") from None
            if line is None:
                raise RuntimeError(f"exit {self.process.wait()} before the banner: {self.output} {self.errors}")
            for scheme, port, path in re.findall(r"(wss?)://127\.0\.0\.1:(\d+)(/[\w./-]*)", line):
                self._urls.setdefault(path, f"{scheme}://127.0.0.1:{port}{path}")

    def url(self, name: str) -> str:
        """Where the server of that name (at its default path) is reached."""
        return self._urls["/" + name]

    def put_behind(self, base: str) -> None:
        """From now on its URLs begin with this: that of something that stands before it."""
        self._urls = {path: base + path for path in self._urls}

    @property
    def base(self) -> str:
        """The `ws://127.0.0.1:PORT`, or `wss://…`, that every URL begins with."""
        return next(iter(self._urls.values())).rsplit("/", 1)[0]

    def terminate(self) -> None:
        """Asks for an orderly end (R44) and returns at once."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Waits for the end and tells the exit status."""
        status = self.process.wait(timeout=STOP_TIMEOUT)
        for reader in self._readers:
            reader.join(timeout=5)
        return status

    def stop(self) -> None:
        """Ends the daemon and insists on exit 0, with every process that came from it gone (R37, R44)."""
        family = descendants(self.process.pid)
        self.terminate()
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the bridge did not end on SIGTERM:\n" + self.log()) from None
        assert status == 0, f"exit {status} on SIGTERM:\n" + self.log()
        wait_until(lambda: not any(alive(pid) for pid in family), "the end of all descendants")

    def kill(self) -> None:
        """For clearing up after a failure."""
        family = descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def log(self, lines: int = 60) -> str:
        """The end of what the daemon said."""
        return "\n".join(["stdout:", *self.output[-lines:], "stderr:", *self.errors[-lines:]])


def python(environment: str) -> str:
    """The interpreter of one of the environments that scripts/venv makes."""
    path = ENVIRONMENTS / environment / "bin" / "python"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run scripts/venv {environment}")
    return str(path)


def scripted() -> list[str]:
    """The command of the tests' own FastMCP server."""
    return [sys.executable, str(HERE / "servers" / "scripted.py")]
