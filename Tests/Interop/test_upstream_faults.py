# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What becomes of answers that a server with a URL should not give: said at once, and for what they are."""

from __future__ import annotations

import json

import anyio
import pytest

from servers.recording import Answer, Request, plain, recording, saying
from wire import bare_client, initialization

pytestmark = pytest.mark.anyio

MAX_EVENT = 64 << 10


def large(request: Request) -> Answer:
    """`json/N` is answered in JSON, and `event/N` in an event, with a message of about so many bytes."""
    kind, _, size = request.message.get("method", "").partition("/")
    if not size or kind == "notifications":
        return plain(request)
    message = {"jsonrpc": "2.0", "id": request.message["id"], "result": {"text": "y" * int(size)}}
    if kind == "json":
        return Answer(body=json.dumps(message).encode())
    return Answer(headers=(("Content-Type", "text/event-stream"),), body=f"data: {json.dumps(message)}\n\n".encode())


@pytest.mark.parametrize("kind", ["json", "event"])
@pytest.mark.parametrize("size", [MAX_EVENT, 1 << 20, 8 << 20])
async def test_r66_an_answer_that_is_too_large_is_called_so(start, kind, size):
    """R66, R35: the client is told the limit, not that a connection broke; and smaller ones still pass."""
    with recording(large) as server:
        entry = {"url": f"http://127.0.0.1:{server.port}/mcp", "max_event": "64KiB", "transport": "streamable-http"}
        async with bare_client(start({"it": entry}).url("it")) as client:
            await client.initialize()
            error = (await client.request(f"{kind}/{size}"))["error"]
            assert error["data"]["cause"] == "response_too_large" and error["data"]["limit"] == MAX_EVENT, error
            assert "result" in await client.request(f"{kind}/{MAX_EVENT // 2}", identifier=2)


@pytest.mark.parametrize("endpoint", ["http://elsewhere.invalid/post", "https://127.0.0.1/post", "//127.0.0.1:1/post", "ftp:x"])
async def test_r63_an_endpoint_of_another_origin(start, endpoint):
    """R63, R35: nothing is sent there, and the request is answered at once, not when some timer fires."""
    stream = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: endpoint\ndata: {endpoint}\n\n"
    with saying(stream.encode()) as port:
        entry = {"url": f"http://127.0.0.1:{port}/sse", "transport": "sse", "connect_timeout": "1h"}
        async with bare_client(start({"it": entry}).url("it")) as client:
            with anyio.fail_after(10):
                answer = await client.request("initialize", initialization())
            assert answer["error"]["data"]["cause"] == "upstream_no_endpoint", answer
