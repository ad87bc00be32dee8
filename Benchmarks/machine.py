# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The machine and what else it does: what stands beside the figures, so that they can be judged."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from processes import TICKS_PER_SECOND

# A machine is quiet when what runs on it takes less than this many cores, ...
QUIET_CORES = 0.25
# ... seen over this many seconds.
QUIET_WINDOW = 0.2


def _line_of(path: str, name: str) -> str:
    """The value of the first `name: value` line of a file; empty when there is none."""
    try:
        for line in Path(path).read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    except OSError:
        pass
    return ""


def facts() -> dict[str, str | int]:
    """Processor, cores, memory, kernel."""
    memory = _line_of("/proc/meminfo", "MemTotal").split()
    return {
        "cpu": _line_of("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": int(memory[0]) // 1024 if memory else 0,
        "virtual": "hypervisor" in _line_of("/proc/cpuinfo", "flags").split(),
        "kernel": platform.release(),
        "system": _os_name(),
    }


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def first_line(command: Sequence[str]) -> str:
    """What a program says first, for versions; empty when there is no such program, or it does not want to say."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=30, text=True, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next((line.strip() for line in done.stdout.splitlines() if line.strip()), "") if done.returncode == 0 else ""


def commit(root: Path) -> tuple[str, bool]:
    """The commit of a working copy in short, and whether tracked files differ from it."""
    name = first_line(["git", "-C", str(root), "rev-parse", "--short=9", "HEAD"])
    changed = first_line(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"])
    return name, bool(changed)


def busy_seconds() -> float:
    """Seconds that all cores together have worked since the boot."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / TICKS_PER_SECOND


class Patience:
    """Waits for a quiet machine, `each` seconds at a time and `whole` seconds altogether at the most."""

    def __init__(self, each: float, whole: float):
        self.each = each
        self.left = whole

    def wait(self) -> dict[str, float]:
        """What the machine was busy with at last, in cores, how long that took, and its load average."""
        begun = time.monotonic()
        limit = min(self.each, self.left)
        while True:
            before, at = busy_seconds(), time.monotonic()
            time.sleep(QUIET_WINDOW)
            now = time.monotonic()
            cores = (busy_seconds() - before) / (now - at)
            if cores < QUIET_CORES or now - begun >= limit:
                break
        waited = now - begun - QUIET_WINDOW
        self.left = max(0.0, self.left - waited)
        return {"busy_cores": round(cores, 2), "waited_s": round(max(0.0, waited), 1), "load_1min": round(os.getloadavg()[0], 2)}
