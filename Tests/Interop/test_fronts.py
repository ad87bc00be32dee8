# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Behind nginx and HAProxy, with the configurations that the repository has for them. The matrix runs there with --front."""

from __future__ import annotations

import json
import ssl
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bridge import Bridge, binary, wait_until
from fronts import FRONTS, Front, listen, unavailable

DEMO = {"demo": {"command": [str(binary()), "demo-server"]}}


@pytest.fixture
def front(tmp_path: Path, request: pytest.FixtureRequest):
    """Starts one: `front(name, bridges)`."""
    if not request.config.getoption("--fronts"):
        pytest.skip("make fronts runs it")
    running: list[Front] = []

    def begin(name: str, *bridges: Bridge) -> Front:
        running.append(Front(name, [int(bridge.base.rsplit(":", 1)[1]) for bridge in bridges], tmp_path))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def available(name: str) -> str:
    if reason := unavailable(name):
        pytest.skip(reason)
    return name


def client(front: Front, path: str = "/demo") -> ClientConnection:
    context = ssl.create_default_context(cafile=str(front.files / "authority.pem")) if front.files else None
    return connect(front.base + path, subprotocols=["mcp"], ssl=context, open_timeout=20)


def ask(mcp: ClientConnection, method: str, number: int = 1, **params: object) -> dict:
    mcp.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
    while True:
        message = json.loads(mcp.recv(timeout=20))
        if message.get("id") == number:
            return message


def initialize(mcp: ClientConnection) -> None:
    info = {"name": "test", "version": "1"}
    assert "result" in ask(mcp, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=info)


@pytest.mark.parametrize("name", FRONTS)
def test_r43_clients_are_known_by_their_own_address(name: str, front, start):
    """R43: what the front says of the client is in the log, and the front itself as the proxy."""
    bridge = start(DEMO, listen=listen(available(name)))
    with client(front(name, bridge)) as mcp:
        initialize(mcp)
        port = mcp.socket.getsockname()[1]
    wait_until(lambda: any("connection ended" in line for line in bridge.errors), "the end")
    began = json.loads(next(line for line in bridge.errors if "connection began" in line))
    if name.startswith("haproxy"):
        assert began["peer"] == f"127.0.0.1:{port}", began
    assert began["peer"].startswith("127.0.0.1") and began["proxy"].startswith("127.0.0.1:"), began


@pytest.mark.parametrize("name", FRONTS)
def test_r18_a_silent_connection_lives_on_by_the_bridges_pings(name: str, front, start, tmp_path: Path):
    """R18: with pings more frequent than the front's patience is long, a client that says nothing stays."""
    bridge = start(DEMO, listen=listen(available(name)), limits={"ping_interval": "1s"})
    config = "nginx.conf" if name.startswith("nginx") else "haproxy.cfg"
    assert "75s" in (Path(__file__).parents[2] / "config" / config).read_text()
    with client(front(name, bridge)) as mcp:
        initialize(mcp)
        pings = threading.Event()
        # The library answers them by itself, while somebody waits for messages.
        with pytest.raises(TimeoutError):
            mcp.recv(timeout=3)
        pings.set()
        assert "result" in ask(mcp, "ping", 2)


@pytest.mark.parametrize("name", FRONTS)
def test_r44_a_drain_under_load_refuses_nobody_and_cuts_nothing(name: str, front, start, tmp_path: Path):
    """R44: one of two bridges drains under load: new connections go to the other, what is busy is answered, nobody is refused."""
    first = start(DEMO, listen=listen(available(name)), drain={"delay": "1s", "timeout": "20s"})
    second = start(DEMO, listen=listen(name))
    proxy = front(name, first, second)
    faults: list[str] = []
    served: list[int] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            try:
                with client(proxy) as mcp:
                    initialize(mcp)
                    for number in range(2, 7):
                        answer = ask(mcp, "tools/call", number, name="add", arguments={"a": 1, "b": number})
                        assert "result" in answer, answer
                        served.append(1)
            except ConnectionClosed as closed:
                # One that was idle for a moment: it is told so, and comes back.
                if closed.rcvd is None or closed.rcvd.code != 1001:
                    faults.append(repr(closed))
            except (WebSocketException, OSError, AssertionError, TimeoutError) as fault:
                faults.append(repr(fault))

    busy: list[dict] = []

    def slow() -> None:
        # As many as it takes for both to have some.
        with client(proxy) as mcp:
            initialize(mcp)
            busy.append(ask(mcp, "tools/call", 2, name="slow", arguments={"steps": 2, "delay_ms": 1500}))

    threads = [threading.Thread(target=slow) for _ in range(6)] + [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(served) > 40, "some load")
    wait_until(lambda: sum("connection began" in line for line in first.errors) > 5, "load on the first")
    first.terminate()
    assert first.wait() == 0
    count, began = len(served), sum("connection began" in line for line in second.errors)
    wait_until(lambda: len(served) > count + 40, "load on the other")
    done.set()
    for thread in threads:
        thread.join()
    assert not faults, faults[:5]
    assert len(busy) == 6 and all("result" in answer for answer in busy), busy
    assert sum("connection began" in line for line in second.errors) > began
