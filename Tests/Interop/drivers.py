# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The clients of the matrix that run in the tests' own process, behind one interface, so that one test serves all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Callable

import anyio
from fastmcp.client.transports import ClientTransport
from langchain_mcp_adapters.callbacks import Callbacks
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp import ClientSession, types
from mcp.client.websocket import websocket_client
from pydantic_ai.mcp import MCPToolset

from backends import LEGACY, MODERN
from wire import LIMIT, ModernClient, modern_client, subscription_of, text_of

COLOUR = "blue"


class Driver(ABC):
    """A client, connected. Its model answers with the question backwards, its user wants everything blue."""

    @abstractmethod
    async def tools(self) -> list[str]: ...

    @abstractmethod
    async def call(self, tool: str, arguments: dict) -> str:
        """The text of the tool's result."""

    @abstractmethod
    async def progress(self, tool: str, arguments: dict) -> tuple[str, list[float]]:
        """The text of the tool's result, and the progress that was told before it."""

    @abstractmethod
    async def cancelled(self, tool: str, arguments: dict, running: Callable[[], Any]) -> None:
        """Calls a tool, waits for `running`, cancels the call, and returns."""

    @abstractmethod
    async def updated(self, uri: str, touch: Callable[[], Any]) -> None:
        """Subscribes to a resource, touches it, and returns when the update was told."""


async def _model(context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
    content = types.TextContent(type="text", text=params.messages[0].content.text[::-1])
    return types.CreateMessageResult(role="assistant", content=content, model="mirror")


async def _user(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"colour": COLOUR})


class Updates:
    """The resource updates that a session was told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.more = anyio.Event()

    async def __call__(self, message: Any) -> None:
        """A message handler of the SDK's."""
        message = getattr(message, "root", message)
        if isinstance(message, types.ResourceUpdatedNotification):
            self.seen.append(str(message.params.uri))
            self.more.set()


class SDKDriver(Driver):
    """The Python SDK 1.30's own WebSocket client."""

    def __init__(self, session: ClientSession, updates: Updates):
        self.session = session
        self.updates = updates

    async def tools(self) -> list[str]:
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def call(self, tool: str, arguments: dict) -> str:
        return text_of(await self.session.call_tool(tool, arguments))

    async def progress(self, tool: str, arguments: dict) -> tuple[str, list[float]]:
        seen: list[float] = []

        async def progress(value: float, total: float | None, message: str | None) -> None:
            seen.append(value)

        return text_of(await self.session.call_tool(tool, arguments, progress_callback=progress)), seen

    async def cancelled(self, tool: str, arguments: dict, running: Callable[[], Any]) -> None:
        # The SDK 1.30 tells the server of a cancel only when it is asked to, and then the call's id is needed.
        identifiers: list[int] = []

        async def held() -> None:
            identifiers.append(self.session._request_id)
            await self.session.call_tool(tool, arguments)

        async with anyio.create_task_group() as group:
            group.start_soon(held)
            await running()
            params = types.CancelledNotificationParams(requestId=identifiers[0])
            await self.session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
            group.cancel_scope.cancel()

    async def updated(self, uri: str, touch: Callable[[], Any]) -> None:
        await self.session.subscribe_resource(types.AnyUrl(uri))
        await touch()
        await self.updates.more.wait()
        assert self.updates.seen == [uri]


@asynccontextmanager
async def _sdk(url: str) -> AsyncIterator[Driver]:
    updates = Updates()
    async with websocket_client(url) as (read, write):
        callbacks = {"sampling_callback": _model, "elicitation_callback": _user, "message_handler": updates}
        async with ClientSession(read, write, **callbacks) as session:
            await session.initialize()
            yield SDKDriver(session, updates)


class LangChainDriver(SDKDriver):
    """langchain-mcp-adapters over `transport: "websocket"`: its tools call the server; the rest goes by its session."""

    def __init__(self, session: ClientSession, updates: Updates):
        super().__init__(session, updates)
        self.loaded: dict[str, Any] = {}
        self.seen: list[float] = []

    async def load(self) -> None:
        async def on_progress(value: float, total: float | None, message: str | None, context: Any) -> None:
            self.seen.append(value)

        callbacks = Callbacks(on_progress=on_progress)
        found = await load_mcp_tools(self.session, callbacks=callbacks, server_name="matrix", handle_tool_errors=False)
        self.loaded = {tool.name: tool for tool in found}

    async def tools(self) -> list[str]:
        return list(self.loaded)

    async def call(self, tool: str, arguments: dict) -> str:
        return "".join(block["text"] for block in await self.loaded[tool].ainvoke(arguments))

    async def progress(self, tool: str, arguments: dict) -> tuple[str, list[float]]:
        return await self.call(tool, arguments), self.seen


@asynccontextmanager
async def _langchain(url: str) -> AsyncIterator[Driver]:
    updates = Updates()

    async def user(context: Any, params: types.ElicitRequestParams, more: Any) -> types.ElicitResult:
        return await _user(context, params)

    options = {"sampling_callback": _model, "message_handler": updates}
    connection = {"transport": "websocket", "url": url, "session_kwargs": options}
    client = MultiServerMCPClient({"matrix": connection}, callbacks=Callbacks(on_elicitation=user))
    async with client.session("matrix") as session:
        driver = LangChainDriver(session, updates)
        await driver.load()
        yield driver


class WebSocketTransport(ClientTransport):
    """As docs/clients.md shows it."""

    def __init__(self, url: str):
        self.url = url

    @asynccontextmanager
    async def connect_session(self, **session_kwargs):
        async with websocket_client(self.url) as (read, write):
            async with ClientSession(read, write, **session_kwargs) as session:
                yield session


class PydanticDriver(SDKDriver):
    """pydantic-ai 2.x, by an `MCPToolset`; what that has no method for goes by its session."""

    def __init__(self, toolset: MCPToolset, seen: list[float], updates: Updates):
        super().__init__(toolset.client.session, updates)
        self.toolset = toolset
        self.seen = seen

    async def tools(self) -> list[str]:
        return [tool.name for tool in await self.toolset.list_tools()]

    async def call(self, tool: str, arguments: dict) -> str:
        result = await self.toolset.direct_call_tool(tool, arguments)
        # A tool with an output schema answers with the structured copy.
        return result["result"] if isinstance(result, dict) else result

    async def progress(self, tool: str, arguments: dict) -> tuple[str, list[float]]:
        return await self.call(tool, arguments), self.seen


@asynccontextmanager
async def _pydantic(url: str) -> AsyncIterator[Driver]:
    updates = Updates()
    seen: list[float] = []

    async def model(messages: Any, params: types.CreateMessageRequestParams, context: Any) -> types.CreateMessageResult:
        return await _model(context, params)

    async def user(message: str, response_type: Any, params: Any, context: Any) -> dict:
        return {"colour": COLOUR}

    async def progress(value: float, total: float | None, message: str | None) -> None:
        seen.append(value)

    toolset = MCPToolset(
        WebSocketTransport(url), tool_error_behavior="error", sampling_handler=model, elicitation_handler=user,
        progress_handler=progress, message_handler=updates,
    )
    async with toolset:
        yield PydanticDriver(toolset, seen, updates)


class ModernDriver(Driver):
    """The tests' own client of 2026-07-28."""

    def __init__(self, client: ModernClient):
        self.client = client

    async def tools(self) -> list[str]:
        found = await self.client.request("server/discover")
        assert MODERN in found["supportedVersions"], found
        return [tool["name"] for tool in (await self.client.request("tools/list"))["tools"]]

    async def call(self, tool: str, arguments: dict, **options: Any) -> str:
        result = await self.client.request("tools/call", {"name": tool, "arguments": arguments}, **options)
        assert not result.get("isError"), result
        return result["content"][0]["text"]

    async def progress(self, tool: str, arguments: dict) -> tuple[str, list[float]]:
        seen: list[float] = []
        return await self.call(tool, arguments, progress=seen.append), seen

    async def cancelled(self, tool: str, arguments: dict, running: Callable[[], Any]) -> None:
        identifier = await self.client.send("tools/call", {"name": tool, "arguments": arguments})
        await running()
        await self.client.cancel(identifier)

    async def updated(self, uri: str, touch: Callable[[], Any]) -> None:
        listen = await self.client.listen(uri)
        await touch()
        update = await self.client.notified(lambda message: message["method"] == "notifications/resources/updated")
        assert subscription_of(update) == listen and update["params"]["uri"] == uri, update
        await self.client.cancel(listen)


@asynccontextmanager
async def _modern(url: str) -> AsyncIterator[Driver]:
    def model(params: dict) -> dict:
        text = params["messages"][0]["content"]["text"][::-1]
        return {"role": "assistant", "content": {"type": "text", "text": text}, "model": "mirror"}

    def user(params: dict) -> dict:
        return {"action": "accept", "content": {"colour": COLOUR}}

    async with modern_client(url, {"sampling/createMessage": model, "elicitation/create": user}) as client:
        yield ModernDriver(client)


# By name: how it connects, its era, and how much it takes in a message (the clients on the Python SDK at most 1 MiB).
CLIENTS: dict[str, tuple[Callable, str, int]] = {
    "python-sdk": (_sdk, LEGACY, (1 << 20) - 4096),
    "langchain": (_langchain, LEGACY, (1 << 20) - 4096),
    "pydantic-ai": (_pydantic, LEGACY, (1 << 20) - 4096),
    "modern": (_modern, MODERN, 3 << 20),
}


@asynccontextmanager
async def connected(client: str, url: str) -> AsyncIterator[Driver]:
    """A client of this name. Nothing inside may take longer than `LIMIT`."""
    with anyio.fail_after(LIMIT):
        async with CLIENTS[client][0](url) as driver:
            yield driver
