# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""A stdio MCP server on the Python SDK's FastMCP (1.x) with every kind of traffic that crosses the bridge."""

import os
import sys

import anyio
from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent
from pydantic import BaseModel

server = FastMCP("scripted", log_level="ERROR")

# One process serves one connection, so what one client leaves here must never be seen by another.
memory: dict[str, str] = {}
cancelled: list[str] = []
gates: dict[str, anyio.Event] = {}


class Answer(BaseModel):
    """What the user is asked for by `ask_user`."""

    colour: str


@server.tool()
def echo(text: str) -> str:
    """Returns the text."""
    return text


@server.tool()
def pid() -> str:
    """Tells which process this is."""
    return str(os.getpid())


@server.tool()
def remember(text: str) -> str:
    """Keeps the text for `recall`, and tells what was kept before."""
    before = memory.get("text", "")
    memory["text"] = text
    return before


@server.tool()
def recall() -> str:
    """Returns what `remember` was given."""
    return memory.get("text", "")


@server.tool()
def large(size: int) -> str:
    """Returns that many bytes of ASCII text."""
    return "x" * size


@server.tool(structured_output=False)
def large_once(size: int) -> str:
    """Returns that many bytes once: no structured copy of the result beside the text."""
    return "x" * size


@server.tool()
async def count(ctx: Context, steps: int) -> str:
    """Reports progress for every step, then returns."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    return f"counted {steps}"


@server.tool()
async def speak(ctx: Context, text: str) -> str:
    """Sends a log message, then returns."""
    await ctx.info(text)
    return "spoken"


@server.tool()
async def ask_model(ctx: Context, question: str) -> str:
    """Has the client's model answer."""
    result = await ctx.session.create_message(
        messages=[SamplingMessage(role="user", content=TextContent(type="text", text=question))],
        max_tokens=100,
    )
    return result.content.text if result.content.type == "text" else "?"


@server.tool()
async def ask_user(ctx: Context, question: str) -> str:
    """Has the client's user fill in a form."""
    result = await ctx.elicit(message=question, schema=Answer)
    return f"{result.action}:{result.data.colour}" if result.action == "accept" else result.action


@server.tool()
async def ask_roots(ctx: Context) -> str:
    """Has the client list its roots."""
    result = await ctx.session.list_roots()
    return ",".join(str(root.uri) for root in result.roots)


@server.tool()
async def hold(ctx: Context, gate: str) -> str:
    """Tells by a log message that it has begun, and returns when `release` is called with the same gate."""
    gates[gate] = anyio.Event()
    await ctx.info(f"holding {gate}")
    try:
        await gates[gate].wait()
    except anyio.get_cancelled_exc_class():
        cancelled.append(gate)
        raise
    return f"released {gate}"


@server.tool()
def release(gate: str) -> str:
    """Lets the matching `hold` return."""
    gates[gate].set()
    return gate


@server.tool()
def cancellations() -> list[str]:
    """Tells which `hold`s were cancelled."""
    return cancelled


@server.tool()
async def leave(code: int) -> str:
    """Ends the process at once, without an answer."""
    sys.stdout.flush()
    os._exit(code)


@server.resource("memo://text")
def memo() -> str:
    """A resource."""
    return "a memo"


@server.prompt()
def greet(name: str) -> str:
    """A prompt."""
    return f"Greet {name}."


if __name__ == "__main__":
    server.run()
