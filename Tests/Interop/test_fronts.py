# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Behind nginx and HAProxy, with the configurations that the repository has for them. The matrix runs there with --front."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bridge import Bridge, binary, wait_until
from fronts import FRONTS, Front, listen, unavailable

DEMO = {"demo": {"command": [str(binary()), "demo-server"]}}


@pytest.fixture
def front(tmp_path: Path, request: pytest.FixtureRequest):
    """Starts one: `front(name, bridges…, patience=…)`."""
    if not request.config.getoption("--fronts"):
        pytest.skip("make fronts runs it")
    running: list[Front] = []

    def begin(name: str, *bridges: Bridge, **options: int) -> Front:
        running.append(Front(name, [int(bridge.base.rsplit(":", 1)[1]) for bridge in bridges], tmp_path, **options))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def available(name: str) -> str:
    if reason := unavailable(name):
        pytest.skip(reason)
    return name


def client(front: Front, path: str = "/demo") -> connect:
    """A connection, for `async with`. Not that of websockets.sync: it reads and writes in two threads, and Python's TLS loses
    requests then (cpython#143756)."""
    context = ssl.create_default_context(cafile=str(front.files / "authority.pem")) if front.files else None
    return connect(front.base + path, subprotocols=["mcp"], ssl=context, open_timeout=20, proxy=None)


async def ask(mcp: ClientConnection, method: str, number: int = 1, **params: object) -> dict:
    await mcp.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
    while True:
        message = json.loads(await asyncio.wait_for(mcp.recv(), 20))
        if message.get("id") == number:
            return message


async def initialize(mcp: ClientConnection) -> None:
    info = {"name": "test", "version": "1"}
    assert "result" in await ask(mcp, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=info)


async def until(condition: Callable[[], object], what: str) -> None:
    """Like `wait_until`, while others go on."""
    await asyncio.to_thread(wait_until, condition, what)


@pytest.mark.anyio
@pytest.mark.parametrize("name", FRONTS)
async def test_r43_clients_are_known_by_their_own_address(name: str, front, start):
    """R43: what the front says of the client is in the log, and the front itself as the proxy."""
    bridge = start(DEMO, listen=listen(available(name)))
    async with client(front(name, bridge)) as mcp:
        await initialize(mcp)
        port = mcp.local_address[1]
    await until(lambda: any("connection ended" in line for line in bridge.errors), "the end")
    began = json.loads(next(line for line in bridge.errors if "connection began" in line))
    if name.startswith("haproxy"):
        assert began["peer"] == f"127.0.0.1:{port}", began
    assert began["peer"].startswith("127.0.0.1") and began["proxy"].startswith("127.0.0.1:"), began


@pytest.mark.anyio
@pytest.mark.parametrize(("interval", "lives"), [("1s", True), ("60s", False)])
@pytest.mark.parametrize("name", FRONTS)
async def test_r18_a_silent_connection_lives_by_the_bridges_pings(name: str, interval: str, lives: bool, front, start):
    """R18: a client that says nothing stays if pings are more frequent than the front's patience is long, and only then."""
    bridge = start(DEMO, listen=listen(available(name)), limits={"ping_interval": interval})
    async with client(front(name, bridge, patience=3)) as mcp:
        await initialize(mcp)
        # The library answers pings by itself.
        with pytest.raises(TimeoutError if lives else ConnectionClosed):
            await asyncio.wait_for(mcp.recv(), 7 if lives else 20)
        if lives:
            assert "result" in await ask(mcp, "ping", 2)


@pytest.mark.anyio
@pytest.mark.parametrize("name", FRONTS)
async def test_r44_a_drain_under_load_refuses_nobody_and_cuts_nothing(name: str, front, start):
    """R44: one of two bridges drains under load: new connections go to the other, what is busy is answered, nobody is refused."""
    first = start(DEMO, listen=listen(available(name)), drain={"delay": "1s", "timeout": "20s"})
    second = start(DEMO, listen=listen(name))
    proxy = front(name, first, second)
    served = 0
    is_over = False

    async def load() -> None:
        nonlocal served
        while not is_over:
            try:
                async with client(proxy) as mcp:
                    await initialize(mcp)
                    for number in range(2, 7):
                        answer = await ask(mcp, "tools/call", number, name="add", arguments={"a": 1, "b": number})
                        assert "result" in answer, answer
                        served += 1
            except ConnectionClosed as closed:
                # One that was idle for a moment: it is told so, and comes back.
                assert closed.rcvd is not None and closed.rcvd.code == 1001, closed

    async def slow() -> dict:
        async with client(proxy) as mcp:
            await initialize(mcp)
            return await ask(mcp, "tools/call", 2, name="slow", arguments={"steps": 2, "delay_ms": 1500})

    def began(bridge: Bridge) -> int:
        return sum("connection began" in line for line in bridge.errors)

    async with asyncio.TaskGroup() as group:
        # As many as it takes for both to have some.
        busy = [group.create_task(slow()) for _ in range(6)]
        for _ in range(4):
            group.create_task(load())
        await until(lambda: served > 40, "some load")
        await until(lambda: began(first) > 5, "load on the first")
        first.terminate()
        assert await asyncio.to_thread(first.wait) == 0
        count, before = served, began(second)
        await until(lambda: served > count + 40, "load on the other")
        is_over = True
    assert began(second) > before
    answers = [task.result() for task in busy]
    assert all("result" in answer for answer in answers), answers
