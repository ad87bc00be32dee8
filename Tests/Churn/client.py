# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""One connection of the churn: it asks, ends in one of several ways, and keeps the books on what was answered."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field

import websockets
from websockets.asyncio.client import ClientConnection, connect

import servers

PATIENCE = 30.0
INITIALIZATION = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "churn", "version": "1"},
}

# How a connection ends, and how often. The first two leave it to the answers; the others are the client's own doing.
ENDINGS = {"close": 8, "stay": 4, "close-mid-call": 3, "reset": 3, "drop": 2, "vanish": 1}


@dataclass
class Totals:
    """What all connections together have seen."""

    counts: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, kind: str, what: str) -> None:
        self.counts[kind] += 1
        if len(self.faults) < 20:
            self.faults.append(f"{kind}: {what}")


class Connection:
    """The requests of one socket. A request must be answered once the bridge is known to have read it: that is when a
    pong came for a ping sent after it. One that was still on its way when the bridge closed may stay unanswered."""

    def __init__(self, server: str, chance: random.Random, totals: Totals):
        self.server = server
        self.chance = chance
        self.totals = totals
        self.next = 0
        self.open: set[str] = set()
        self.read_by_bridge: set[str] = set()
        self.answered: set[str] = set()
        self.cancelled: set[str] = set()
        self.idle = asyncio.Event()

    async def ask(self, ws: ClientConnection, method: str, params: dict | None) -> str:
        identifier = f"{self.server} {self.next}"
        self.next += 1
        message: dict = {"jsonrpc": "2.0", "id": identifier, "method": method}
        if params is not None:
            message["params"] = params
        self.open.add(identifier)
        self.idle.clear()
        self.totals.counts["requests"] += 1
        await ws.send(json.dumps(message))
        return identifier

    async def confirm(self, ws: ClientConnection) -> None:
        """Learns that everything sent so far was read by the bridge."""
        sent = set(self.open)
        await (await ws.ping())
        self.read_by_bridge |= sent

    async def listen(self, ws: ClientConnection) -> None:
        """Books every answer until the connection ends."""
        async for raw in ws:
            message = json.loads(raw)
            if "method" in message:
                self.totals.counts["notifications"] += 1
                continue
            identifier = message.get("id")
            if identifier in self.answered:
                self.totals.fault("duplicates", f"{identifier} answered twice")
            elif identifier not in self.open:
                self.totals.fault("unknown", f"an answer for {identifier!r}")
            else:
                self.totals.counts["errors" if "error" in message else "results"] += 1
                self.answered.add(identifier)
                self.open.discard(identifier)
                if not self.open - self.cancelled:
                    self.idle.set()

    def settle(self, ws: ClientConnection) -> None:
        """After an end that was not the client's: what was read must have been answered."""
        self.totals.counts[f"closed {ws.close_code}"] += 1
        for identifier in self.open - self.cancelled:
            if identifier in self.read_by_bridge:
                self.totals.fault("unanswered", f"{identifier}, closed with {ws.close_code} {ws.close_reason}")
            else:
                self.totals.counts["raced"] += 1

    async def work(self, ws: ClientConnection, ending: str) -> None:
        listener = asyncio.create_task(self.listen(ws))
        try:
            await self.ask(ws, "initialize", INITIALIZATION)
            await self.confirm(ws)
            if await self.quiet(ws, listener):
                await ws.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
                for _ in range(self.chance.randint(1, 4)):
                    await self.burst(ws)
                    if ending not in ("close", "stay") and self.chance.random() < 0.5:
                        break
                    if not await self.quiet(ws, listener):
                        break
            await self.end(ws, ending, listener)
        except websockets.ConnectionClosed:
            await asyncio.wait_for(asyncio.wait([listener]), PATIENCE)
            self.settle(ws)
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def burst(self, ws: ClientConnection) -> None:
        """Some requests at once, one of them perhaps cancelled."""
        sent = [await self.ask(ws, *servers.request(self.server, self.chance)) for _ in range(self.chance.randint(1, 8))]
        if self.chance.random() < 0.2:
            victim = self.chance.choice(sent)
            self.cancelled.add(victim)
            params = {"requestId": victim}
            await ws.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}))
            if not self.open - self.cancelled:
                self.idle.set()
        await self.confirm(ws)

    async def quiet(self, ws: ClientConnection, listener: asyncio.Task) -> bool:
        """Waits until nothing is in flight; false when the connection ended instead."""
        idle = asyncio.create_task(self.idle.wait())
        await asyncio.wait([idle, listener], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if idle.done():
            return True
        idle.cancel()
        if listener.done():
            self.settle(ws)
            return False
        self.totals.fault("hangs", f"{sorted(self.open)[:3]} of {self.server} after {PATIENCE} s")
        return False

    async def end(self, ws: ClientConnection, ending: str, listener: asyncio.Task) -> None:
        self.totals.counts[f"end {ending}"] += 1
        if ending == "stay":
            # Someone may kill the server meanwhile; then the bridge says so and closes.
            await asyncio.wait([listener], timeout=self.chance.uniform(0, 1))
        if ending in ("close", "stay"):
            await asyncio.wait_for(ws.close(), PATIENCE)
        elif ending == "close-mid-call":
            await asyncio.wait_for(ws.close(self.chance.choice([1000, 1001, 4000])), PATIENCE)
        elif ending == "reset":
            if not ws.transport.is_closing():
                linger = struct.pack("ii", 1, 0)
                ws.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            ws.transport.abort()
        elif ending == "drop":
            ws.transport.abort()
        elif ending == "vanish":
            # Reads nothing and answers no ping any more: the bridge has to notice by itself.
            ws.transport.pause_reading()
            await asyncio.sleep(self.chance.uniform(0, 12))
            ws.transport.abort()


async def one_connection(url: str, server: str, chance: random.Random, totals: Totals) -> None:
    """Connects, works and ends, and books whatever goes wrong on the way."""
    ending = chance.choices(list(ENDINGS), list(ENDINGS.values()))[0]
    try:
        ws = await connect(
            url, subprotocols=["mcp"], compression=None, max_size=None, ping_interval=None,
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
        await Connection(server, chance, totals).work(ws, ending)
    except (TimeoutError, asyncio.TimeoutError):
        totals.fault("hangs", f"{server} did not close within {PATIENCE} s ({ending})")
    finally:
        ws.transport.abort()
