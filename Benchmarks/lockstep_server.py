#!/usr/bin/env python3
# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""lockstep_server.py N: an MCP server on standard input and output that keeps step with its client.

It answers a lone request at once and otherwise waits until N requests of tools/call are there, and answers them in one
write. So the bridge between the two sees the same portions in every run, whatever else the machine is doing, and its
instructions can be counted. Speed is no matter here.
"""

import fcntl
import json
import os
import sys


# What unprivileged programs may have. A message that fits is one portion for the bridge, in both directions.
PIPE_SIZE = 1 << 20


def answer(line: bytes) -> bytes | None:
    """The line that answers this one; nothing for a notification."""
    message = json.loads(line)
    if "id" not in message:
        return None
    if message["method"] == "initialize":
        result = {
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "lockstep", "version": "1"},
        }
    elif message["method"] == "tools/call":
        result = {"content": [{"type": "text", "text": message["params"]["arguments"]["text"]}]}
    else:
        result = {}
    response = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    return json.dumps(response, separators=(",", ":")).encode() + b"\n"


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data):]


def main() -> int:
    batch = int(sys.argv[1])
    for pipe in 0, 1:
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:
            pass  # No pipe, or all that the user may have is in use: what is counted varies a little more.
    unread = b""
    waiting: list[bytes] = []
    parts: list[bytes] = []
    while more := os.read(0, 1 << 20):
        parts.append(more)
        if b"\n" not in more:
            continue
        *lines, unread = b"".join(parts).split(b"\n")
        parts = [unread]
        for line in lines:
            if b'"tools/call"' in line:
                waiting.append(line)
            elif (response := answer(line)) is not None:
                write(response)
        if len(waiting) >= batch:
            write(b"".join(answer(line) or b"" for line in waiting))
            waiting.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
