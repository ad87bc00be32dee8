# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The matrix's server on FastMCP 4, over HTTP at `/mcp`, both eras on one endpoint."""

from __future__ import annotations

import anyio
from fastmcp import Context, FastMCP
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    EmptyResult,
    InputRequiredResult,
    SamplingMessage,
    SubscribeRequestParams,
    TextContent,
)
from pydantic import BaseModel

import matrix

MODERN = "2026-07-28"

server = FastMCP("matrix", version="1")
subscribers: set = set()


class Answer(BaseModel):
    """What the user is asked for by `ask_user`."""

    colour: str


@server.tool
def echo(text: str) -> str:
    """Returns the text."""
    return text


@server.tool(output_schema=None)
def large(size: int) -> str:
    """Returns that many bytes."""
    return "x" * size


@server.tool
async def count(ctx: Context, steps: int) -> str:
    """Reports progress for every step, then returns."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    return f"counted {steps}"


@server.tool
async def hold(gate: str) -> str:
    """Returns when `release` is called with the same gate."""
    return await matrix.hold(gate)


@server.tool
def release(gate: str) -> str:
    """Lets the matching `hold` return."""
    return matrix.release(gate)


@server.tool
def state(gate: str) -> str:
    """Tells what became of a `hold`."""
    return matrix.state(gate)


def is_modern(ctx: Context) -> bool:
    return ctx.request_context is not None and ctx.request_context.protocol_version == MODERN


@server.tool(output_schema=None)
async def ask_model(ctx: Context, question: str) -> str | InputRequiredResult:
    """Has the client's model answer."""
    messages = [SamplingMessage(role="user", content=TextContent(type="text", text=question))]
    if not is_modern(ctx):
        result = await ctx.session.create_message(
            messages=messages, max_tokens=100, related_request_id=ctx.request_id
        )
    elif ctx.input_responses is None:
        request = CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=100))
        return InputRequiredResult(input_requests={"model": request}, request_state="asked the model")
    else:
        result = ctx.input_responses["model"]
    return result.content.text


@server.tool(output_schema=None)
async def ask_user(ctx: Context, question: str) -> str | InputRequiredResult:
    """Has the client's user fill in a form."""
    if not is_modern(ctx):
        result = await ctx.elicit(question, Answer)
        return f"{result.action}:{result.data.colour}" if result.action == "accept" else result.action
    if ctx.input_responses is None:
        form = ElicitRequestFormParams(message=question, requested_schema=Answer.model_json_schema())
        return InputRequiredResult(input_requests={"user": ElicitRequest(params=form)}, request_state="asked the user")
    answer = ctx.input_responses["user"]
    return f"{answer.action}:{answer.content['colour']}" if answer.action == "accept" else answer.action


@server.tool
async def touch(ctx: Context, text: str) -> str:
    """Changes the resource, and tells those who subscribed to it."""
    matrix.memo["text"] = text
    for session in list(subscribers):
        try:
            await session.send_resource_updated(matrix.MEMO)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            subscribers.discard(session)
    return text


@server.resource(matrix.MEMO)
def memo() -> str:
    """The resource that `touch` changes."""
    return matrix.memo["text"]


async def subscribe(ctx, params: SubscribeRequestParams) -> EmptyResult:
    subscribers.add(ctx.session)
    return EmptyResult()


server._mcp_server.add_request_handler("resources/subscribe", SubscribeRequestParams, subscribe)


if __name__ == "__main__":
    matrix.serve(server.http_app(path="/mcp"))
