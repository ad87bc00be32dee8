# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""One connection of the chaos, of either era: it asks much at once, answers what it is asked, and keeps the books."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
import socket
import struct
import time
from dataclasses import dataclass, field

import websockets
from websockets.asyncio.client import ClientConnection, connect

from bridge import Bridge
from client import INITIALIZATION, Totals

# Within this a request must be answered: the bridge's limits in this run, its attempts to resume, and a busy machine.
PATIENCE = 30.0
# Milliseconds; the slowest of the answers above this are told at the end.
SLOW = 5000
MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "chaos", "version": "1"},
}

# How a connection ends, and how often: the first two leave all answers to come.
ENDINGS = {"close": 12, "close-mid-call": 2, "reset": 2}


@dataclass
class Books(Totals):
    """What all connections together have seen, and the answers that took longest: milliseconds, name, circumstances."""

    slow: list[tuple[int, str, str]] = field(default_factory=list)


class Pending:
    """A request that awaits its answer."""

    def __init__(self, name: str | None, expected: str | None):
        self.name = name
        self.expected = expected
        self.sent = time.monotonic()
        self.is_read = False
        self.is_cancelled = False
        # A subscription may stay open as long as the connection does.
        self.is_listen = False


class ChaosConnection:
    """The requests of one socket. As in the churn, a request must be answered once the bridge is known to have read it,
    which a pong for a later ping tells."""

    def __init__(self, ws: ClientConnection, server: str, is_modern: bool, chance: random.Random, totals: Books):
        self.ws = ws
        self.server = server
        self.is_modern = is_modern
        self.chance = chance
        self.totals = totals
        self.name = secrets.token_hex(4)
        self.next = 0
        self.open: dict[object, Pending] = {}
        self.answered: set[object] = set()
        # Those for which patience ran out; an answer to them is no second fault.
        self.hung: set[object] = set()
        self.idle = asyncio.Event()
        self.last_error: dict | None = None

    def waits(self) -> list[Pending]:
        """What must be answered before the connection may be called quiet."""
        return [pending for pending in self.open.values() if not pending.is_cancelled and not pending.is_listen]

    async def ask(self, method: str, params: dict | None = None, pending: Pending | None = None) -> object:
        # Ids of every spelling; none comes twice on a connection.
        identifier = self.chance.choice([self.next, str(self.next), f"é {self.next}"])
        self.next += 1
        message: dict = {"jsonrpc": "2.0", "id": identifier, "method": method}
        params = dict(params or {})
        if self.is_modern:
            params["_meta"] = {**META, **params.get("_meta", {})}
        if params:
            message["params"] = params
        self.open[identifier] = pending or Pending(None, None)
        self.idle.clear()
        self.totals.counts["requests"] += 1
        await self.ws.send(json.dumps(message))
        return identifier

    async def call(self) -> object:
        """A call with a name of its own, which the answer has to repeat."""
        name = f"{self.name}.{self.next}"
        filler = "x" * self.chance.choice([0, 0, 0, 1_000, 70_000])
        params: dict = {"name": "echo", "arguments": {"name": name, "filler": filler}}
        if self.chance.random() < 0.5:
            params["_meta"] = {"progressToken": name}
        return await self.ask("tools/call", params, Pending(name, name + filler))

    async def listen(self) -> None:
        """Books every answer until the connection ends."""
        async for raw in self.ws:
            message = json.loads(raw)
            if "method" not in message:
                self.book(message)
            elif "id" in message:
                self.totals.counts["asked"] += 1
                answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"roots": []}}
                # The close may have come already, with answers before it that are still to be read.
                with contextlib.suppress(websockets.ConnectionClosed):
                    await self.ws.send(json.dumps(answer))
            else:
                self.totals.counts["notifications"] += 1

    def book(self, message: dict) -> None:
        identifier = message.get("id")
        pending = self.open.pop(identifier, None)
        if pending is None and identifier in self.hung:
            self.totals.counts["late"] += 1
            return
        if pending is None:
            kind = "duplicates" if identifier in self.answered else "unknown"
            self.totals.fault(kind, f"{str(message)[:300]}")
            return
        self.answered.add(identifier)
        took = int((time.monotonic() - pending.sent) * 1000)
        if took > SLOW:
            what = f"{self.server}, {'modern' if self.is_modern else 'legacy'}, {str(message)[:200]}"
            self.totals.slow.append((took, str(pending.name), what))
        if "error" in message:
            self.last_error = message["error"]
            self.totals.counts["errors"] += 1
            data = message["error"].get("data")
            cause = data.get("cause") if isinstance(data, dict) else "the server's"
            self.totals.counts[f"cause {cause}"] += 1
        else:
            self.totals.counts["results"] += 1
            if pending.expected is not None:
                text = message["result"]["content"][0]["text"]
                if text != pending.expected:
                    self.totals.fault("mistaken", f"{pending.name} got the answer of {text[:40]}")
        if not self.waits():
            self.idle.set()

    async def confirm(self) -> None:
        """Learns that everything sent so far was read by the bridge."""
        sent = list(self.open.values())
        await asyncio.wait_for(await self.ws.ping(), PATIENCE)
        for pending in sent:
            pending.is_read = True

    async def quiet(self, listener: asyncio.Task) -> bool:
        """Waits until nothing is in flight; false when the connection ended instead."""
        if not self.waits():
            return not listener.done()
        idle = asyncio.create_task(self.idle.wait())
        await asyncio.wait([idle, listener], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if idle.done() or not self.waits():
            idle.cancel()
            return not listener.done()
        idle.cancel()
        if not listener.done():
            for identifier, pending in list(self.open.items()):
                if not pending.is_cancelled and not pending.is_listen:
                    del self.open[identifier]
                    self.hung.add(identifier)
                    self.totals.fault("hangs", f"{identifier!r} ({pending.name}) after {PATIENCE} s, modern {self.is_modern}")
        return False

    async def breathe(self) -> None:
        """Waits a little while the server is away, or most requests would be spent on being told so."""
        data = (self.last_error or {}).get("data")
        self.last_error = None
        if isinstance(data, dict) and data.get("cause") == "upstream_unreachable":
            await asyncio.sleep(self.chance.uniform(0.1, 0.3))

    def settle(self, was_own_end: bool) -> None:
        """At the end of the connection each request that is still open gets its place in the books."""
        for identifier, pending in self.open.items():
            if pending.is_cancelled:
                self.totals.counts["cancelled"] += 1
            elif was_own_end:
                self.totals.counts["given up"] += 1
            elif pending.is_read:
                end = f"{self.ws.close_code} {self.ws.close_reason}"
                self.totals.fault("unanswered", f"{identifier!r} ({pending.name}), closed with {end}")
            else:
                self.totals.counts["raced"] += 1
        self.open.clear()

    async def work(self, ending: str) -> None:
        listener = asyncio.create_task(self.listen())
        was_own_end = False
        try:
            if await self.begin(listener):
                for _ in range(self.chance.randint(1, 6)):
                    await self.burst()
                    if ending != "close" and self.chance.random() < 0.5 or not await self.quiet(listener):
                        break
                    await self.breathe()
            if not listener.done():
                was_own_end = True
                await self.end(ending)
        except websockets.ConnectionClosed:
            pass
        finally:
            if not was_own_end:
                # What the bridge sent before its close is still to be read.
                await asyncio.wait([listener], timeout=PATIENCE)
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            if not was_own_end:
                self.totals.counts[f"closed {self.ws.close_code}"] += 1
            self.settle(was_own_end)

    async def begin(self, listener: asyncio.Task) -> bool:
        """The handshake of the older revisions; tells whether it came to something."""
        if self.is_modern:
            if self.chance.random() < 0.5:
                pending = Pending(None, None)
                pending.is_listen = True
                await self.ask("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["memo://text"]}}, pending)
            return True
        await self.ask("initialize", INITIALIZATION)
        await self.confirm()
        if not await self.quiet(listener):
            return False
        if self.last_error is not None:
            await self.breathe()
            return False
        await self.ws.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
        return True

    async def burst(self) -> None:
        """Some requests at once, one of them perhaps cancelled."""
        sent = [await self.call() for _ in range(self.chance.randint(1, 12))]
        if self.chance.random() < 0.2:
            sent.append(await self.ask("tools/list"))
        if self.chance.random() < 0.3:
            victim = self.chance.choice(sent)
            if victim in self.open:
                self.open[victim].is_cancelled = True
                if not self.waits():
                    self.idle.set()
            params = {"requestId": victim}
            await self.ws.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}))
        await self.confirm()

    async def end(self, ending: str) -> None:
        if ending == "reset":
            if not self.ws.transport.is_closing():
                linger = struct.pack("ii", 1, 0)
                self.ws.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.ws.transport.abort()
        else:
            await asyncio.wait_for(self.ws.close(1000), PATIENCE)


async def one_connection(bridge: Bridge, server: str, chance: random.Random, totals: Books) -> None:
    """Connects, works and ends, and books whatever goes wrong on the way."""
    is_modern = server != "sse" and chance.random() < 0.5
    ending = chance.choices(list(ENDINGS), list(ENDINGS.values()))[0]
    try:
        ws = await connect(
            bridge.url(server), subprotocols=["mcp"], compression=None, max_size=None, ping_interval=None,
            open_timeout=PATIENCE, close_timeout=PATIENCE,
        )
    except websockets.InvalidStatus as refusal:
        totals.counts[f"refused {refusal.response.status_code}"] += 1
        return
    except (OSError, websockets.InvalidHandshake, TimeoutError) as failure:
        totals.fault("handshakes failed", f"{server}: {failure!r}")
        return
    totals.counts["connections"] += 1
    try:
        await ChaosConnection(ws, server, is_modern, chance, totals).work(ending)
    except TimeoutError:
        totals.fault("late", f"{server}: no pong, or no close, within {PATIENCE} s ({ending})")
    finally:
        ws.transport.abort()
