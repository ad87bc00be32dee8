# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What /proc tells about the bridge and about everything that came from it."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

from bridge import alive, descendants  # noqa: E402


class Family:
    """The bridge's processes: its descendants, and by a mark in their environment also those that got away."""

    def __init__(self, bridge: int, mark: str):
        self.bridge = bridge
        self.mark = f"CHURN_MARK={mark}".encode()

    def is_marked(self, pid: int) -> bool:
        """Whether a process was started by this bridge for a server; false for one that is gone."""
        try:
            return self.mark in (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def marked(self) -> set[int]:
        """Every living process with the mark, wherever it hangs in the tree."""
        return {int(entry) for entry in os.listdir("/proc") if entry.isdigit() and self.is_marked(int(entry))}

    def left(self) -> dict[str, int]:
        """What must all be nothing once no connection is left."""
        below = descendants(self.bridge)
        return {
            "children": len(below),
            "zombies": sum(1 for pid in below if not alive(pid)),
            "strays": len(self.marked() - below),
        }

    def describe(self) -> list[str]:
        """Those that are left, for whoever has to find out why."""
        return [self._describe(pid) for pid in sorted(descendants(self.bridge) | self.marked())]

    def _describe(self, pid: int) -> str:
        folder = Path("/proc") / str(pid)
        try:
            name, _, rest = (folder / "stat").read_text().rpartition(")")
            state, parent, group, session = rest.split()[:4]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError as fault:
            return f"{pid}: {fault}"
        connection = [entry.decode() for entry in environment if entry.startswith(b"MCP_WSBRIDGE_CONNECTION=")]
        return (
            f"{pid} ({name.partition('(')[2]}) {state} parent {parent} group {group} session {session} "
            f"{'marked' if self.mark in environment else 'not marked'} {connection} {command[:200]}"
        )

    def kill_one(self, chance: random.Random) -> str | None:
        """Kills a random process behind the bridge and tells with which signal."""
        candidates = sorted(pid for pid in descendants(self.bridge) if self.is_marked(pid))
        if not candidates:
            return None
        number = chance.choices([signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV], [6, 3, 1])[0]
        try:
            os.kill(chance.choice(candidates), number)
        except ProcessLookupError:
            return None
        return number.name

    def end(self) -> None:
        """Ends what a failed run left behind."""
        for pid in self.marked():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def descriptors(self) -> int:
        """How many descriptors the bridge has open."""
        return len(os.listdir(f"/proc/{self.bridge}/fd"))

    def memory(self) -> int:
        """The bridge's own memory in KiB: resident, without what is mapped from files."""
        for line in Path(f"/proc/{self.bridge}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        return 0
