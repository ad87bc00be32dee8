# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Connect, call, kill at random points on both sides, for ten minutes; then see that nothing is left.

On every socket that the client did not kill itself, each request that the bridge had read is answered exactly once before
the socket closes, and no socket hangs (R28, R35, R38). At the end the bridge has no child, no zombie and no stray
descendant, its descriptors are back at their number (R37), its memory has stopped growing, and it ends with 0 (R44). Prints one line of JSON, then the
faults if there were any; the exit status is 0 if there were none."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

from bridge import ROOT, Bridge, binary, configuration  # noqa: E402

import servers  # noqa: E402
from client import Totals, one_connection  # noqa: E402
from processes import Family  # noqa: E402

# How long the bridge may take to clear up behind the last connection: the ladder's graces and the pong timeout below,
# and a busy machine.
SETTLE = 30.0
# What the bridge's memory may grow by in the second half, in KiB a connection, if there were enough of them for an
# allocator's own habits not to count. A connection that is kept after its end takes 10 KiB.
GROWTH = 4.0
ENOUGH_CONNECTIONS = 2000


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    duration = parser.add_mutually_exclusive_group()
    duration.add_argument("--minutes", type=float, default=10.0)
    duration.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's decisions, though not its timing")
    parser.add_argument("--clients", type=int, default=24, help="connections at once")
    parser.add_argument("--fixture", type=Path, default=ROOT / ".build" / "debug" / "FixtureServer")
    parser.add_argument("--only", help="the servers whose names contain this")
    return parser.parse_args()


async def client_side(bridge: Bridge, names: list[str], seed: str, end: float, totals: Totals) -> None:
    """One after the other, connections to random servers."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        name = chance.choice(names)
        await one_connection(bridge.url(name), name, chance, totals)


async def server_side(family: Family, seed: str, end: float, totals: Totals) -> None:
    """Kills processes behind the bridge."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        await asyncio.sleep(chance.uniform(0.02, 0.3))
        killed = await asyncio.to_thread(family.kill_one, chance)
        if killed:
            totals.counts[f"killed {killed}"] += 1


async def at_half_time(family: Family, seconds: float, totals: Totals) -> tuple[int, int]:
    """The bridge's memory and the number of connections so far, when half of the time is over."""
    await asyncio.sleep(seconds / 2)
    return family.memory(), totals.counts["connections"]


async def settled(family: Family, descriptors: int | None) -> dict:
    """Waits until nothing is left, and tells what is if that does not come."""
    deadline = time.monotonic() + SETTLE
    while True:
        left = {**await asyncio.to_thread(family.left), "descriptors": family.descriptors()}
        clean = not (left["children"] or left["strays"])
        if clean and (descriptors is None or left["descriptors"] <= descriptors):
            return left
        if time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.1)


async def churn(bridge: Bridge, family: Family, names: list[str], seconds: float, seed: int, clients: int) -> tuple[dict, Totals]:
    # The first connections make what stays: threads, pools, caches. The baseline is taken after them.
    warm_up = Totals()
    chance = random.Random(f"{seed} warm-up")
    await asyncio.gather(*(one_connection(bridge.url(name), name, chance, warm_up) for name in names * 2))
    before = await settled(family, None)
    memory = family.memory()

    totals = Totals()
    totals.faults += warm_up.faults
    begin = time.monotonic()
    end = begin + seconds
    (half_memory, half_connections), *_ = await asyncio.gather(
        at_half_time(family, seconds, totals),
        server_side(family, f"{seed} servers", end, totals),
        *(client_side(bridge, names, f"{seed} client {number}", end, totals) for number in range(clients)),
    )
    after = await settled(family, before["descriptors"])
    summary = {
        "seed": seed,
        "seconds": round(time.monotonic() - begin, 1),
        **{key: totals.counts[key] for key in ("connections", "requests", "results", "errors", "raced")},
        **{key: totals.counts[key] for key in ("hangs", "unanswered", "duplicates", "unknown", "handshakes failed")},
        **{key: count for key, count in sorted(totals.counts.items()) if key.startswith(("refused", "killed", "closed", "end "))},
        **{key: after[key] for key in ("children", "zombies", "strays")},
        "descriptors": [before["descriptors"], after["descriptors"]],
        "memory KiB": [memory, half_memory, family.memory()],
    }
    for key in ("children", "zombies", "strays"):
        if after[key]:
            totals.faults.append(f"{after[key]} {key} left: {'; '.join(family.describe())}")
    if after["descriptors"] > before["descriptors"]:
        totals.faults.append(f"descriptors went from {before['descriptors']} to {after['descriptors']}")
    connections = totals.counts["connections"] - half_connections
    growth = (family.memory() - half_memory) / max(connections, 1)
    if connections >= ENOUGH_CONNECTIONS and growth > GROWTH:
        totals.faults.append(f"memory grew by {growth:.1f} KiB a connection over the last {connections}")
    if not totals.counts["results"] or not totals.counts["errors"]:
        totals.faults.append("the churn churned nothing: no result, or no error")
    return summary, totals


def main() -> int:
    chosen = options()
    seconds = chosen.seconds if chosen.seconds is not None else chosen.minutes * 60
    seed = chosen.seed if chosen.seed is not None else secrets.randbits(32)
    fixture = chosen.fixture if chosen.fixture.exists() else None
    print(f"churn: seed {seed}, {seconds:g} s, {chosen.clients} clients, {binary()}", flush=True)
    mark = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="churn-") as directory:
        scratch = Path(directory)
        commands = servers.commands(binary(), fixture, scratch)
        names = [name for name in commands if (chosen.only or "") in name]
        entries = {
            name: {
                "command": commands[name],
                "env": {"CHURN_MARK": mark},
                "stop": {"stdin_grace": "200ms", "term_grace": "300ms"},
            }
            for name in names
        }
        limits = {"spawn_rate": 10_000, "ping_interval": "2s", "pong_timeout": "5s", "write_timeout": "5s"}
        bridge = Bridge(scratch, configuration(entries, limits=limits))
        family = Family(bridge.process.pid, mark)
        try:
            summary, totals = asyncio.run(churn(bridge, family, names, seconds, seed, chosen.clients))
            bridge.terminate()
            summary["exit"] = bridge.wait()
            if summary["exit"] != 0:
                totals.faults.append(f"exit {summary['exit']} on SIGTERM")
        except BaseException:
            print(bridge.log())
            raise
        finally:
            if bridge.process.poll() is None:
                bridge.kill()
            family.end()
        if totals.faults:
            print(bridge.log(40))
    summary["ok"] = not totals.faults
    print(json.dumps(summary))
    for fault in totals.faults:
        print(f"FAULT {fault}")
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
