# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""wss:// with clients of the field: the Python SDK's and the library below it, Node's WebSocket and Node's TLS."""

from __future__ import annotations

import functools
import json
import shutil
import ssl
import subprocess
from pathlib import Path

import mcp.client.websocket
import pytest
from mcp import ClientSession
from mcp.client.websocket import websocket_client
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.sync.client import connect

from bridge import HERE, binary
from test_node import run as node_client
from wire import LIMIT

SCRIPT = Path(__file__).resolve().parents[1] / "certificates"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `Tests/certificates` makes."""
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([SCRIPT, folder], check=True, capture_output=True)
    return folder


def secure(start, files: Path, **more) -> str:
    """Starts a bridge with TLS and the demo server; its URL."""
    tls = {"certificate": str(files / "server.pem"), "key": str(files / "server.key"), **more}
    listen = {"address": "127.0.0.1:0", "tls": tls}
    return start({"demo": {"command": [str(binary()), "demo-server"]}}, listen=listen).url("demo")


def trusting(files: Path, certificate: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(files / "authority.pem"))
    if certificate:
        context.load_cert_chain(files / f"{certificate}.pem", files / f"{certificate}.key")
    return context


@pytest.mark.anyio
async def test_r76_the_sdk_client_over_wss(start, files: Path, monkeypatch: pytest.MonkeyPatch):
    """R76: the SDK's client initializes and calls over wss, its trust in the authority taken from SSL_CERT_FILE."""
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "authority.pem"))
    url = secure(start, files)
    assert url.startswith("wss://")
    async with websocket_client(url) as streams, ClientSession(*streams) as session:
        await session.initialize()
        assert (await session.call_tool("echo", {"text": "é"})).content[0].text == "é"


def test_r76_a_client_certificate(start, files: Path):
    """R76: with a certificate that client_names allows, 1 MiB goes there and back; without it, or with another, nothing."""
    url = secure(start, files, client_ca=str(files / "clients.pem"), client_names=["spiffe://test.example/ns/agents/*"])
    with connect(url, ssl=trusting(files, "client"), subprotocols=["mcp"], max_size=8 << 20) as socket:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}))
        assert json.loads(socket.recv())["result"]["protocolVersion"] == "2025-11-25"
        socket.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        call = {"name": "echo", "arguments": {"text": "x" * (1 << 20)}}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}))
        assert json.loads(socket.recv())["result"]["content"][0]["text"] == "x" * (1 << 20)
    for certificate in (None, "other", "stranger"):
        # In TLS 1.3 the word comes after the handshake: the client waits for an answer by then, or is about to.
        with pytest.raises((OSError, InvalidMessage, ConnectionClosed)):
            connect(url, ssl=trusting(files, certificate))


@pytest.mark.anyio
async def test_r76_the_sdk_client_with_a_certificate(start, files: Path, monkeypatch: pytest.MonkeyPatch):
    """R76: the SDK's client takes no certificate itself, but what it connects with does."""
    url = secure(start, files, client_ca=str(files / "clients.pem"))
    with_certificate = functools.partial(mcp.client.websocket.ws_connect, ssl=trusting(files, "client"))
    monkeypatch.setattr(mcp.client.websocket, "ws_connect", with_certificate)
    async with websocket_client(url) as streams, ClientSession(*streams) as session:
        await session.initialize()
        assert (await session.call_tool("echo", {"text": "é"})).content[0].text == "é"


def test_r76_node_with_a_certificate(start, files: Path):
    """R76: Node's TLS with a certificate comes in, without it or with a stranger's it does not."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    url = secure(start, files, client_ca=str(files / "clients.pem"), client_names=["*.agents.example"])

    def run(*certificate: Path) -> dict:
        command = [node, str(HERE / "clients" / "tls.mjs"), url, str(files / "authority.pem"), *map(str, certificate)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run(files / "client.pem", files / "client.key") == {"protocol": "TLSv1.3", "version": "2025-06-18"}
    assert "failed" in run()
    assert "failed" in run(files / "stranger.pem", files / "stranger.key")


def test_r76_nodes_websocket_over_wss(start, files: Path, monkeypatch: pytest.MonkeyPatch):
    """R76: Node's own WebSocket over wss, the authority named by NODE_EXTRA_CA_CERTS."""
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(files / "authority.pem"))
    found = node_client(secure(start, files), "subprotocols")
    assert found["mcp"] == "mcp" and found["mcp close"] == 1000
