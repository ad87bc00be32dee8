#!/usr/bin/env python3
# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0
"""Does a message still cost what it did? Counts instructions, allocations and system calls per message under callgrind, and
fails where they are more than the figures in the repository allow.

    Benchmarks/gate.py .build/release/mcp-wsbridge [--update]

Figures hold for one architecture and one version of Swift. Where there are none, or no valgrind, nothing is compared; that
is said and no failure.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import shared
from workloads import WORKLOADS, Bench, Cost, Failed, Refused, Workload, lift_descriptor_limit

FIGURES = Path(__file__).resolve().parent / "figures"
# A count may be more than its figure by this part of it. Better by as much is worth new figures.
TOLERANCE = 0.05
# Allocations are few and exact: one more in twenty messages is one too many.
ALLOCATION_TOLERANCE = 0.05
# Where a message has many it is slow, above all under callgrind, and what the bridge does once a second, with eight
# allocations, comes to more a message: 0.08 of 86 were seen over HTTP. One more for each message would be more than a hundredth.
ALLOCATION_PART_TOLERANCE = 0.005
# But a megabyte comes in pieces, and their number is chance: 21.9 to 25.5 allocations a message were seen of one and the same
# bridge. One more for every piece would be 32.
PIECES_TOLERANCE = 0.2
IN_PIECES = {"large"}
# In a burst a message has few system calls of its own; whether a wake-up finds all of it is sometimes chance.
SYSTEM_CALL_TOLERANCE = 0.01
# A workload that seems worse is counted this often, and the least holds: what happens now and then only ever adds.
ATTEMPTS = 3
# The workloads that differ only in what a handshake costs, or in how many there were. A message must cost the same on each.
FLAT = ["echo-1", "echo-guarded", "echo-100", "echo-1000", "echo-10000"]

# What is compared, per message: instructions, allocations, system_calls; for shared.py's workloads shared_writes.
Counts = dict[str, float]


class Grade(Enum):
    BETTER = "better"
    SAME = "ok"
    WORSE = "WORSE"
    NEW = "no figure yet"


@dataclass(frozen=True)
class Verdict:
    """One count of one workload beside its figure."""

    workload: str
    measure: str
    figure: float | None
    measured: float
    grade: Grade


def allowance(workload: str, measure: str, figure: float) -> float:
    """By how much a count may differ from its figure."""
    if measure == "allocations":
        if workload in IN_PIECES:
            return figure * PIECES_TOLERANCE
        return max(figure * ALLOCATION_PART_TOLERANCE, ALLOCATION_TOLERANCE)
    if measure == "shared_writes":
        return shared.NEGLIGIBLE
    return max(figure * TOLERANCE, SYSTEM_CALL_TOLERANCE if measure == "system_calls" else 0.0)


def judge(workload: str, figures: Counts, measured: Counts) -> list[Verdict]:
    """Compares what was counted with the figures, count by count."""
    verdicts = []
    for measure, count in measured.items():
        figure = figures.get(measure)
        if figure is None:
            grade = Grade.NEW
        elif count > figure + allowance(workload, measure, figure):
            grade = Grade.WORSE
        elif count < figure - allowance(workload, measure, figure):
            grade = Grade.BETTER
        else:
            grade = Grade.SAME
        verdicts.append(Verdict(workload, measure, figure, count, grade))
    return verdicts


def judge_flatness(measured: dict[str, Counts]) -> list[Verdict]:
    """A message must not cost more instructions because there are more connections, nor because its client was asked who it is."""
    present = [name for name in FLAT if name in measured]
    if len(present) < 2:
        return []
    figure = measured[present[0]]["instructions"]
    return [
        verdict
        for name in present[1:]
        for verdict in judge(f"{name} vs {present[0]}", {"instructions": figure}, {
            "instructions": measured[name]["instructions"]
        })
    ]


def is_worse(verdicts: list[Verdict]) -> bool:
    return any(verdict.grade is Grade.WORSE for verdict in verdicts)


def table(verdicts: list[Verdict]) -> str:
    """For people to read."""
    rows = [("workload", "per message", "figure", "now", "change", "")]
    for verdict in verdicts:
        digits = 0 if verdict.measure == "instructions" else 3
        figure, change = "-", "-"
        if verdict.figure is not None:
            figure = f"{verdict.figure:,.{digits}f}"
            if verdict.figure > 0:
                change = f"{verdict.measured / verdict.figure - 1:+.1%}"
        now = f"{verdict.measured:,.{digits}f}"
        rows.append((verdict.workload, verdict.measure.replace("_", " "), figure, now, change, verdict.grade.value))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  "
        f"{row[4]:>{widths[4]}}  {row[5]}".rstrip()
        for row in rows
    )


def counts_of(cost: Cost) -> Counts:
    """What is compared and kept, rounded so that the file reads well."""
    return {
        "instructions": round(cost.instructions),
        "allocations": round(cost.allocations, 3),
        "system_calls": round(sum(cost.system_calls.values()), 3),
    }


def names() -> list[str]:
    """All workloads, in the order in which they run."""
    return [workload.name for workload in WORKLOADS] + list(shared.WORKLOADS)


def measure(bench: Bench, workload: Workload, figures: Counts) -> Counts:
    """Counts a workload, again where it seems worse. Throws Refused or Failed."""
    best: Counts = {}
    for _ in range(ATTEMPTS):
        counted = counts_of(bench.cost(workload))
        best = {name: min(count, best.get(name, count)) for name, count in counted.items()}
        if not is_worse(judge(workload.name, figures, best)):
            break
    return best


def swift_version() -> str | None:
    """Major and minor version of the compiler on PATH, which is taken for the one that built the bridge."""
    if shutil.which("swift") is None:
        return None
    said = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"Swift version (\d+\.\d+)", said)
    return found.group(1) if found else None


def conditions() -> dict[str, str]:
    """What the figures may depend on beside architecture and Swift, to look at when they are off."""
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True).stdout.strip()
    flags = Path("/proc/cpuinfo").read_text().split()
    # Long strings are searched with the widest vectors that there are.
    vectors = "avx2" if "avx2" in flags else "baseline"
    return {"libc": " ".join(platform.libc_ver()), "valgrind": valgrind.removeprefix("valgrind-"), "vectors": vectors}


def skipped(why: str) -> int:
    print(f"bench-gate: SKIPPED: {why}")
    return 0


def write(path: Path, measured: dict[str, Counts], conditions: dict[str, str]) -> None:
    """Keeps the new figures, and those of workloads that were not counted now."""
    old = json.loads(path.read_text())["workloads"] if path.exists() else {}
    kept = {name: old[name] for name in names() if name in old}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"conditions": conditions, "workloads": {**kept, **measured}}, indent=2) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Fails where a message costs more than it did.")
    parser.add_argument("bridge", type=Path, help="the release build of mcp-wsbridge")
    parser.add_argument("--update", action="store_true", help="make what is counted now the new figures")
    parser.add_argument(
        "-w", "--workload", action="append", choices=names(), metavar="NAME",
        help=f"one of {', '.join(names())}; may be repeated (default: all but those that take long)",
    )
    parser.add_argument("--figures", type=Path, default=FIGURES, metavar="DIR", help="where the figures are kept")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        return skipped("valgrind was not found")
    version = swift_version()
    if version is None:
        return skipped("swift was not found, so that nobody knows which figures hold")
    path = options.figures / f"{platform.machine()}-swift{version}.json"
    if not path.exists() and not options.update:
        return skipped(f"no figures for {platform.machine()} and Swift {version}; --update makes some")
    recorded = json.loads(path.read_text()) if path.exists() else {"workloads": {}}
    figures: dict[str, Counts] = recorded["workloads"]

    lift_descriptor_limit()
    wanted = options.workload or [workload.name for workload in WORKLOADS if workload.quick] + list(shared.WORKLOADS)
    measured: dict[str, Counts] = {}
    verdicts: list[Verdict] = []
    refused = False
    with Bench(options.bridge) as bench:
        for name in names():
            if name not in wanted:
                continue
            known = figures.get(name, {})
            try:
                if name in shared.WORKLOADS:
                    backend, title = shared.WORKLOADS[name]
                    messages = shared.MESSAGES
                    writes = shared.count(options.bridge, backend).shared_writes
                    measured[name] = {"shared_writes": round(writes / messages, 3)}
                else:
                    workload = next(workload for workload in WORKLOADS if workload.name == name)
                    title, messages = workload.title, workload.messages
                    measured[name] = measure(bench, workload, {} if options.update else known)
            except Refused as refusal:
                # Once there are figures, the bridge must not forget what it could. What is shared cannot be told of every
                # executable, though.
                forgotten = bool(known) and name not in shared.WORKLOADS
                refused = refused or forgotten
                print(f"{name}: {'REFUSED' if forgotten else 'SKIPPED'}: {refusal}", flush=True)
                continue
            verdicts += judge(name, known, measured[name])
            print(f"{name}: counted {messages:,} messages, {title}", flush=True)
    verdicts += judge_flatness(measured)

    print(f"\n{table(verdicts)}\n")
    if options.update:
        write(path, measured, conditions())
        print(f"bench-gate: wrote {path}")
        return 0
    if refused:
        print("bench-gate: FAILED: the bridge refuses what there are figures for")
        return 1
    if is_worse(verdicts):
        print("bench-gate: FAILED: a message costs more than it did; `make profile` shows where it goes")
        print(f"counted with {conditions()}, the figures with {recorded.get('conditions')}")
        print("if it is worth its price: make bench-gate GATE=--update")
        return 1
    if any(verdict.grade is Grade.BETTER for verdict in verdicts if verdict.workload in measured):
        print("bench-gate: better than the figures, well done; keep it so with: make bench-gate GATE=--update")
    print(f"bench-gate: {len(measured)} workloads, none costs more than {path.name} allows")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"bench-gate: {failure}")
