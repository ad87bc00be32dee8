# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The matrix's server on the Python SDK 1.30: over stdio (`matrix1.py stdio`), or over HTTP in all its manners at once, one
path each: `/json` (Streamable HTTP, sessions, answers in JSON), `/events` (the same with event streams), `/resumable` (with
an event store too), `/stateless` (no sessions) and `/sse` (HTTP+SSE)."""

from __future__ import annotations

import contextlib
import sys

import anyio
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.session import ServerSession
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.types import JSONRPCMessage, SamplingMessage, TextContent
from pydantic import AnyUrl, BaseModel
from starlette.applications import Starlette

import matrix

# In milliseconds; short, so that a test which waits for it does not take long.
RETRY = 100


class Answer(BaseModel):
    """What the user is asked for by `ask_user`."""

    colour: str


class Memory(EventStore):
    """Every event of the process, in order. An event without a message is a cursor only."""

    def __init__(self) -> None:
        self.events: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        after = int(last_event_id)
        stream = self.events[after - 1][0]
        for number, (other, message) in enumerate(self.events[after:], after + 1):
            if other == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


def build(**settings) -> FastMCP:
    server = FastMCP("matrix", log_level="ERROR", **settings)
    subscribers: set[ServerSession] = set()

    @server.tool()
    def echo(text: str) -> str:
        """Returns the text."""
        return text

    @server.tool(structured_output=False)
    def large(size: int) -> str:
        """Returns that many bytes."""
        return "x" * size

    @server.tool()
    async def count(ctx: Context, steps: int) -> str:
        """Reports progress for every step, then returns."""
        for step in range(1, steps + 1):
            await ctx.report_progress(step, steps, f"step {step}")
        return f"counted {steps}"

    @server.tool()
    async def count_apart(ctx: Context, steps: int) -> str:
        """Like `count`, but ends the stream of the answer half-way, so that the client has to resume it."""
        for step in range(1, steps + 1):
            await ctx.report_progress(step, steps, f"step {step}")
            if step == steps // 2:
                await ctx.close_sse_stream()
                await anyio.sleep(RETRY / 1000 / 2)
        return f"counted {steps}"

    @server.tool()
    async def hold(gate: str) -> str:
        """Returns when `release` is called with the same gate."""
        return await matrix.hold(gate)

    @server.tool()
    def release(gate: str) -> str:
        """Lets the matching `hold` return."""
        return matrix.release(gate)

    @server.tool()
    def state(gate: str) -> str:
        """Tells what became of a `hold`."""
        return matrix.state(gate)

    @server.tool()
    async def ask_model(ctx: Context, question: str) -> str:
        """Has the client's model answer."""
        result = await ctx.session.create_message(
            messages=[SamplingMessage(role="user", content=TextContent(type="text", text=question))],
            max_tokens=100,
            related_request_id=ctx.request_id,
        )
        return result.content.text if result.content.type == "text" else "?"

    @server.tool()
    async def ask_user(ctx: Context, question: str) -> str:
        """Has the client's user fill in a form."""
        result = await ctx.elicit(message=question, schema=Answer)
        return f"{result.action}:{result.data.colour}" if result.action == "accept" else result.action

    @server.tool()
    async def touch(text: str) -> str:
        """Changes the resource, and tells those who subscribed to it."""
        matrix.memo["text"] = text
        for session in list(subscribers):
            try:
                await session.send_resource_updated(AnyUrl(matrix.MEMO))
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                subscribers.discard(session)
        return text

    @server.resource(matrix.MEMO)
    def memo() -> str:
        """The resource that `touch` changes."""
        return matrix.memo["text"]

    @server._mcp_server.subscribe_resource()
    async def subscribe(uri: AnyUrl) -> None:
        subscribers.add(server._mcp_server.request_context.session)

    @server._mcp_server.unsubscribe_resource()
    async def unsubscribe(uri: AnyUrl) -> None:
        subscribers.discard(server._mcp_server.request_context.session)

    return server


def application() -> Starlette:
    servers = [
        build(streamable_http_path="/json", json_response=True),
        build(streamable_http_path="/events"),
        build(streamable_http_path="/resumable", event_store=Memory(), retry_interval=RETRY),
        build(streamable_http_path="/stateless", stateless_http=True),
    ]
    routes = [route for server in servers for route in server.streamable_http_app().routes]
    routes += build(sse_path="/sse", message_path="/messages/").sse_app().routes

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette):
        async with contextlib.AsyncExitStack() as stack:
            for server in servers:
                await stack.enter_async_context(server.session_manager.run())
            yield

    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    if sys.argv[1:] == ["stdio"]:
        build().run()
    else:
        matrix.serve(application())
