# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""How the daemon ends (R44), seen by the SDK's client and on the wire."""

from __future__ import annotations

import anyio
import pytest
import websockets
from mcp import McpError, types

from bridge import Bridge, binary, scripted
from wire import bare_client, closed, sdk_session, text_of

pytestmark = pytest.mark.anyio


async def test_r44_a_call_that_ends_while_draining_is_answered(start):
    """R44: on SIGTERM a busy connection is kept until its call is answered, then closed; exit 0."""
    daemon = start({"scripted": {"command": scripted()}}, drain={"timeout": "20s"})
    async with bare_client(daemon.url("scripted")) as client, bare_client(daemon.url("scripted")) as idle:
        await client.initialize()
        await idle.initialize()
        await client.send({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "hold", "arguments": {"gate": "a"}}})
        while not any("holding a" == message.get("params", {}).get("data") for message in client.seen):
            await client.receive()
        daemon.terminate()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await idle.receive()
        assert closed.value.rcvd.code == 1001, "an idle connection ends at once"
        await client.send({"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": {"name": "release", "arguments": {"gate": "a"}}})
        answer = await client.answer_to(5)
        assert answer["result"]["content"][0]["text"] == "released a"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await client.receive()
        assert closed.value.rcvd.code == 1001
    assert await anyio.to_thread.run_sync(daemon.wait) == 0


async def test_r44_a_call_that_never_ends_is_answered_with_an_error(start):
    """R44, R35, R21: at the end of the drain the SDK's call fails with an error, and its session ends cleanly; exit 0."""
    daemon = start({"scripted": {"command": scripted()}}, drain={"timeout": "1s"})
    began = anyio.Event()
    errors: list[McpError] = []

    async def log(params: types.LoggingMessageNotificationParams) -> None:
        began.set()

    async with sdk_session(daemon.url("scripted"), logging_callback=log) as session:
        async with anyio.create_task_group() as group:

            async def held() -> None:
                with pytest.raises(McpError) as failure:
                    await session.call_tool("hold", {"gate": "a"})
                errors.append(failure.value)

            group.start_soon(held)
            await began.wait()
            daemon.terminate()
        await closed(session)
    assert errors[0].error.data["origin"] == "mcp-wsbridge", errors[0].error
    assert await anyio.to_thread.run_sync(daemon.wait) == 0


async def test_r44_a_new_connection_is_refused_while_draining(start):
    """R44: during the drain's delay a new handshake gets 503, the old connection still works."""
    daemon = start({"scripted": {"command": scripted()}}, drain={"delay": "30s", "timeout": "30s"})
    async with bare_client(daemon.url("scripted")) as client:
        await client.initialize()
        daemon.terminate()
        with anyio.fail_after(10):
            while True:
                try:
                    async with bare_client(daemon.url("scripted")):
                        pass
                except websockets.InvalidStatus as refusal:
                    assert refusal.response.status_code == 503
                    assert "Retry-After" in refusal.response.headers
                    break
        answer = await client.call("echo", {"text": "still here"})
        assert answer["result"]["content"][0]["text"] == "still here"
        daemon.terminate()  # A second signal ends at once.
        with pytest.raises(websockets.ConnectionClosed):
            await client.receive()
    await anyio.to_thread.run_sync(daemon.wait)


async def test_the_one_liner_serves_at_mcp(tmp_path):
    """`mcp-wsbridge --listen … -- COMMAND` serves one command at /mcp without a file."""
    daemon = Bridge(tmp_path, arguments=["--listen", "127.0.0.1:0", "--", str(binary()), "demo-server"])
    try:
        async with sdk_session(daemon.url("mcp")) as session:
            assert text_of(await session.call_tool("echo", {"text": "one line"})) == "one line"
    finally:
        daemon.stop()
