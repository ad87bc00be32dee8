# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""pydantic-ai 1.x in the matrix, where an MCP server is a subclass of `MCPServer`: pydantic1.py SIZE, with lines
"NAME URL FEATURE…" on stdin. Prints one line of JSON for each server: by feature null, or what went wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager

from mcp import types
from mcp.client.websocket import websocket_client
from pydantic_ai.mcp import MCPServer
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import FunctionModel

SIZE = int(sys.argv[1])
PATIENCE = 30.0


class MCPServerWebSocket(MCPServer):
    """As docs/clients.md shows it."""

    def __init__(self, url: str, **options):
        super().__init__(**options)
        self.url = url

    @asynccontextmanager
    async def client_streams(self):
        async with websocket_client(self.url) as streams:
            yield streams


def mirror(messages, info) -> ModelResponse:
    return ModelResponse(parts=[TextPart(messages[0].parts[0].content[::-1])])


async def user(context, params) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"colour": "blue"})


async def call(server: MCPServer, tool: str, **arguments) -> str:
    result = await server.direct_call_tool(tool, arguments)
    return result["result"] if isinstance(result, dict) else result


async def listed(server: MCPServer) -> None:
    assert {"echo", "large", "hold"} <= {tool.name for tool in await server.list_tools()}


async def called(server: MCPServer) -> None:
    text = 'grüße \u2028 \U0001f600 " \\'
    assert await call(server, "echo", text=text) == text


async def sampling(server: MCPServer) -> None:
    assert await call(server, "ask_model", question="stressed") == "desserts"


async def elicitation(server: MCPServer) -> None:
    assert await call(server, "ask_user", question="which?") == "accept:blue"


async def large(server: MCPServer) -> None:
    assert len(await call(server, "large", size=SIZE)) == SIZE


async def parallel(server: MCPServer) -> None:
    texts = [f"call {number}" for number in range(50)]
    assert await asyncio.gather(*(call(server, "echo", text=text) for text in texts)) == texts


FEATURES = {
    "list": listed, "call": called, "sampling": sampling, "elicitation": elicitation, "large": large, "parallel": parallel,
}


async def attempt(url: str, feature: str) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            options = {"sampling_model": FunctionModel(mirror), "elicitation_callback": user, "timeout": PATIENCE}
            async with MCPServerWebSocket(url, **options) as server:
                await FEATURES[feature](server)
    except Exception as failure:
        return repr(failure)
    return None


async def main() -> None:
    for line in sys.stdin:
        name, url, *features = line.split()
        found = {feature: await attempt(url, feature) for feature in features}
        print(json.dumps({"name": name, "found": found}), flush=True)


asyncio.run(main())
