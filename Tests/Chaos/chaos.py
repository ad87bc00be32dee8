# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Requests through the bridge to an HTTP server that misbehaves, and is killed and started again, at random.

On a socket that the client did not end itself, each request that the bridge had read is answered exactly once, with a result
that is its own or with an error, within a bounded time (R28, R35, R51, R52, R54, R61, R64); no call reaches the server
twice (R54); and at the end the bridge's descriptors are back at their number, and it ends with 0 (R44). Prints the seed
first, at the end one line of JSON, then the faults if there were any; the exit status is 0 if there were none."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import socket
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Interop"))
sys.path.insert(0, str(HERE.parent / "Churn"))

from bridge import Bridge, configuration  # noqa: E402
from processes import Family  # noqa: E402

from chaos_client import Books, one_connection  # noqa: E402

# How long the bridge may take to clear up behind the last connection, on a busy machine.
SETTLE = 30.0
# The limits of the bridge in this run, short because the server stalls on purpose.
LIMITS = {"connect_timeout": "2s", "request_timeout": "1500ms"}
# No pings: an answer that waits for the next one to take it along is a fault, and here it waits for ever.
TABLES = {"limits": {"ping_interval": "0s"}}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--requests", type=int, default=10_000)
    length.add_argument("--seconds", type=float, help="so long in place of so many requests")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's decisions, though not its timing")
    parser.add_argument("--clients", type=int, default=12, help="connections at once")
    parser.add_argument("--only", default="", help="the servers whose names contain this")
    return parser.parse_args()


class Backend:
    """The misbehaving server's process, which comes and goes on one port."""

    def __init__(self, seed: int, log: Path):
        self.seed = seed
        self.log = log
        self.starts = 0
        self.process: asyncio.subprocess.Process | None = None
        # Held, but not listening, so that nobody else gets the port while the server is away.
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]

    async def start(self) -> None:
        self.starts += 1
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "server.py"), str(self.port), f"{self.seed} {self.starts}", str(self.log),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        )
        assert await self.process.stdout.readline() == b"ready\n", "the server did not start"

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def come_and_go(self, totals: Books, over: asyncio.Event) -> None:
        """Kills the server now and then, and starts it again after a while, until the run is over."""
        chance = random.Random(f"{self.seed} kills")
        while not await happened(over, chance.uniform(0.5, 4)):
            await self.kill()
            totals.counts["server killed"] += 1
            await asyncio.sleep(chance.choice([0, 0, 0, chance.uniform(0, 1)]))
            await self.start()


async def happened(event: asyncio.Event, within: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within)
        return True
    except TimeoutError:
        return False


def servers(port: int) -> dict[str, dict]:
    """The bridge's servers: all lead to the one process."""
    base = f"http://127.0.0.1:{port}"
    return {
        "streamable": {"url": f"{base}/mcp", "transport": "streamable-http", **LIMITS},
        "auto": {"url": f"{base}/mcp", "transport": "auto", **LIMITS},
        "strict": {"url": f"{base}/mcp", "transport": "streamable-http", "on_session_lost": "close", **LIMITS},
        "narrow": {"url": f"{base}/mcp", "transport": "streamable-http", "max_parallel": 2, **LIMITS},
        "sse": {"url": f"{base}/sse", "transport": "sse", **LIMITS},
    }


async def client_side(bridge: Bridge, names: list[str], seed: str, over: asyncio.Event, wanted: int | None, totals: Books) -> None:
    """One after the other, connections to random servers."""
    chance = random.Random(seed)
    while not over.is_set():
        await one_connection(bridge, chance.choice(names), chance, totals)
        if wanted is not None and totals.counts["requests"] >= wanted:
            over.set()


async def settled(family: Family, wanted: int | None) -> int:
    """Waits until the bridge's descriptors are as few as wanted, or until their number stays; tells the number."""
    deadline = time.monotonic() + SETTLE
    number, since = family.descriptors(), time.monotonic()
    while time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        now = family.descriptors()
        if now != number:
            number, since = now, time.monotonic()
        if wanted is not None and number <= wanted or wanted is None and time.monotonic() - since > 2:
            break
    return number


async def chaos(bridge: Bridge, family: Family, backend: Backend, arguments: argparse.Namespace, totals: Books) -> dict:
    names = [name for name in servers(0) if arguments.only in name]
    seed = arguments.seed
    await backend.start()
    # The first connections make what stays: threads, pools, caches. The baseline is taken after them, without the server.
    warm_up = Books()
    chance = random.Random(f"{seed} warm-up")
    await asyncio.gather(*(one_connection(bridge, name, chance, warm_up) for name in names * 4))
    totals.faults += warm_up.faults
    await backend.kill()
    before = await settled(family, None)
    await backend.start()

    begin = time.monotonic()
    over = asyncio.Event()
    kills = asyncio.create_task(backend.come_and_go(totals, over))
    if arguments.seconds:
        asyncio.get_running_loop().call_later(arguments.seconds, over.set)
    wanted = None if arguments.seconds else arguments.requests
    await asyncio.gather(
        *(client_side(bridge, names, f"{seed} client {number}", over, wanted, totals) for number in range(arguments.clients))
    )
    over.set()
    await kills
    await backend.kill()
    after = await settled(family, before)
    got: dict[str, list[str]] = {}
    for line in backend.log.read_text().splitlines():
        name, _, kind = line.partition(" ")
        got.setdefault(name, []).append(kind)
    twice = [f"{name} ({', '.join(kinds)})" for name, kinds in got.items() if len(kinds) > 1]
    slow = [f"{took} ms, {what}, got {got.get(name)}" for took, name, what in sorted(totals.slow, reverse=True)[:5]]
    if after > before:
        totals.faults.append(f"descriptors went from {before} to {after}")
    if twice:
        totals.counts["sent twice"] = len(twice)
        totals.faults.append(f"{len(twice)} calls reached the server twice: {twice[:5]}")
    counts = totals.counts
    outcomes = ("results", "errors", "cancelled", "raced", "given up")
    if counts["requests"] != sum(counts[key] for key in outcomes) + counts["unanswered"] + counts["hangs"]:
        totals.faults.append("the outcomes do not add up to the requests")
    return {
        "seed": seed,
        "seconds": round(time.monotonic() - begin, 1),
        **{key: counts[key] for key in ("connections", "requests", *outcomes)},
        **{key: counts[key] for key in ("hangs", "late", "unanswered", "duplicates", "unknown", "mistaken", "sent twice")},
        **{key: count for key, count in sorted(counts.items()) if key.startswith(("refused", "closed", "server", "cause"))},
        "slowest": slow,
        "descriptors": [before, after],
    }


def main() -> int:
    arguments = options()
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(1 << 32)
    print(f"seed {arguments.seed}", flush=True)
    totals = Books()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        backend = Backend(arguments.seed, directory / "calls")
        backend.log.touch()
        bridge = Bridge(directory, configuration(servers(backend.port), **TABLES))
        try:

            async def run() -> dict:
                try:
                    return await chaos(bridge, Family(bridge.process.pid, ""), backend, arguments, totals)
                finally:
                    await backend.kill()

            summary = asyncio.run(run())
            bridge.stop()
        except AssertionError as failure:
            summary = {"seed": arguments.seed}
            totals.faults.append(str(failure))
        finally:
            bridge.kill()
            backend.place.close()
        if totals.faults:
            print(bridge.log(40))
    summary["ok"] = not totals.faults
    print(json.dumps(summary))
    for fault in totals.faults:
        print(f"FAULT {fault}")
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
