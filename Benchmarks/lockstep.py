# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""A WebSocket client that keeps step with its server: each batch of requests is one write, and the next one leaves when
all answers are there. For counting, not for speed; every wait ends after DEADLINE seconds."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct

DEADLINE = 120.0
# Always the same, so that every run unmasks the same bytes; none of it zero, so that there is something to unmask.
MASK = b"\x5a\xa5\x3c\xc3"
KEY = base64.b64encode(b"lockstep lockste").decode()
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Broken(Exception):
    """The peer did not do what it should have done."""


def text_frame(payload: bytes) -> bytes:
    """One masked text frame."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = bytes([0x80 | 126]) + struct.pack(">H", size)
    else:
        length = bytes([0x80 | 127]) + struct.pack(">Q", size)
    mask = int.from_bytes((MASK * (size // 4 + 1))[:size], "big")
    masked = (int.from_bytes(payload, "big") ^ mask).to_bytes(size, "big")
    return b"\x81" + length + MASK + masked


def request(connection: int, number: int, size: int) -> tuple[bytes, bytes]:
    """A call of the tool `echo`, as near to `size` bytes as it goes, and the text that it carries."""
    text = f"c{connection}-{number}-"
    head = f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{{"name":"echo","arguments":{{"text":"{text}'
    tail = '"}}}'
    filler = "x" * max(0, size - len(head) - len(tail))
    return (head + filler + tail).encode(), (text + filler).encode()


class Client:
    """One connection. Its requests are numbered from 1; `initialize` is number 0."""

    def __init__(self, port: int, path: str, name: int, token: str | None = None):
        self.name = name
        self.next = 1
        self.unread = bytearray()
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        credential = f"Authorization: Bearer {token}\r\n" if token else ""
        self.stream.sendall((
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: mcp\r\n{credential}\r\n"
        ).encode())
        while b"\r\n\r\n" not in self.unread:
            self._read()
        head, _, rest = bytes(self.unread).partition(b"\r\n\r\n")
        self.unread = bytearray(rest)
        accept = base64.b64encode(hashlib.sha1((KEY + GUID).encode()).digest())
        if not head.startswith(b"HTTP/1.1 101 ") or accept not in head:
            raise Broken(f"no WebSocket: {head[:200]!r}")

    def initialize(self) -> None:
        """The handshake of MCP."""
        opening = {
            "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "lockstep", "version": "1"},
            },
        }
        self.stream.sendall(text_frame(json.dumps(opening).encode()))
        if json.loads(self._message()).get("id") != 0:
            raise Broken("initialize got another answer than its own")
        self.stream.sendall(text_frame(b'{"jsonrpc":"2.0","method":"notifications/initialized"}'))

    def exchange(self, count: int, size: int) -> None:
        """Sends `count` requests in one write and waits for all answers, in any order; each must carry its text."""
        texts: dict[int, bytes] = {}
        frames = bytearray()
        for _ in range(count):
            payload, texts[self.next] = request(self.name, self.next, size)
            frames += text_frame(payload)
            self.next += 1
        self.stream.sendall(frames)
        while texts:
            message = self._message()
            number = json.loads(message).get("id")
            if number not in texts or texts.pop(number) not in message:
                raise Broken(f"not an answer that is owed: {message[:200]!r}")

    def close(self) -> None:
        """Says goodbye and waits for the other side to end the connection."""
        self.stream.sendall(b"\x88\x82" + MASK + bytes([0x03 ^ MASK[0], 0xE8 ^ MASK[1]]))
        while self.stream.recv(65536):
            pass
        self.stream.close()

    def _read(self) -> None:
        more = self.stream.recv(1 << 20)
        if not more:
            raise Broken(f"the connection ended early, after {bytes(self.unread[:200])!r}")
        self.unread += more

    def _take(self, count: int) -> bytes:
        while len(self.unread) < count:
            self._read()
        taken = bytes(self.unread[:count])
        del self.unread[:count]
        return taken

    def _message(self) -> bytes:
        while True:
            opcode, size = self._take(2)
            if size == 126:
                size, = struct.unpack(">H", self._take(2))
            elif size == 127:
                size, = struct.unpack(">Q", self._take(8))
            payload = self._take(size)
            if opcode == 0x81:
                return payload
            if opcode != 0x89:
                raise Broken(f"a frame of another kind: {opcode:#x}, {payload[:100]!r}")
