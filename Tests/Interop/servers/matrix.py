# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What every backend of the matrix offers, free of any SDK: `matrix1.py`, `matrix2.py` and `matrix4.py` hang it onto theirs.

State is kept by names that the clients choose, because a process behind HTTP serves many of them."""

from __future__ import annotations

import socket
import sys
import threading
import os

import anyio

MEMO = "memo://text"
# How long a `hold` lasts whose client never comes back.
PATIENCE = 60.0

memo = {"text": "a memo"}
_held: dict[str, anyio.Event] = {}
_cancelled: set[str] = set()


async def hold(gate: str) -> str:
    """Waits for `release` with the same gate, and notes it if it was cancelled instead."""
    _held[gate] = anyio.Event()
    try:
        with anyio.move_on_after(PATIENCE):
            await _held[gate].wait()
            return f"released {gate}"
        return f"gave up {gate}"
    except anyio.get_cancelled_exc_class():
        _cancelled.add(gate)
        raise
    finally:
        del _held[gate]


def release(gate: str) -> str:
    _held[gate].set()
    return gate


def state(gate: str) -> str:
    """What became of a `hold`: "held", "cancelled", or "none" before its begin and after its end."""
    return "held" if gate in _held else "cancelled" if gate in _cancelled else "none"


def serve(app) -> None:
    """Serves an ASGI application on a free port of 127.0.0.1, which is printed, until SIGTERM, or until stdin ends:
    the server does not outlive the tests that started it."""
    import uvicorn

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, ws="none")
    uvicorn.Server(config).run(sockets=[listener])
