# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client of the standard library alone: it knows just enough of RFC 6455 to talk to a server that behaves."""

import base64
import hashlib
import json
import os
import socket
import struct

DEADLINE = 30.0


class WebSocket:
    """A client connection that sends and receives unfragmented text messages; every wait is bounded by DEADLINE."""

    def __init__(self, address: tuple[str, int] | str, path: str):
        """address: host and port, or the path of a Unix socket."""
        if isinstance(address, str):
            self.stream = socket.socket(socket.AF_UNIX)
            self.stream.settimeout(DEADLINE)
            self.stream.connect(address)
        else:
            self.stream = socket.create_connection(address, timeout=DEADLINE)
        host = "localhost" if isinstance(address, str) else "%s:%d" % address
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: mcp\r\n\r\n"
        ).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        status, *fields = head.decode("latin-1").split("\r\n")
        assert status.split(" ")[1] == "101", head.decode("latin-1")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert headers["sec-websocket-accept"] == base64.b64encode(accept).decode(), headers
        assert headers["sec-websocket-protocol"] == "mcp", headers

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.stream.recv(count - len(data))
            assert more, "the connection ended early"
            data += more
        return data

    def send(self, opcode: int, payload: bytes):
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.stream.sendall(bytes([0x80 | opcode]) + length + mask + masked)

    def receive(self) -> tuple[int, bytes]:
        first, second = self.read(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.read(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.read(8))[0]
        return first & 0x0F, self.read(size)

    def ask(self, request: dict) -> dict:
        """Sends a request and returns the response to it, passing notifications by and answering pings."""
        self.send(1, json.dumps(request).encode())
        while True:
            opcode, payload = self.receive()
            if opcode == 9:
                self.send(10, payload)
            elif opcode == 1:
                message = json.loads(payload)
                if message.get("id") == request["id"] and "method" not in message:
                    return message
            else:
                raise AssertionError(f"unexpected frame: opcode {opcode}, {payload!r}")
