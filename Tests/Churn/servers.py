# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The servers of the churn: the demo server bare and in wrappers, and the scripted one if it was built."""

from __future__ import annotations

import random
from pathlib import Path

# Behaviours of FixtureServer under which every request must still be answered, by the server or by the bridge. Not among
# them are the servers that live on and never answer ("never-reads", "chatters"): nothing obliges the bridge to step in.
BEHAVIOURS = [
    "ignores-eof-and-term", "dies-mid-call", "dies-before-first-answer", "exits-at-once", "closes-stdout",
    "answers-twice", "answers-unknown-id", "progress-after-response", "respells-ids", "prints-junk",
    "floods-stderr", "endless-stderr-line",
]
WITH_FILE = ["leaves-grandchild", "daemonises-grandchild", "daemonises-holding-pipes"]


def commands(bridge: Path, fixture: Path | None, scratch: Path) -> dict[str, list[str]]:
    """Command lines by name. `$0` in the shell's scripts is the bridge, whose demo server they run."""

    def shell(script: str) -> list[str]:
        return ["sh", "-c", script, str(bridge)]

    found = {
        "demo": [str(bridge), "demo-server"],
        # The server is a grandchild; the shell waits for it.
        "demo-wrapped": shell('"$0" demo-server; :'),
        # A process beside the server holds stdout and stderr open after the server's end.
        "demo-holder": shell('sleep 3600 & exec "$0" demo-server'),
        # The same in a session of its own, where no signal to the group reaches it.
        "demo-escaped": shell('setsid sleep 3600 & exec "$0" demo-server'),
        # SIGTERM does nothing to the shell.
        "demo-deaf": shell('trap "" TERM; "$0" demo-server; :'),
        # Ends by itself at the first message, or before it.
        "dies-first": shell("read line; exit 7"),
        "dies-at-once": shell("exit 3"),
    }
    if fixture is not None:
        found["fixture"] = [str(fixture)]
        for name in BEHAVIOURS:
            found[f"fixture-{name}"] = [str(fixture), "--behaviour", name]
        for name in WITH_FILE:
            found[f"fixture-{name}"] = [str(fixture), "--behaviour", f"{name}={scratch / name}"]
    return found


def request(server: str, chance: random.Random) -> tuple[str, dict | None]:
    """A random request that this server understands: method and parameters."""
    kind = chance.choices(["ping", "echo", "wait"], [2, 5, 3])[0]
    if kind == "ping":
        return "ping", None
    if kind == "echo":
        size = chance.choice([1, 100, 5_000, 70_000])
        return "tools/call", {"name": "echo", "arguments": {"text": "e" * size}}
    if server.startswith("fixture"):
        return "tools/call", {"name": "sleep", "arguments": {"ms": chance.randint(1, 200)}}
    arguments = {"steps": chance.randint(1, 5), "delay_ms": chance.randint(1, 60)}
    return "tools/call", {"name": "slow", "arguments": arguments, "_meta": {"progressToken": chance.randint(1, 9)}}
