#!/usr/bin/env python3
# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Where the time goes: what one message costs the bridge, counted by callgrind.

    Benchmarks/profile.py .build/release/mcp-wsbridge [--workload NAME ...] [--top 25] [--callers malloc]

"Message" means one request and its answer. Instructions and allocations are those of the bridge's own process, all threads;
the kernel's are not in them. The workloads `shared-...` are no callgrind's: they tell what two event loops both write to.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import shared
from callgrind import ALLOCATORS, RELEASES, RETAINS
from workloads import WORKLOADS, Bench, Cost, Failed, Refused, lift_descriptor_limit

# Of an object that is shared.
SHOWN_STACKS, SHOWN_FRAMES = 6, 3
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


def show_shared(name: str, report: shared.Report, top: int, width: int) -> None:
    """Objects and locks that more than one thread wrote to, with the stacks that were met most."""
    each = shared.MESSAGES
    title = f"{shared.LOOPS} event loops, {shared.CONNECTIONS} connections, bursts of {shared.IN_FLIGHT}"
    print(f"\n== {name}: {title}, {shared.WORKLOADS[name][1]}, {each:,} messages counted")
    print(f"retains       {report.retains / each:12,.2f}")
    print(f"releases      {report.releases / each:12,.2f}  besides, {report.immortal / each:,.2f} of either that write nothing")
    print(f"locks taken   {report.locks / each:12,.2f}")
    print(f"shared writes {report.shared_writes / each:12,.2f}  to what two threads or more wrote to")
    largest = [one for one in report.by_name()[:top] if one.writes / each > shared.NEGLIGIBLE]
    if not largest:
        print("objects and locks that are shared: none")
        return
    print("objects and locks that are shared, by writes per message, and where it was seen")
    places = shared.Places()
    called = {one.name: places.name(one.name) for one in largest}
    stacks = {one.name: seen(one, places) for one in largest}
    readable = demangled([*called.values(), *{name for found in stacks.values() for stack in found for name in stack}])
    for one in largest:
        threads = ", ".join(f"{report.threads[thread]} {sum(by) / each:,.3f}" for thread, by in one.by.items())
        print(f"  {one.writes / each:12,.3f}  {readable[called[one.name]][:width]} ({one.kind}): {threads}")
        for stack in stacks[one.name]:
            print("".join(f"\n{'':16}{'<- ' if depth else ''}{readable[name][:width]}" for depth, name in enumerate(stack))[1:])


def seen(one: shared.Shared, places: shared.Places) -> list[list[str]]:
    """The stacks that were met most, without the frames of what looks on."""
    stacks: Counter[tuple[str, ...]] = Counter()
    for stack, samples in one.stacks.items():
        stacks[tuple(place for place in stack if "shared_writes.so" not in place)[:SHOWN_FRAMES]] += samples
    return [
        [places.name(place, is_return=True) for place in stack] for stack, _ in stacks.most_common(SHOWN_STACKS)
    ]


def main() -> int:
    names = [workload.name for workload in WORKLOADS] + list(shared.WORKLOADS)
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
    wanted = options.workload or [workload.name for workload in WORKLOADS if workload.quick] + list(shared.WORKLOADS)
    counted = [workload for workload in WORKLOADS if workload.name in wanted]
    if counted and shutil.which("valgrind") is None:
        print("profile: valgrind was not found", file=sys.stderr)
        return 1
    lift_descriptor_limit()
    if counted:
        with Bench(options.bridge, options.server) as bench:
            for workload in counted:
                try:
                    show(bench.cost(workload), options.top, options.callers, options.width)
                except Refused as refusal:
                    print(f"\n== {workload.name}: SKIPPED: {refusal}")
                sys.stdout.flush()
    for name, (backend, _) in shared.WORKLOADS.items():
        if name in wanted:
            try:
                show_shared(name, shared.count(options.bridge, backend), options.top, options.width)
            except Refused as refusal:
                print(f"\n== {name}: SKIPPED: {refusal}")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"profile: {failure}")
