# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Tokens by the carriers of real clients, static ones and those of an issuer that publishes its keys and rotates them; and
config/examples/secure.toml, with files and addresses of the tests."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import json
import os
import re
import subprocess
import time
import urllib.request
import warnings
from pathlib import Path
from typing import Iterator

import mcp.client.websocket
import pytest
from mcp import McpError
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect, unix_connect

from bridge import ROOT, Bridge, binary
from issuer import Issuer
from servers.certificates import make
from test_node import run as node_client
from test_tls import files, trusting  # noqa: F401 (a fixture)
from wire import LIMIT, sdk_session, text_of

STATIC = "mwb_a-static-token-of-the-interop-tests_0"

DEMO = {"command": [str(binary()), "demo-server"]}


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    process = Issuer()
    yield process
    process.stop()


def configuration(issuer: Issuer) -> str:
    """Two servers, of which /demo asks and /open does not."""
    jwt = "\n".join(f"{name} = {json.dumps(value)}" for name, value in issuer.settings.items())
    return f"""
[listen]
address = "127.0.0.1:0"
public_url = "https://bridge.example"
[[auth.tokens]]
name = "static"
sha256 = "{digest(STATIC)}"
[auth.jwt]
{jwt}
leeway = "0s"
[servers.demo]
command = {json.dumps(DEMO["command"])}
[servers.open]
builtin = "echo"
auth = "none"
"""


@pytest.fixture(scope="module")
def guarded(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    daemon = Bridge(tmp_path_factory.mktemp("guarded"), configuration(issuer))
    try:
        yield daemon
    finally:
        daemon.stop()


def with_user(url: str, token: str, user: str = "alice") -> str:
    """The URL of a client that can say nothing else: `ws://user:token@host/…`."""
    return url.replace("://", f"://{user}:{token}@")


def refused(url: str, token: str | None, **options) -> InvalidStatus:
    """The refusal of a handshake with this Bearer token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with pytest.raises(InvalidStatus) as found:
        connect(url, additional_headers=headers, **options).close()
    return found.value


@pytest.mark.anyio
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
async def test_r8_the_sdk_client_with_tokens_of_an_issuer(guarded: Bridge, issuer: Issuer, algorithm: str):
    """R8: PyJWT signs, the SDK's client carries it in its URL, and the session works."""
    async with sdk_session(with_user(guarded.url("demo"), issuer.token(algorithm))) as session:
        assert text_of(await session.call_tool("echo", {"text": algorithm})) == algorithm


@pytest.mark.anyio
async def test_r8_the_sdk_client_with_a_static_token(guarded: Bridge):
    """R8: the same with a static token; R3: without one, or with a wrong one, there is no session."""
    async with sdk_session(with_user(guarded.url("demo"), STATIC)) as session:
        assert text_of(await session.call_tool("echo", {"text": "é"})) == "é"
    for url in (guarded.url("demo"), with_user(guarded.url("demo"), "wrong-" + STATIC)):
        with pytest.raises(BaseException) as found:
            async with sdk_session(url):
                pass
        assert "401" in "".join(str(error) for error in _leaves(found.value))


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def test_r8_bearer(guarded: Bridge, issuer: Issuer):
    """R8: a Bearer header gets in with either kind of token; R9: a connection ends with 1001 when its token expires."""
    for token in (STATIC, issuer.token("ES256")):
        with connect(guarded.url("demo"), additional_headers={"Authorization": f"Bearer {token}"}, subprotocols=["mcp"]) as socket:
            assert socket.subprotocol == "mcp"
    with connect(guarded.url("demo"), additional_headers={"Authorization": f"Bearer {issuer.token(life=2)}"}) as socket:
        with pytest.raises(ConnectionClosed) as end:
            socket.recv(timeout=LIMIT)
        assert end.value.rcvd is not None and end.value.rcvd.code == 1001


def test_r2_nodes_websocket_with_a_token_in_a_subprotocol(guarded: Bridge, issuer: Issuer):
    """R2, R1: the browsers' interface carries a token as a subprotocol and gets `mcp` back, never the token."""
    for token in (STATIC, issuer.token("EdDSA")):
        assert node_client(guarded.url("demo"), "token", token) == {"protocol": "mcp", "version": "2025-06-18"}
    assert node_client(guarded.url("demo"), "token", "wrong-" + STATIC) == {"refused": True}
    assert node_client(guarded.url("demo"), "token", issuer.token(aud="https://other.example")) == {"refused": True}
    assert not any(STATIC in line for line in guarded.errors + guarded.output), "R73"


def test_r8_tokens_that_are_refused_say_where_others_come_from(guarded: Bridge, issuer: Issuer):
    """R3, R8: a 401 says what is wrong and names the metadata of RFC 9728, which names the issuer."""
    for claims in (
        {"life": -1}, {"aud": "https://other.example"}, {"aud": None}, {"iss": "https://evil.example"},
        {"nbf": int(time.time()) + 600}, {"exp": None}, {"sub": None},
    ):  # fmt: skip
        found = refused(guarded.url("demo"), issuer.token(**claims)).response
        assert found.status_code == 401, claims
        challenge = found.headers["WWW-Authenticate"]
        assert challenge.startswith("Bearer ") and 'error="invalid_token"' in challenge
        assert 'resource_metadata="https://bridge.example/.well-known/oauth-protected-resource/demo"' in challenge
    address = guarded.base.replace("ws://", "http://") + "/.well-known/oauth-protected-resource/demo"
    with urllib.request.urlopen(address, timeout=LIMIT) as answer:
        metadata = json.load(answer)
    assert metadata["resource"] == "https://bridge.example/demo"
    assert metadata["authorization_servers"] == ["https://id.example"]


def test_r8_the_issuer_rotates_its_keys(guarded: Bridge, issuer: Issuer):
    """R8: the first token of a new key has the keys fetched, at most 30 s after the last time; the old key is good no longer;
    connections stay, and an issuer that is gone changes nothing."""
    old = issuer.token("RS256")
    with connect(guarded.url("demo"), additional_headers={"Authorization": f"Bearer {old}"}) as socket:
        issuer.rotate()
        new = issuer.token("RS256")
        deadline = time.monotonic() + 45
        while True:
            with contextlib.suppress(InvalidStatus):
                connect(guarded.url("demo"), additional_headers={"Authorization": f"Bearer {new}"}).close()
                break
            assert time.monotonic() < deadline, "the new key was never fetched"
            # The bridge asks when a client does: somebody has to.
            time.sleep(0.5)
        assert refused(guarded.url("demo"), old).response.status_code == 401
        issuer.stop()
        connect(guarded.url("demo"), additional_headers={"Authorization": f"Bearer {new}"}).close()
        socket.send('{"jsonrpc":"2.0","id":1,"method":"ping"}')
        assert json.loads(socket.recv(timeout=LIMIT))["id"] == 1


def test_r9_a_connection_ends_with_its_certificate(start, files: Path, tmp_path: Path):  # noqa: F811
    """R9, R76: where a certificate is what a client proves itself with, the connection ends when it does."""
    authority = make(tmp_path, "authority")
    brief = make(tmp_path, "brief", ["brief.agents.example"], authority, days=6 / 86_400)
    tls = {"certificate": str(files / "server.pem"), "key": str(files / "server.key"), "client_ca": authority.pem}
    tokens = {"tokens": [{"name": "static", "sha256": digest(STATIC)}]}
    url = start({"demo": DEMO}, listen={"address": "127.0.0.1:0", "tls": tls}, auth=tokens).url("demo")
    context = trusting(files)
    context.load_cert_chain(brief.pem, brief.key_pem)
    with connect(url, ssl=context) as socket:
        with pytest.raises(ConnectionClosed) as end:
            socket.recv(timeout=LIMIT)
        assert end.value.rcvd is not None and end.value.rcvd.code == 1001
    with pytest.raises((OSError, InvalidMessage, ConnectionClosed)):
        connect(url, ssl=context)


def landlock() -> bool:
    """Whether the kernel can restrict paths, from the version on that the bridge asks for (landlock_create_ruleset)."""
    can = ctypes.CDLL(None).syscall(444, None, 0, 1) >= 3
    if not can:
        warnings.warn("the kernel has no Landlock: secure.toml is tried without `read_only`")
    return can


class Secure:
    """config/examples/secure.toml with the tests' files: the certificates of `Tests/certificates`, an issuer of its own."""

    def __init__(self, directory: Path, certificates: Path, issuer: Issuer):
        text = (ROOT / "config" / "examples" / "secure.toml").read_text()
        for old, new in {
            '"0.0.0.0:8443"': '"127.0.0.1:0"',
            "/etc/mcp-wsbridge/tls/fullchain.pem": str(certificates / "server.pem"),
            "/etc/mcp-wsbridge/tls/key.pem": str(certificates / "server.key"),
            "/etc/mcp-wsbridge/tls/clients.pem": str(certificates / "clients.pem"),
            "https://id.example/.well-known/jwks.json": issuer.jwks,
            "0" * 64: digest(STATIC),
            '["uvx", "mcp-server-time"]': json.dumps(DEMO["command"]),
            '["uvx", "mcp-server-git", "--repository", "/srv/git/project"]': json.dumps(DEMO["command"]),
            'cwd = "/srv/git/project"': "",
            # The tools of the demo server in the place of those of git.
            '"git_*"': '"a*", "e*"',
            '"git_add"': '"add"',
            '"127.0.0.1:8080"': '"127.0.0.1:0"',
            "/run/mcp-wsbridge/bridge.sock": str(directory / "bridge.sock"),
            "/var/log/mcp-wsbridge/audit.jsonl": str(directory / "audit.jsonl"),
            # Where the demo server and its libraries are is the build's matter.
            ', read_only = ["/srv/git"]': ', read_only = ["/"]' if landlock() else "",
            'group = "users"': f"group = {os.getgid()}",
            "allow_gids = [100]": f"allow_gids = [{os.getgid()}]",
        }.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.text = text
        self.issuer = issuer
        self.certificates = certificates
        self.daemon = Bridge(directory, text)

    def options(self, certificate: str | None = "client") -> dict:
        return {"ssl": trusting(self.certificates, certificate)}


@pytest.fixture
def secure(tmp_path: Path, files: Path) -> Iterator[Secure]:  # noqa: F811
    issuer = Issuer()
    try:
        found = Secure(tmp_path, files, issuer)
        try:
            yield found
        finally:
            found.daemon.stop()
    finally:
        issuer.stop()


@pytest.mark.anyio
async def test_r76_secure_toml_with_real_clients(secure: Secure, monkeypatch: pytest.MonkeyPatch):
    """R8, R31, R76: config/examples/secure.toml lets the SDK's client in by its certificate, and by its token as whom that
    names; a policy holds for either; without a certificate nobody gets in, whatever the token."""
    url, issuer = secure.daemon.url("git"), secure.issuer
    assert url.startswith("wss://")
    with_certificate = functools.partial(mcp.client.websocket.ws_connect, **secure.options())
    monkeypatch.setattr(mcp.client.websocket, "ws_connect", with_certificate)
    for url in (secure.daemon.url("git"), with_user(secure.daemon.url("git"), issuer.token("ES256", mcp_servers=["git"]))):
        async with sdk_session(url) as session:
            assert [tool.name for tool in (await session.list_tools()).tools] == ["echo"]
            assert text_of(await session.call_tool("echo", {"text": "é"})) == "é"
            with pytest.raises(McpError):
                await session.call_tool("add", {"a": 1, "b": 2})
    principals = [json.loads(line) for line in secure.daemon.errors if "connection began" in line]
    assert all(_field(record, "peer").startswith("127.0.0.1:") for record in principals)
    assert [_field(record, "principal") for record in principals] == [
        "certificate:one.agents.example",
        "jwt:alice",
    ]


def _field(record: dict, name: str):
    """A field of a log record, nested or not."""
    return next((each[name] for each in [record, *[v for v in record.values() if isinstance(v, dict)]] if name in each), None)


def test_r76_secure_toml_refuses_the_rest(secure: Secure):
    """R3, R4, R5, R8, R76: what config/examples/secure.toml does not let in, each with its own answer."""
    issuer, options = secure.issuer, secure.options()
    git, now = secure.daemon.url("git"), secure.daemon.url("time")
    for certificate in (None, "other", "stranger"):
        with pytest.raises(Exception) as found:
            connect(git, additional_headers={"Authorization": f"Bearer {STATIC}"}, **secure.options(certificate))
        assert not isinstance(found.value, InvalidStatus), "that is an answer of HTTP"
    statuses = {
        (git, STATIC): 403,
        (git, issuer.token(mcp_servers=["time"])): 403,
        (git, issuer.token()): 403,
        (git, issuer.token("PS256", mcp_servers=["git"])): 401,
        (git, "wrong-" + STATIC): 401,
        (git + "x", STATIC): 404,
    }
    for (url, token), status in statuses.items():
        assert refused(url, token, **options).response.status_code == status, (url, status)
    assert refused(now, STATIC, origin="https://evil.example", **options).response.status_code == 403
    with connect(now, additional_headers={"Authorization": f"Bearer {STATIC}"}, origin="https://app.example", **options):
        pass


def test_r43_secure_toml_has_other_ways_in(secure: Secure, tmp_path: Path):
    """R8, R43, R77: by config/examples/secure.toml a process of this machine needs no token, a client behind the proxy is
    where the proxy says, and the audit record tells of both."""
    with unix_connect(str(tmp_path / "bridge.sock"), "ws://bridge.example/time"):
        pass
    port = next(found[1] for line in secure.daemon.output if (found := re.search(r"[^s]ws://127\.0\.0\.1:(\d+)/time", line)))
    proxied = {"Authorization": f"Bearer {STATIC}", "X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    with connect(f"ws://127.0.0.1:{port}/time", additional_headers=proxied):
        pass
    secure.daemon.stop()
    began = [json.loads(line) for line in secure.daemon.errors if "connection began" in line]
    assert [_field(record, "principal") for record in began] == [f"unix:{os.getuid()}", "token:ci"]
    assert [_field(record, "peer") for record in began] == ["unix", "203.0.113.9"]
    audit = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [(record["event"], record["principal"]) for record in audit] == [
        ("connection", f"unix:{os.getuid()}"),
        ("connection", "token:ci"),
    ]


def test_secure_toml_passes_check(secure: Secure, tmp_path: Path):
    """R8, R76: `check` accepts config/examples/secure.toml, and says what clients have to bring."""
    file = tmp_path / "secure.toml"
    file.write_text(secure.text)
    done = subprocess.run([binary(), "check", "--config", file], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    assert "wss://" in done.stdout and "tokens of https://id.example" in done.stdout
