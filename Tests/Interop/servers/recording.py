# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""An MCP server over HTTP or HTTPS in the test's own process, on threads of its own: it keeps every request that it
sees, and a test may have it answer as it likes."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, Iterator

from servers.certificates import Certificate


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    target: str
    # Names in lower case, in the order of the wire; one that comes twice is there twice.
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def message(self) -> dict:
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True)
class Answer:
    """What is answered: a status, headers, and a body."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    body: bytes = b""


def plain(request: Request) -> Answer:
    """What a server that answers everything says: legacy revisions, JSON, no session."""
    message = request.message
    if request.method != "POST":
        return Answer(405, ())
    if "method" not in message or "id" not in message:
        return Answer(202, ())
    result: dict = {}
    if message["method"] == "initialize":
        version = message["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {}, "serverInfo": {"name": "recording", "version": "1"}}
    return Answer(body=json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())


class Recording(ThreadingHTTPServer):
    """The server. `answer` may be replaced at any time."""

    daemon_threads = True

    def __init__(self, host: str, answer: Callable[[Request], Answer]):
        self.answer = answer
        self.requests: list[Request] = []
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, 0), _Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def secure(self, certificate: Certificate, clients: Certificate | None) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.pem, certificate.key_pem)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.pem)
        # The handshake belongs to the connection's own thread.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address) -> None:
        """A handshake that fails is what many of the tests want. What the peer has sent is read to its end: to close
        before that would reset the connection, and the alert that says why would be lost."""
        with socket.socket(fileno=socket.dup(request.fileno())) as connection:
            connection.settimeout(5)
            try:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        request = Request(self.command, self.path, headers, body)
        self.server.requests.append(request)
        answer = self.server.answer(request)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def recording(
    answer: Callable[[Request], Answer] = plain,
    host: str = "127.0.0.1",
    certificate: Certificate | None = None,
    clients: Certificate | None = None,
) -> Iterator[Recording]:
    """A running server; with a certificate it speaks TLS, with `clients` it wants theirs signed by that authority."""
    server = Recording(host, answer)
    if certificate:
        server.secure(certificate, clients)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def saying(words: bytes) -> Iterator[int]:
    """A port where each connection is greeted with these words and closed at its peer's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.sendall(words)
                        while connection.recv(65536):
                            pass
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
