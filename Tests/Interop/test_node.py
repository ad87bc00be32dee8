# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Node's own WebSocket client, which is the browsers' interface too."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from bridge import HERE
from wire import LIMIT


def run(url: str, case: str, *arguments: str) -> dict:
    """What `clients/node.mjs` found; skips where Node or its WebSocket is missing."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    # Node 22 has WebSocket without the flag, and knows the flag still.
    command = [node, "--experimental-websocket", str(HERE / "clients" / "node.mjs"), url, case, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    if "bad option" in done.stderr:
        pytest.skip("this node knows no --experimental-websocket")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if "missing" in found:
        pytest.skip(found["missing"])
    return found


def test_r1_node_subprotocols(bridge):
    """R1: Node fails the handshake if `mcp` was offered and not echoed, or the other way round."""
    found = run(bridge.url("scripted"), "subprotocols")
    # A browser's client that offered only what the server does not speak fails by itself, or opens without a protocol.
    assert found.pop("other") in (None, "")
    found.pop("other close", None)
    assert found == {"none": "", "none close": 1000, "mcp": "mcp", "mcp close": 1000, "both": "mcp", "both close": 1000}


def test_r22_r29_node_initializes_lists_and_calls(bridge):
    """R12, R22, R29: the whole way with Node, progress before its response, and a clean close."""
    found = run(bridge.url("scripted"), "call")
    assert found["version"] == "2025-06-18"
    assert "echo" in found["tools"]
    assert found["same"]
    assert found["progress"] == [1, 2, 3] and found["counted"] == "counted 3"
    assert found["close"] == {"code": 1000, "clean": True}
