# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The two clients of these tests: the Python SDK's own, and one that shows every frame."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator

import anyio
import websockets
from mcp import ClientSession
from mcp.client.websocket import websocket_client

# Above anything that a healthy run needs on a busy machine with two cores.
LIMIT = 30.0


@asynccontextmanager
async def sdk_session(url: str, initialize: bool = True, **callbacks: Any) -> AsyncIterator[ClientSession]:
    """A session of the SDK 1.30 over its own WebSocket client. Nothing inside may take longer than `LIMIT`."""
    with anyio.fail_after(LIMIT):
        async with websocket_client(url) as (read, write):
            async with ClientSession(read, write, **callbacks) as session:
                if initialize:
                    await session.initialize()
                yield session


def text_of(result: Any) -> str:
    """The text of a tool's result, which must not be an error."""
    assert not result.isError, result
    return result.content[0].text


async def closed(session: ClientSession) -> None:
    """Waits until the session has seen the end of its connection. A ping would not do: the SDK's client breaks its
    task group when it sends on a connection that was just closed, whoever the peer is."""
    while session._read_stream.statistics().open_send_streams:
        await anyio.sleep(0.01)


class BareClient:
    """JSON-RPC by hand on `websockets`. Every message that arrives is checked against R12 and kept."""

    def __init__(self, socket: websockets.ClientConnection):
        self.socket = socket
        self.seen: list[dict] = []

    async def send(self, message: dict | list | str) -> None:
        """Sends a message as one text frame; a string goes as it is."""
        await self.socket.send(message if isinstance(message, str) else json.dumps(message))

    async def receive_text(self) -> str:
        """R12: the next message is text, one line, and without a byte order mark."""
        raw = await self.socket.recv()
        assert isinstance(raw, str), "a binary frame"
        assert "\n" not in raw and "\r" not in raw and not raw.startswith("\ufeff"), raw[:200]
        return raw

    async def receive(self) -> dict:
        message = json.loads(await self.receive_text())
        self.seen.append(message)
        return message

    async def answer_to(self, identifier: Any) -> dict:
        """The next response with this id, of this type. What arrives before it stays in `seen`."""
        while True:
            message = await self.receive()
            if "method" not in message and "id" in message:
                if message["id"] == identifier and type(message["id"]) is type(identifier):
                    return message

    async def request(self, method: str, params: dict | None = None, identifier: Any = 1) -> dict:
        message = {"jsonrpc": "2.0", "id": identifier, "method": method}
        if params is not None:
            message["params"] = params
        await self.send(message)
        return await self.answer_to(identifier)

    async def call(self, tool: str, arguments: dict | None = None, identifier: Any = 1, meta: dict | None = None) -> dict:
        params: dict = {"name": tool, "arguments": arguments or {}}
        if meta:
            params["_meta"] = meta
        return await self.request("tools/call", params, identifier)

    async def notify(self, method: str, params: dict | None = None) -> None:
        message: dict = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        await self.send(message)

    async def initialize(self, version: str = "2025-11-25", capabilities: dict | None = None) -> dict:
        """The legacy handshake; returns the result."""
        answer = await self.request("initialize", initialization(version, capabilities), "initialize")
        assert "result" in answer, answer
        await self.notify("notifications/initialized")
        return answer["result"]


def initialization(version: str = "2025-11-25", capabilities: dict | None = None) -> dict:
    """The parameters of `initialize`."""
    return {
        "protocolVersion": version,
        "capabilities": capabilities or {},
        "clientInfo": {"name": "interop", "version": "1"},
    }


@asynccontextmanager
async def bare_client(url: str, subprotocols: list[str] | None = ["mcp"], **options: Any) -> AsyncIterator[BareClient]:
    """A connection of `websockets`, without limits of its own. Nothing inside may take longer than `LIMIT`."""
    with anyio.fail_after(LIMIT):
        options = {"max_size": None, "compression": None, "ping_interval": None, **options}
        async with websockets.connect(url, subprotocols=subprotocols, **options) as socket:
            yield BareClient(socket)
