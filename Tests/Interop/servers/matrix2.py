# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The matrix's server on the Python SDK 2.3: over stdio (`matrix2.py stdio`), or over HTTP with both eras on one endpoint:
`/mcp`, which answers with event streams, and `/json`."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

import anyio
from mcp.server.mcpserver import Context, Elicit, ElicitationResult, MCPServer, Resolve, Sample
from mcp_types import (
    CreateMessageResult,
    EmptyResult,
    SamplingMessage,
    SubscribeRequestParams,
    TextContent,
    UnsubscribeRequestParams,
)
from pydantic import BaseModel, Field
from starlette.applications import Starlette

import matrix


class Answer(BaseModel):
    """What the user is asked for by `ask_user`."""

    colour: str


def put_to_model(question: str) -> Sample:
    return Sample([SamplingMessage(role="user", content=TextContent(type="text", text=question))], max_tokens=100)


def put_to_user(question: str) -> Elicit[Answer]:
    return Elicit(question, Answer)


def build() -> MCPServer:
    server = MCPServer("matrix", version="1", log_level="ERROR")
    subscribers: set = set()

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

    # The SDK turns these two into requests of the server's in the older revisions and into `input_required` in 2026-07-28.
    @server.tool()
    async def ask_model(question: str, answer: Annotated[CreateMessageResult, Resolve(put_to_model)]) -> str:
        """Has the client's model answer."""
        return answer.content.text if answer.content.type == "text" else "?"

    @server.tool()
    async def ask_user(question: str, answer: Annotated[ElicitationResult[Answer], Resolve(put_to_user)]) -> str:
        """Has the client's user fill in a form."""
        return f"{answer.action}:{answer.data.colour}" if answer.action == "accept" else answer.action

    @server.tool()
    async def touch(ctx: Context, text: str) -> str:
        """Changes the resource, and tells those who subscribed to it in either era."""
        matrix.memo["text"] = text
        await ctx.notify_resource_updated(matrix.MEMO)
        for session in list(subscribers):
            try:
                await session.send_resource_updated(matrix.MEMO)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                subscribers.discard(session)
        return text

    @server.tool()
    def where(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        """Returns the region, which an HTTP client of 2026-07-28 has to repeat in a header (R58)."""
        return region

    @server.resource(matrix.MEMO)
    def memo() -> str:
        """The resource that `touch` changes."""
        return matrix.memo["text"]

    async def subscribe(ctx, params: SubscribeRequestParams) -> EmptyResult:
        subscribers.add(ctx.session)
        return EmptyResult()

    async def unsubscribe(ctx, params: UnsubscribeRequestParams) -> EmptyResult:
        subscribers.discard(ctx.session)
        return EmptyResult()

    server._lowlevel_server.add_request_handler("resources/subscribe", SubscribeRequestParams, subscribe)
    server._lowlevel_server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, unsubscribe)
    return server


def application() -> Starlette:
    servers = [build(), build()]
    routes = [
        *servers[0].streamable_http_app(streamable_http_path="/mcp").routes,
        *servers[1].streamable_http_app(streamable_http_path="/json", json_response=True).routes,
    ]

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
