# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""How servers with a URL are reached: TLS in both directions (R55), addresses of every kind, and servers that are not
there or are none (R35, R54)."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

from bridge import START_TIMEOUT, binary, configuration
from servers.certificates import Certificate, make
from servers.recording import Answer, Recording, Request, plain, recording, saying
from wire import bare_client, initialization

pytestmark = pytest.mark.anyio

NOT_TRUSTED = "TLS failed: its certificate is not trusted"


@dataclass(frozen=True)
class Certificates:
    authority: Certificate
    foreign: Certificate
    server: Certificate
    self_signed: Certificate
    misnamed: Certificate
    expired: Certificate
    client: Certificate
    foreign_client: Certificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("certificates")
    authority, foreign = make(directory, "authority"), make(directory, "foreign")
    names = ["localhost", "127.0.0.1", "::1"]
    return Certificates(
        authority,
        foreign,
        make(directory, "server", names, authority),
        make(directory, "self-signed", names),
        make(directory, "misnamed", ["example.invalid", "192.0.2.1"], authority),
        make(directory, "expired", names, authority, days=-1),
        make(directory, "client", ["client"], authority),
        make(directory, "foreign-client", ["client"], foreign),
    )


def url(server: Recording, host: str = "127.0.0.1", scheme: str = "https") -> str:
    return f"{scheme}://{host}:{server.port}/mcp"


async def answered(daemon, name: str = "it") -> list[dict]:
    """What becomes of two requests on one connection: both are answered (R35), and the connection stays."""
    async with bare_client(daemon.url(name)) as client:
        first = await client.request("initialize", initialization(), 1)
        return [first, await client.request("ping", None, 2)]


async def refused(daemon, cause: str, words: str) -> None:
    """Both are answered with this error of the bridge's."""
    for answer in await answered(daemon):
        error = answer["error"]
        assert error["code"] == -32603 and error["data"]["origin"] == "mcp-wsbridge", error
        assert error["data"]["cause"] == cause, error
        assert words in error["message"], error
        # What TLS libraries say by themselves: names of their types, numbers, and files of the machine that built them.
        assert not any(raw in error["message"] for raw in ("NIOSSL", "sslError", "OPENSSL", ".cc:")), error


async def works(daemon, name: str = "it") -> None:
    assert all("result" in answer for answer in await answered(daemon, name))


async def test_r55_a_self_signed_server_is_refused(start, certificates):
    """R55, R35: without `ca` the system's authorities decide, and they do not know this one."""
    with recording(certificate=certificates.self_signed) as server:
        await refused(start({"it": {"url": url(server)}}), "upstream_unreachable", NOT_TRUSTED)
        assert server.requests == []


async def test_r55_an_authority_of_ones_own_must_be_named(start, certificates):
    """R55: a certificate that is good in itself is refused while its authority is not known."""
    with recording(certificate=certificates.server) as server:
        await refused(start({"it": {"url": url(server)}}), "upstream_unreachable", NOT_TRUSTED)
        assert server.requests == []


@pytest.mark.parametrize(
    ("listening", "host"), [("127.0.0.1", "localhost"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")]
)
async def test_r55_ca(start, certificates, listening, host):
    """R55: `ca` is what is verified with, for names and for addresses."""
    with recording(host=listening, certificate=certificates.server) as server:
        await works(start({"it": {"url": url(server, host), "ca": certificates.authority.pem}}))
        assert {request.values("host")[0] for request in server.requests} == {f"{host}:{server.port}"}


async def test_r55_ca_can_be_the_servers_own_certificate(start, certificates):
    """R55: a self-signed server can be told to be trusted."""
    with recording(certificate=certificates.self_signed) as server:
        await works(start({"it": {"url": url(server), "ca": certificates.self_signed.pem}}))


async def test_r55_a_wrong_ca(start, certificates):
    """R55: `ca` replaces the system's authorities; another one does not do."""
    with recording(certificate=certificates.server) as server:
        daemon = start({"it": {"url": url(server), "ca": certificates.foreign.pem}})
        await refused(daemon, "upstream_unreachable", NOT_TRUSTED)
        assert server.requests == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_r55_a_certificate_for_another_name(start, certificates, host):
    """R55: the name is verified, or the address."""
    with recording(certificate=certificates.misnamed) as server:
        daemon = start({"it": {"url": url(server, host), "ca": certificates.authority.pem}})
        await refused(daemon, "upstream_unreachable", "TLS failed: its certificate is for another name")
        assert server.requests == []


async def test_r55_an_expired_certificate(start, certificates):
    """R55: the certificate's time is verified."""
    with recording(certificate=certificates.expired) as server:
        daemon = start({"it": {"url": url(server), "ca": certificates.authority.pem}})
        await refused(daemon, "upstream_unreachable", NOT_TRUSTED)
        assert server.requests == []


async def test_r55_a_client_certificate(start, certificates):
    """R55: `client_certificate` is what the bridge proves itself with."""
    with recording(certificate=certificates.server, clients=certificates.authority) as server:
        entry = {"url": url(server), "ca": certificates.authority.pem}
        client = {"certificate": certificates.client.pem, "key": certificates.client.key_pem}
        await works(start({"it": {**entry, "client_certificate": client}}))


async def test_r55_without_a_client_certificate(start, certificates):
    """R55: a server that wants one says so in the handshake, and the client is told."""
    with recording(certificate=certificates.server, clients=certificates.authority) as server:
        daemon = start({"it": {"url": url(server), "ca": certificates.authority.pem}})
        await refused(daemon, "upstream_connection_broken", "TLS failed: it wants a client certificate")
        assert server.requests == []


async def test_r55_a_client_certificate_of_an_unknown_authority(start, certificates):
    """R55: a certificate that the server does not take is told from one that is missing."""
    with recording(certificate=certificates.server, clients=certificates.authority) as server:
        client = {"certificate": certificates.foreign_client.pem, "key": certificates.foreign_client.key_pem}
        entry = {"url": url(server), "ca": certificates.authority.pem, "client_certificate": client}
        await refused(start({"it": entry}), "upstream_connection_broken", "TLS failed: it refuses the client certificate")
        assert server.requests == []


def redirecting(location: str):
    return lambda request: Answer(307, (("Location", location),))


async def test_r55_no_redirect_from_https_to_http(start, certificates):
    """R55: neither the message nor a header goes where nobody is verified."""
    with recording() as target, recording(redirecting(url(target, scheme="http")), certificate=certificates.server) as server:
        entry = {"url": url(server), "ca": certificates.authority.pem, "headers": {"Authorization": "Bearer abc"}}
        await refused(start({"it": entry}), "upstream_redirect", "redirects to where the bridge does not follow")
        assert target.requests == [] and server.requests


async def test_r55_no_redirect_to_another_origin(start, certificates):
    """R55: another port is another origin, also with a certificate that is trusted."""
    with recording(certificate=certificates.server) as target:
        with recording(redirecting(url(target)), certificate=certificates.server) as server:
            entry = {"url": url(server), "ca": certificates.authority.pem, "headers": {"Authorization": "Bearer abc"}}
            await refused(start({"it": entry}), "upstream_redirect", "redirects to where the bridge does not follow")
            assert target.requests == [] and server.requests


async def test_r55_a_redirect_within_the_origin(start, certificates):
    """R55: the path may change; message and headers go along."""

    def answer(request: Request) -> Answer:
        return Answer(308, (("Location", "/there?x=1"),)) if request.target == "/mcp" else plain(request)

    with recording(answer, certificate=certificates.server) as server:
        entry = {"url": url(server), "ca": certificates.authority.pem, "headers": {"Authorization": "Bearer abc"}}
        await works(start({"it": entry}))
        moved = [request for request in server.requests if request.target == "/there?x=1"]
        assert moved and all(request.values("authorization") == ["Bearer abc"] for request in moved)


# Addresses.


@pytest.mark.parametrize(
    ("listening", "host"), [("127.0.0.1", "localhost"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")]
)
@pytest.mark.parametrize("query", ["", "?tenant=a%20b&x="])
async def test_r47_addresses_and_queries(start, listening, host, query):
    """R47: a name, an address of either kind, and a query go upstream as they were written."""
    with recording(host=listening) as server:
        await works(start({"it": {"url": url(server, host, "http") + query}}))
        assert {request.target for request in server.requests} == {"/mcp" + query}
        assert {request.values("host")[0] for request in server.requests} == {f"{host}:{server.port}"}


# Servers that are not there, or are none.


async def test_r35_a_name_that_cannot_be_resolved(start):
    """R35: said in words, at once."""
    daemon = start({"it": {"url": "http://nonexistent.invalid/mcp"}})
    await refused(daemon, "upstream_unreachable", "its host name cannot be resolved")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_r35_nobody_listens(start, host):
    """R35: said in words, at once; a name with several addresses makes no difference."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: nobody else gets the port.
        daemon = start({"it": {"url": f"http://{host}:{taken.getsockname()[1]}/mcp"}})
        await refused(daemon, "upstream_unreachable", "connection refused")


@contextmanager
def deaf() -> Iterator[int]:
    """A port where connections do not come about: its backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_r35_connect_timeout(start, scheme):
    """R35: `connect_timeout` ends the waiting."""
    with deaf() as port:
        daemon = start({"it": {"url": f"{scheme}://127.0.0.1:{port}/mcp", "connect_timeout": "200ms"}})
        await refused(daemon, "upstream_unreachable", "connecting took too long")


async def test_r35_connect_timeout_holds_for_tls(start):
    """R35: a server that takes connections and says nothing does not get to hold a request in the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        entry = {"url": f"https://127.0.0.1:{silent.getsockname()[1]}/mcp", "connect_timeout": "200ms"}
        await refused(start({"it": entry}), "upstream_unreachable", "took too long")


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.9\r\n", b"220 mail ESMTP\r\n", b"\x00\xff\x00\xff" * 8, b"HTTP/9\r\n\r\n"])
async def test_r54_a_server_that_speaks_no_http(start, words):
    """R54: whatever it says, the request is answered, and nothing of it reaches the client."""
    with saying(words) as port:
        daemon = start({"it": {"url": f"http://127.0.0.1:{port}/mcp"}})
        await refused(daemon, "upstream_connection_broken", "its answer is not HTTP")


async def test_r55_a_server_that_speaks_no_tls(start):
    """R55: an `https` URL for a server of plain HTTP."""
    with recording() as server:
        daemon = start({"it": {"url": url(server)}})
        await refused(daemon, "upstream_unreachable", "TLS failed: it does not speak TLS")
        assert server.requests == []


async def test_r35_plain_http_to_a_server_that_speaks_tls(start, certificates):
    """R35: an `http` URL for a server of TLS: it closes the connection."""
    with recording(certificate=certificates.server) as server:
        daemon = start({"it": {"url": url(server, scheme="http")}})
        await refused(daemon, "upstream_connection_broken", "the connection to the MCP server broke")


@pytest.mark.parametrize("key", ["ca", "certificate", "key"])
def test_r55_files_that_hold_no_pem_are_said_by_check(tmp_path: Path, certificates, key):
    """R55: nothing starts with less than it was told to verify; the file is named, and not what is in it."""
    junk = tmp_path / "junk.pem"
    junk.write_text("nothing of the kind")
    files = {"ca": certificates.authority.pem, "certificate": certificates.client.pem, "key": certificates.client.key_pem}
    files[key] = str(junk)
    client = {"certificate": files["certificate"], "key": files["key"]}
    entry = {"url": "https://127.0.0.1:1/mcp", "ca": files["ca"], "client_certificate": client}
    file = tmp_path / "bridge.toml"
    file.write_text(configuration({"it": entry}))
    for arguments in (["check", "--config", str(file)], ["--config", str(file)]):
        run = subprocess.run([str(binary()), *arguments], capture_output=True, text=True, timeout=START_TIMEOUT)
        assert run.returncode == 78, run
        assert str(junk) in run.stderr and "nothing of the kind" not in run.stdout + run.stderr, run
