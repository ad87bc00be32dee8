# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""An MCP server over HTTP that misbehaves at random: server.py PORT SEED LOG.

Streamable HTTP at /mcp, in the older revisions with sessions and in 2026-07-28 without, and HTTP+SSE at /sse. What a request
gets is drawn from `KINDS`. Each call that the server takes up is noted in LOG, which outlives a kill, by the name that the
client gave it and by what it gets: a name that stands there twice was sent twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import secrets
import socket
import struct
import sys
from urllib.parse import parse_qs, urlsplit

MODERN = "io.modelcontextprotocol/protocolVersion"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"

# What a request gets, and how often. The second part is for the older revisions alone.
KINDS = {
    "json": 40, "events": 30, "slow": 10, "bytewise": 8, "twice": 2, "progress-after": 2,
    "cut-before": 4, "cut-json": 4, "cut-events": 4, "reset": 3, "ends-empty": 3, "accepted": 3,
    "500": 3, "503": 3, "error": 3, "html": 3, "stalls": 1, "stalls-midway": 1,
}
LEGACY_KINDS = {"asks": 5, "resumable": 8, "resumable-lost": 2, "expired": 3}
# The handshake and what is owed no answer go well more often, or little else would happen.
CALM = {"json": 85, "events": 60, "slow": 5, "cut-before": 2, "reset": 1, "500": 2, "503": 2, "stalls": 1}
NOTES = {"accepted": 95, "cut-before": 2, "500": 2, "slow": 1}
# On HTTP+SSE the answer to the POST and the answer on the stream go wrong each for itself.
POSTS = {"accepted": 94, "slow": 2, "cut-before": 1, "500": 2, "reset": 1}
STREAMED = {"good": 92, "slow": 4, "twice": 2, "bytewise": 2, "never": 1, "cut": 1}

# In seconds. A stall is longer than any time limit of the bridge's in the run.
STALL = 120.0
SLOW = 0.2
RETRY = 0.05


class Cut(Exception):
    """The connection is to be closed at once, with a reset or without."""

    def __init__(self, reset: bool = False):
        self.reset = reset


class Request:
    """One HTTP request, and the means to answer it."""

    def __init__(self, method: str, target: str, fields: dict[str, str], body: bytes, writer: asyncio.StreamWriter):
        self.method = method
        self.path = urlsplit(target).path
        self.query = parse_qs(urlsplit(target).query)
        self.fields = fields
        self.body = body
        self.writer = writer

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: str, body: bytes = b"", kind: str = "application/json", **more: str) -> None:
        fields = {"Content-Type": kind, "Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in more.items()}}
        await self.head(status, fields)
        await self.write(body)

    async def head(self, status: str, fields: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        await self.write("\r\n".join(lines).encode())

    async def stream(self, **more: str) -> None:
        """Begins an event stream, in chunks."""
        fields = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "Transfer-Encoding": "chunked"}
        await self.head("200 OK", {**fields, **{k.replace("_", "-"): v for k, v in more.items()}})

    async def chunk(self, data: bytes) -> None:
        await self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def event(self, message: dict | None, identifier: str | None = None, pieces: int = 0) -> None:
        """One event; a message of none is a cursor alone. `pieces` sends it in chunks of so many bytes."""
        lines = [] if identifier is None else [f"id: {identifier}", f"retry: {int(RETRY * 1000)}"]
        lines.append("data: " + ("" if message is None else json.dumps(message)))
        data = ("\n".join(lines) + "\n\n").encode()
        for start in range(0, len(data), pieces or len(data)):
            await self.chunk(data[start:start + (pieces or len(data))])

    async def end(self) -> None:
        await self.write(b"0\r\n\r\n")


class Session:
    """What the server knows of a client of the older revisions."""

    def __init__(self) -> None:
        self.streams: dict[str, list[dict]] = {}
        self.pending: dict[str, asyncio.Future] = {}
        # HTTP+SSE: what goes out on the one stream; none cuts it.
        self.outgoing: asyncio.Queue = asyncio.Queue()


class Server:
    def __init__(self, seed: str, log: str):
        self.chance = random.Random(seed)
        self.sessions: dict[str, Session] = {}
        self.numbers = itertools.count()
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.tasks: set[asyncio.Task] = set()

    def draw(self, kinds: dict[str, int]) -> str:
        return self.chance.choices(list(kinds), list(kinds.values()))[0]

    def take_up(self, message: dict, kind: str) -> None:
        """Notes a call as taken up."""
        name = message.get("params", {}).get("arguments", {}).get("name")
        if name is not None:
            os.write(self.log, f"{name} {kind}\n".encode())

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await self.read(reader, writer)) is not None:
                await self.serve(request)
        except Cut as cut:
            if cut.reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            return None
        method, target, _ = head[0].split(" ", 2)
        fields = {}
        for line in head[1:-2]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        body = b""
        if fields.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readline()).split(b";")[0], 16):
                body += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readline()
        elif length := int(fields.get("content-length", 0)):
            body = await reader.readexactly(length)
        return Request(method, target, fields, body, writer)

    async def serve(self, request: Request) -> None:
        if request.path == "/mcp" and request.method == "POST":
            await self.post(request, json.loads(request.body))
        elif request.path == "/mcp" and request.method == "GET":
            await self.get(request)
        elif request.path == "/mcp" and request.method == "DELETE":
            self.sessions.pop(request.fields.get("mcp-session-id", ""), None)
            await request.answer("200 OK")
        elif request.path == "/sse" and request.method == "GET":
            await self.sse(request)
        elif request.path == "/messages" and request.method == "POST":
            await self.message(request, json.loads(request.body))
        else:
            await request.answer("405 Method Not Allowed", Allow="GET, POST")

    # Streamable HTTP

    async def post(self, request: Request, message: dict) -> None:
        is_modern = MODERN in message.get("params", {}).get("_meta", {})
        name = request.fields.get("mcp-session-id", "")
        session = self.sessions.get(name)
        more = {}
        if message.get("method") == "initialize":
            name = secrets.token_hex(8)
            session = self.sessions[name] = Session()
            more["Mcp_Session_Id"] = name
        elif not is_modern and session is None:
            return await request.answer("404 Not Found", json.dumps(error(None, "no such session")).encode())
        if "id" not in message or "method" not in message:
            return await self.note(request, session, message)
        if is_modern and message["method"] == "subscriptions/listen":
            return await self.listen(request, message)
        kinds = CALM if message.get("method") != "tools/call" else KINDS if is_modern else {**KINDS, **LEGACY_KINDS}
        kind = self.draw(kinds)
        if kind == "expired":
            del self.sessions[name]
            return await request.answer("404 Not Found")
        if kind == "503":
            return await request.answer("503 Service Unavailable", b"busy", "text/plain", Retry_After="1")
        self.take_up(message, kind)
        await self.request(request, session, message, kind, more)

    async def note(self, request: Request, session: Session | None, message: dict) -> None:
        """A notification or a response."""
        if session is not None and "method" not in message:
            future = session.pending.pop(str(message["id"]), None)
            if future is not None and not future.done():
                future.set_result(message)
        kind = self.draw(NOTES)
        if kind == "cut-before":
            raise Cut()
        if kind == "500":
            return await request.answer("500 Internal Server Error", b"<h1>oh</h1>", "text/html")
        if kind == "slow":
            await asyncio.sleep(SLOW)
        await request.answer("202 Accepted")

    async def request(self, request: Request, session: Session | None, message: dict, kind: str, more: dict) -> None:
        answer = json.dumps(result(message)).encode()
        if kind == "slow":
            await asyncio.sleep(self.chance.uniform(0, SLOW))
        if kind in ("json", "slow"):
            await request.answer("200 OK", answer, **more)
        elif kind == "stalls":
            await asyncio.sleep(STALL)
            raise Cut()
        elif kind in ("cut-before", "reset"):
            raise Cut(kind == "reset")
        elif kind == "cut-json":
            fields = {"Content-Type": "application/json", "Content-Length": str(len(answer))}
            await request.head("200 OK", fields)
            await request.write(answer[:self.chance.randrange(len(answer))])
            raise Cut(self.chance.random() < 0.5)
        elif kind == "accepted":
            await request.answer("202 Accepted")
        elif kind == "500":
            await request.answer("500 Internal Server Error", b"<h1>oh</h1>", "text/html")
        elif kind == "error":
            identifier = self.chance.choice([message["id"], None])
            await request.answer("400 Bad Request", json.dumps(error(identifier, "not today")).encode())
        elif kind == "html":
            await request.answer("200 OK", b"<h1>Log in</h1>", "text/html")
        elif kind in ("resumable", "resumable-lost"):
            await self.resumable(request, session, message, kind)
        else:
            await self.events(request, session, message, kind, more)

    async def events(self, request: Request, session: Session | None, message: dict, kind: str, more: dict) -> None:
        """An answer in an event stream, whole or not."""
        await request.stream(**more)
        pieces = 1 if kind == "bytewise" else 0
        for step in range(self.chance.randint(0, 3)):
            if told := progress(message, step):
                await request.event(told, pieces=pieces)
            await asyncio.sleep(self.chance.uniform(0, 0.02))
        if kind == "cut-events":
            await request.chunk(b'data: {"jsonrpc":"2.0","id":')
            raise Cut(self.chance.random() < 0.5)
        if kind == "stalls-midway":
            await request.chunk(b": still there\n\n")
            await asyncio.sleep(STALL)
            raise Cut()
        if kind == "asks":
            await self.ask(request, session)
        if kind != "ends-empty":
            await request.event(result(message), pieces=pieces)
        if kind == "twice":
            await request.event(result(message))
        if kind == "progress-after" and (told := progress(message, 9)):
            await request.event(told)
        await request.end()

    async def ask(self, request: Request, session: Session) -> None:
        """Asks the client something in the middle, and goes on when it answered or after a while."""
        identifier = f"ask {next(self.numbers)}"
        future = session.pending[identifier] = asyncio.get_running_loop().create_future()
        await request.event({"jsonrpc": "2.0", "id": identifier, "method": "roots/list"})
        try:
            await asyncio.wait_for(future, 1.0)
        except TimeoutError:
            session.pending.pop(identifier, None)

    async def resumable(self, request: Request, session: Session, message: dict, kind: str) -> None:
        """A stream with event ids that ends before the answer, which is had by a GET, or is not."""
        stream = f"s{next(self.numbers)}"
        events = session.streams[stream] = [told for told in [progress(message, 1)] if told]
        await request.stream()
        await request.event(None, f"{stream}-0")
        for number, told in enumerate(events, 1):
            await request.event(told, f"{stream}-{number}")
        events.append(result(message))
        if kind == "resumable-lost":
            del session.streams[stream]
        if self.chance.random() < 0.3:
            raise Cut()
        await request.end()

    async def get(self, request: Request) -> None:
        session = self.sessions.get(request.fields.get("mcp-session-id", ""))
        if session is None:
            return await request.answer("404 Not Found")
        if last := request.fields.get("last-event-id"):
            stream, _, number = last.rpartition("-")
            events = session.streams.get(stream)
            if events is None:
                return await request.answer("405 Method Not Allowed", Allow="POST")
            await asyncio.sleep(self.chance.uniform(0, 0.1))
            await request.stream()
            for at, event in enumerate(events[int(number):], int(number) + 1):
                await request.event(event, f"{stream}-{at}")
            return await request.end()
        if self.chance.random() < 0.2:
            return await request.answer("405 Method Not Allowed", Allow="POST")
        await request.stream()
        while True:
            await asyncio.sleep(self.chance.uniform(0.05, 1))
            if self.chance.random() < 0.1:
                raise Cut(self.chance.random() < 0.5)
            await request.event(self.chatter())

    def chatter(self) -> dict:
        """Something that the client did not ask for: a notification or a ping."""
        if self.chance.random() < 0.3:
            return {"jsonrpc": "2.0", "id": f"ping {next(self.numbers)}", "method": "ping"}
        return {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "well"}}

    async def listen(self, request: Request, message: dict) -> None:
        """A subscription of 2026-07-28: acknowledged, told this and that, ended in order or cut."""
        meta = {SUBSCRIPTION: message["id"]}
        acknowledged = {"notifications": message["params"].get("notifications", {}), "_meta": meta}
        await request.stream()
        await request.event({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": acknowledged})
        for _ in range(self.chance.randint(0, 5)):
            await asyncio.sleep(self.chance.uniform(0, 0.3))
            params = {"uri": "memo://text", "_meta": meta}
            await request.event({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": params})
        if self.chance.random() < 0.5:
            raise Cut(self.chance.random() < 0.5)
        await request.event({"jsonrpc": "2.0", "id": message["id"], "result": {"resultType": "complete", "_meta": meta}})
        await request.end()

    # HTTP+SSE

    async def sse(self, request: Request) -> None:
        name = secrets.token_hex(8)
        session = self.sessions[name] = Session()
        await request.stream()
        await request.chunk(f"event: endpoint\ndata: /messages?session={name}\n\n".encode())
        try:
            while (item := await session.outgoing.get()) is not None:
                message, pieces = item
                await request.event(message, pieces=pieces)
            raise Cut(self.chance.random() < 0.5)
        finally:
            self.sessions.pop(name, None)

    async def message(self, request: Request, message: dict) -> None:
        session = self.sessions.get(request.query.get("session", [""])[0])
        if session is None:
            return await request.answer("404 Not Found")
        calm = message.get("method") != "tools/call"
        kind = "accepted" if calm else self.draw(POSTS)
        if kind == "500":
            return await request.answer("500 Internal Server Error", b"<h1>oh</h1>", "text/html")
        if "id" in message and "method" in message:
            streamed = "good" if calm else self.draw(STREAMED)
            self.take_up(message, f"{kind}/{streamed}")
            task = asyncio.create_task(self.streamed(session, message, streamed))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if kind in ("cut-before", "reset"):
            raise Cut(kind == "reset")
        if kind == "slow":
            await asyncio.sleep(SLOW)
        await request.answer("202 Accepted", b"Accepted", "text/plain")

    async def streamed(self, session: Session, message: dict, kind: str) -> None:
        """The answer on the stream of HTTP+SSE."""
        if kind == "slow":
            await asyncio.sleep(self.chance.uniform(0, SLOW))
        if kind == "cut":
            return session.outgoing.put_nowait(None)
        if kind == "never":
            return
        for _ in range(2 if kind == "twice" else 1):
            session.outgoing.put_nowait((result(message), 1 if kind == "bytewise" else 0))


def result(message: dict) -> dict:
    """The right answer: to a call the name that the client gave it."""
    params = message.get("params") or {}
    if message["method"] == "initialize":
        found = {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "chaos", "version": "1"},
        }
    elif message["method"] == "tools/call":
        found = {"content": [{"type": "text", "text": params["arguments"]["name"] + params["arguments"].get("filler", "")}]}
        if MODERN in params.get("_meta", {}):
            found["resultType"] = "complete"
    elif message["method"] == "tools/list":
        found = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}], "resultType": "complete"}
    else:
        found = {}
    return {"jsonrpc": "2.0", "id": message["id"], "result": found}


def error(identifier, text: str) -> dict:
    return {"jsonrpc": "2.0", "id": identifier, "error": {"code": -32602, "message": text}}


def progress(message: dict, step: int) -> dict | None:
    """A progress notification, if the client asked for any."""
    token = message.get("params", {}).get("_meta", {}).get("progressToken")
    if token is None:
        return None
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": step}}


async def main(port: int, seed: str, log: str) -> None:
    server = Server(seed, log)
    listener = await asyncio.start_server(server.connection, "127.0.0.1", port, backlog=512, limit=1 << 22)
    print("ready", flush=True)
    async with listener:
        await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
