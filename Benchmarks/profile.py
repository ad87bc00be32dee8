#!/usr/bin/env python3
# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Where the time goes: what one message costs the bridge, counted by callgrind.

    Benchmarks/profile.py .build/release/mcp-wsbridge [--workload NAME ...] [--top 25] [--callers malloc]

"Message" means one request and its answer. Instructions and allocations are those of the bridge's own process, all threads;
the kernel's are not in them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from callgrind import ALLOCATORS, RELEASES, RETAINS
from workloads import WORKLOADS, Bench, Cost, Failed, Refused, lift_descriptor_limit

GROUPS = {"malloc": ALLOCATORS, "retain": RETAINS, "release": RELEASES}


def demangled(names: list[str]) -> dict[str, str]:
    """Swift's and C++'s names as they are written, where `swift demangle` and `c++filt` are there to tell."""
    readable = list(names)
    for tool in (["swift", "demangle", "--simplified"], ["c++filt"]):
        if shutil.which(tool[0]) is None:
            continue
        done = subprocess.run(tool, input="\n".join(readable), capture_output=True, text=True)
        lines = done.stdout.rstrip("\n").split("\n")
        if done.returncode == 0 and len(lines) == len(readable):
            readable = lines
    return dict(zip(names, readable))


def shown(counts: Counter[str], messages: int, top: int, width: int) -> None:
    """The largest of these counts per message, with their share of all."""
    total = counts.total() or 1
    largest = [(name, count) for name, count in counts.most_common(top) if count / messages >= 0.005]
    names = demangled([name for name, _ in largest])
    for name, count in largest:
        print(f"  {count / messages:12,.2f}  {count / total:6.1%}  {names[name][:width]}")


def show(cost: Cost, top: int, callers: list[str], width: int) -> None:
    workload, profile = cost.workload, cost.profile
    print(f"\n== {workload.name}: {workload.title}, {workload.messages:,} messages counted")
    print(f"instructions  {cost.instructions:12,.0f}")
    print(f"allocations   {cost.allocations:12,.2f}  of them Swift objects {cost.objects:,.2f}")
    print(f"retains       {cost.retains:12,.2f}")
    print(f"releases      {cost.releases:12,.2f}")
    calls = cost.system_calls
    print(f"system calls  {sum(calls.values()):12,.2f}  " + ", ".join(f"{name} {n:,.2f}" for name, n in calls.items()))
    print(f"clock read    {cost.clock_readings:12,.2f}")
    print("functions by instructions of their own, per message")
    shown(profile.instructions, workload.messages, top, width)
    for what in callers:
        print(f"calls of {what} per message, by caller")
        shown(profile.callers_of(GROUPS.get(what, [what])), workload.messages, top, width)


def main() -> int:
    names = [workload.name for workload in WORKLOADS]
    parser = argparse.ArgumentParser(description="Counts what one message costs the bridge, under callgrind.")
    parser.add_argument("bridge", type=Path, help="the release build of mcp-wsbridge")
    parser.add_argument(
        "-w", "--workload", action="append", choices=names, metavar="NAME",
        help=f"one of {', '.join(names)}; may be repeated (default: all that the gate runs)",
    )
    parser.add_argument("-t", "--top", type=int, default=25, metavar="N", help="functions to list (25)")
    parser.add_argument(
        "-c", "--callers", action="append", default=[], metavar="FUNCTION",
        help="also list who calls this function; malloc, retain and release stand for their families",
    )
    parser.add_argument("--width", type=int, default=200, metavar="N", help="longest name (200)")
    parser.add_argument("--server", nargs=argparse.REMAINDER, help="the program behind the bridge, with its arguments")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("profile: valgrind was not found", file=sys.stderr)
        return 1
    lift_descriptor_limit()
    wanted = options.workload or [workload.name for workload in WORKLOADS if workload.quick]
    with Bench(options.bridge, options.server) as bench:
        for workload in WORKLOADS:
            if workload.name not in wanted:
                continue
            try:
                show(bench.cost(workload), options.top, options.callers, options.width)
            except Refused as refusal:
                print(f"\n== {workload.name}: SKIPPED: {refusal}")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"profile: {failure}")
