# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The clients of these tests: the Python SDK's own, one that shows every frame, and one of the stateless revision."""

from __future__ import annotations

import itertools
import json
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Callable

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


MODERN = "2026-07-28"
PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


class ModernClient:
    """A client of 2026-07-28 on `websockets`: `_meta` in every request, no handshake, input by retries. It reads all the
    time, so that many requests may be open at once, and holds the bridge to what it promises: no request of the
    server's, no second answer (R28), no progress after the answer (R29)."""

    def __init__(self, bare: BareClient, input: dict[str, Callable[[dict], dict]]):
        self.bare = bare
        self.input = input
        self.notifications: list[dict] = []
        self.faults: list[str] = []
        self._ids = itertools.count(1)
        self._open: dict[Any, list] = {}
        self._tokens: dict[Any, Callable[[float], None] | None] = {}
        self._more = anyio.Event()

    async def read(self) -> None:
        """Books what arrives until the connection ends."""
        try:
            while True:
                self._take(await self.bare.receive())
        except websockets.ConnectionClosed as end:
            self.faults.append(f"closed with {end}")
            for waiting in self._open.values():
                waiting[0].set()

    def _take(self, message: dict) -> None:
        if "method" not in message:
            waiting = self._open.get(message.get("id"))
            if waiting is None or waiting[1] is not None:
                self.faults.append(f"R28: an answer nobody waits for: {str(message)[:200]}")
            else:
                waiting[1] = message
                waiting[0].set()
                self._tell()
        elif "id" in message:
            self.faults.append(f"a request of the server's: {str(message)[:200]}")
        elif message["method"] == "notifications/progress":
            token = message["params"]["progressToken"]
            if token not in self._tokens:
                self.faults.append(f"R29: progress after its answer, or of nobody: {message}")
            elif self._tokens[token] is not None:
                self._tokens[token](message["params"]["progress"])
        else:
            self.notifications.append(message)
            self._tell()

    def _tell(self) -> None:
        self._more.set()
        self._more = anyio.Event()

    async def notified(self, wanted: Callable[[dict], bool]) -> dict:
        """Waits for a notification, perhaps one that was there already."""
        while True:
            for message in self.notifications:
                if wanted(message):
                    return message
            await self._more.wait()

    async def send(self, method: str, params: dict | None = None, progress: Callable[[float], None] | None = None) -> Any:
        """Sends a request and tells its id. The answer is had from `answer`."""
        identifier = f"modern {next(self._ids)}"
        capabilities = {"sampling": {}, "elicitation": {"form": {}}} if self.input else {}
        meta = {PROTOCOL_VERSION: MODERN, CAPABILITIES: capabilities, CLIENT_INFO: {"name": "interop", "version": "1"}}
        if progress is not None:
            meta["progressToken"] = identifier
            self._tokens[identifier] = progress
        self._open[identifier] = [anyio.Event(), None]
        await self.bare.send({"jsonrpc": "2.0", "id": identifier, "method": method, "params": {**(params or {}), "_meta": meta}})
        return identifier

    async def answer(self, identifier: Any) -> dict:
        waiting = self._open[identifier]
        await waiting[0].wait()
        assert waiting[1] is not None, self.faults
        del self._open[identifier]
        self._tokens.pop(identifier, None)
        return waiting[1]

    async def request(self, method: str, params: dict | None = None, **options: Any) -> dict:
        """A request and its result, which must be one. Whatever input the server asks for is given, in retries."""
        params = dict(params or {})
        while True:
            identifier = await self.send(method, params, **options)
            answer = await self.answer(identifier)
            assert "result" in answer, answer
            result = answer["result"]
            if result.get("resultType") != "input_required":
                return result
            wanted = result.get("inputRequests") or {}
            params["inputResponses"] = {key: self.input[entry["method"]](entry["params"]) for key, entry in wanted.items()}
            if "requestState" in result:
                params["requestState"] = result["requestState"]

    async def cancel(self, identifier: Any) -> None:
        """Cancels a request: no answer will come."""
        params = {"requestId": identifier}
        await self.bare.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
        del self._open[identifier]

    async def listen(self, uri: str) -> Any:
        """Subscribes to a resource and waits for the acknowledgement, the first message of the subscription."""
        identifier = await self.send("subscriptions/listen", {"notifications": {"resourceSubscriptions": [uri]}})
        waiting = self._open[identifier]
        while (first := next((m for m in self.notifications if subscription_of(m) == identifier), None)) is None:
            assert waiting[1] is None, waiting[1]
            await self._more.wait()
        assert first["method"] == "notifications/subscriptions/acknowledged", first
        return identifier


def subscription_of(message: dict) -> Any:
    """The id of the `subscriptions/listen` that a notification belongs to."""
    return message.get("params", {}).get("_meta", {}).get(SUBSCRIPTION)


@asynccontextmanager
async def modern_client(url: str, input: dict[str, Callable[[dict], dict]] | None = None) -> AsyncIterator[ModernClient]:
    """A connection of 2026-07-28. It must end without a fault."""
    async with bare_client(url) as bare:
        client = ModernClient(bare, input or {})
        async with anyio.create_task_group() as group:
            group.start_soon(client.read)
            yield client
            group.cancel_scope.cancel()
        assert not client.faults, client.faults
