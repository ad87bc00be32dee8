# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The floor programs: fast is worth nothing if the answers are wrong."""

import base64
import hashlib
import json
import os
import shutil
import socket
import struct
import tempfile
import time
import unittest
from pathlib import Path
from threading import Thread

import processes
from peers import BUILD, ECHO, NIO_PROGRAM, build_floors
from processes import Started

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
SIZES = (0, 1, 125, 126, 200, 65_535, 65_536, 1 << 20, 16 << 20)


class Client:
    """A WebSocket client that says what it is told to."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mcp\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")
        self.head = {}
        self.status = self.file.readline().decode().strip()
        while line := self.file.readline().decode().strip():
            name, _, value = line.partition(": ")
            self.head[name.lower()] = value
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.expected_accept = base64.b64encode(digest).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def frame(self, payload: bytes, opcode: int = TEXT, final: bool = True) -> bytes:
        length = len(payload)
        header = bytes([opcode | (0x80 if final else 0)])
        header += bytes([0x80 | length]) if length < 126 else struct.pack(">BH", 254, length) if length < 65536 else struct.pack(">BQ", 255, length)
        mask = os.urandom(4)
        whole = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        return header + mask + whole.to_bytes(length, "big")

    def send(self, payload: bytes, opcode: int = TEXT, final: bool = True) -> None:
        self.socket.sendall(self.frame(payload, opcode, final))

    def receive(self) -> tuple[int, bytes]:
        first, length = self.file.read(2)
        if length == 126:
            (length,) = struct.unpack(">H", self.file.read(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self.file.read(8))
        return first & 15, self.file.read(length)

    def call(self, number: int, text: str) -> dict:
        self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call",
                              "params": {"name": "echo", "arguments": {"text": text}}}).encode())
        return json.loads(self.receive()[1])


class Floors:
    """What the tests of a floor program share: the programs, and their ends."""

    @classmethod
    def setUpClass(cls):
        build_floors()
        cls.folder = tempfile.TemporaryDirectory()
        cls.started = Started(Path(cls.folder.name) / "log").__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.started.__exit__()
        cls.folder.cleanup()

    def serve(self, *arguments: str) -> int:
        """Starts `program` at a port."""
        port = processes.free_ports()
        self.server = self.started.server([str(self.program), str(port), *arguments], port)
        self.addCleanup(self.started.end, self.server)
        return port

    def check_handshake(self, client: Client) -> None:
        self.assertIn("101", client.status)
        self.assertEqual(client.head["sec-websocket-accept"], client.expected_accept)
        self.assertEqual(client.head["sec-websocket-protocol"], "mcp")


@unittest.skipUnless(shutil.which(os.environ.get("CC", "cc")), "no C compiler")
class EchoTests(Floors, unittest.TestCase):
    program = BUILD / "ws-echo"

    def test_echo_shakes_hands(self):
        with Client(self.serve()) as client:
            self.check_handshake(client)

    def test_echo_sends_everything_back(self):
        with Client(self.serve()) as client:
            for size in SIZES:
                payload = os.urandom(size // 2).hex().encode().ljust(size, b"x")
                self.assertEqual(exchanged(client, payload), (TEXT, payload))

    def test_echo_answers_ping_and_close(self):
        with Client(self.serve()) as client:
            client.send(b"are you there", PING)
            self.assertEqual(client.receive(), (PONG, b"are you there"))
            client.send(b"\x03\xe8", CLOSE)
            self.assertEqual(client.receive(), (CLOSE, b"\x03\xe8"))
            self.assertEqual(client.file.read(1), b"")


class Bridge(Floors):
    """What each bridge without checks has to do."""

    def test_bridge_shakes_hands(self):
        with Client(self.serve(str(ECHO))) as client:
            self.check_handshake(client)

    def test_bridge_passes_messages_of_all_sizes(self):
        with Client(self.serve(str(ECHO))) as client:
            for number, size in enumerate(SIZES):
                text = os.urandom(size // 2).hex()
                answer = client.call(number, text)
                self.assertEqual(answer["id"], number)
                self.assertEqual(answer["result"]["content"][0]["text"], text)

    def test_bridge_takes_bytes_as_they_come(self):
        with Client(self.serve(str(ECHO))) as client:
            for byte in client.frame(b'{"jsonrpc":"2.0","id":"one","method":"ping"}'):
                client.socket.sendall(bytes([byte]))
            self.assertEqual(json.loads(client.receive()[1]), {"jsonrpc": "2.0", "id": "one", "result": {}})

    def test_bridge_puts_fragments_together_and_answers_between_them(self):
        with Client(self.serve(str(ECHO))) as client:
            client.send(b'{"jsonrpc":"2.0",', TEXT, final=False)
            client.send(b"now", PING)
            self.assertEqual(client.receive(), (PONG, b"now"))
            client.send(b'"id":5,"method":"ping"}', 0)
            self.assertEqual(json.loads(client.receive()[1])["id"], 5)

    def test_bridge_answers_many_in_order(self):
        with Client(self.serve(str(ECHO))) as client:
            client.socket.sendall(b"".join(client.frame(b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % number) for number in range(1000)))
            self.assertEqual([json.loads(client.receive()[1])["id"] for _ in range(1000)], list(range(1000)))

    def test_bridge_keeps_connections_apart_and_reaps_their_children(self):
        port = self.serve(str(ECHO))
        clients = [Client(port) for _ in range(40)]
        self.assertEqual(len(processes.descendants(self.server.pid)), 40)
        for number, client in enumerate(clients):
            self.assertEqual(client.call(7, f"client {number}")["result"]["content"][0]["text"], f"client {number}")
        for number, client in enumerate(clients):
            # Half say goodbye, half just go.
            if number % 2:
                client.send(b"\x03\xe8", CLOSE)
                self.assertEqual(client.receive(), (CLOSE, b"\x03\xe8"))
            client.__exit__()
        deadline = time.monotonic() + 20
        while left := processes.descendants(self.server.pid):
            self.assertLess(time.monotonic(), deadline, f"{left} are left")
            time.sleep(0.005)

    def test_bridge_ends_the_connection_with_its_child(self):
        with Client(self.serve("true")) as client:
            self.assertEqual(client.file.read(1), b"")

    def test_server_tools(self):
        with Client(self.serve(str(ECHO))) as client:
            client.send(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}')
            self.assertEqual(json.loads(client.receive()[1])["result"]["protocolVersion"], "2025-06-18")
            client.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
            client.send(b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}')
            self.assertEqual([tool["name"] for tool in json.loads(client.receive()[1])["result"]["tools"]], ["echo", "big"])
            client.send(b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"big","arguments":{"bytes":100000}}}')
            self.assertEqual(len(json.loads(client.receive()[1])["result"]["content"][0]["text"]), 100_000)
            self.assertEqual(client.call(4, 'quote " backslash \\ newline \n end \\')["result"]["content"][0]["text"], 'quote " backslash \\ newline \n end \\')


@unittest.skipUnless(shutil.which(os.environ.get("CC", "cc")), "no C compiler")
class CBridgeTests(Bridge, unittest.TestCase):
    program = BUILD / "ws-bridge"


@unittest.skipUnless(shutil.which(os.environ.get("CC", "cc")), "no C compiler")
@unittest.skipUnless(os.access(NIO_PROGRAM, os.X_OK), "not built: `make bench` does that")
class NIOBridgeTests(Bridge, unittest.TestCase):
    program = NIO_PROGRAM


def exchanged(client: Client, payload: bytes) -> tuple[int, bytes]:
    """Sends from another thread: the echo begins before a big message ends, and somebody has to read it."""
    sender = Thread(target=client.send, args=(payload,))
    sender.start()
    answer = client.receive()
    sender.join()
    return answer


if __name__ == "__main__":
    unittest.main()
