#!/usr/bin/env python3
# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Measures the bridge beside the floors and whichever other bridges are installed, all interleaved in one run.

Each repetition goes through the scenarios and each scenario through the peers, beginning with another one every time, so
that what changes on the machine hits all alike. Prints medians with ranges and ratios, says which goals are met, and
stores everything as JSON. See Benchmarks/README.md."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import machine
import peers
import report
from figures import merged
from goals import judge_all
from measure import Bench, pinned_cpu
from peers import BUILD, ROOT, Missing, Peer
from processes import Started
from scenarios import BRIDGE, BRIDGE_TLS, SCENARIOS, STATIC, Scenario, selected

FORMAT = 1
# Seconds to wait for a quiet machine, in all.
WHOLE_PATIENCE = 300.0
# Fewer repetitions than this judge no goal about speed, so that they are not worth keeping with the sources.
WORTH_KEEPING = 10


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=10, metavar="N", help="default 10, which take about 31 minutes")
    parser.add_argument("--only", action="append", default=[], metavar="SCENARIO", help="this one (repeatable, or a list with commas); see --list")
    parser.add_argument("--peers", metavar="NAMES", help="only these, with commas between; see --list")
    parser.add_argument("--add", action="append", default=[], metavar="NAME=URL=COMMAND",
                        help="one more peer: ws://127.0.0.1:{port}/path and what starts it, with {port} and {echo} (the stdio server)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="durations times this; less than 1 only to see that all works")
    parser.add_argument("--patience", type=float, default=5.0, metavar="SECONDS", help="wait this long for a quiet machine before each run (default 5)")
    parser.add_argument("--bridge", type=Path, default=ROOT / ".build/release/mcp-wsbridge")
    parser.add_argument("--static", type=Path, default=ROOT / ".build/static/mcp-wsbridge", help="static executable, for the start")
    parser.add_argument("--generator", type=Path, default=ROOT / ".build/release/mcp-wsload")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to store the run; default docs/benchmarks, or .build/benchmarks for partial ones")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print the README's tables from a stored run, and do nothing else")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print a stored run as at its end, and do nothing else")
    parser.add_argument("--list", action="store_true", help="list scenarios and peers, and do nothing else")
    chosen = parser.parse_args()
    chosen.only = [name for text in chosen.only for name in text.split(",")]
    if chosen.repetitions < 1 or chosen.scale <= 0:
        parser.error("--repetitions and --scale must be positive")
    return chosen


def load(file: Path) -> dict:
    document = json.loads(file.read_text())
    if document.get("format") != FORMAT:
        raise Missing(f"{file} is no benchmark of format {FORMAT}")
    return document


def require(program: Path, target: str) -> None:
    if not os.access(program, os.X_OK):
        raise Missing(f"{program} is missing: `{target}` builds it")


def field_of(chosen: argparse.Namespace, folder: Path) -> list[Peer]:
    """Everyone that takes part, in the order of the tables. Raises Missing, ValueError."""
    everyone = [peers.bridge(BRIDGE, "this one", chosen.bridge, folder)]
    if os.access(chosen.static, os.X_OK):
        everyone.append(peers.bridge(STATIC, "this one, static", chosen.static, folder))
    if tls := peers.certificate():
        everyone.append(peers.bridge(BRIDGE_TLS, "this one, with TLS", chosen.bridge, folder, tls))
    everyone += [*peers.floors(), *peers.installed(), *(peers.added(text) for text in chosen.add)]
    if chosen.peers:
        names = chosen.peers.split(",")
        if unknown := set(names) - {peer.name for peer in everyone}:
            raise Missing(f"no peer called {', '.join(sorted(unknown))}: `make bench-peers` installs the other bridges, `make bench` builds the floors")
        everyone = [peer for peer in everyone if peer.name in names]
    return everyone


def rotated(field: list[Peer], by: int) -> list[Peer]:
    """Who follows whom stays, who begins changes."""
    by %= max(1, len(field))
    return field[by:] + field[:by]


def one_repetition(bench: Bench, field: list[Peer], scenarios: list[Scenario], repetition: int, patience: machine.Patience) -> Iterator[dict]:
    """Measures all, and says so; a record for each."""
    for scenario in scenarios:
        if repetition % scenario.every:
            continue
        for peer in rotated([peer for peer in field if peers.takes_part(peer, scenario)], repetition):
            before = patience.wait()
            begun = time.monotonic()
            result = bench.measure(peer, scenario)
            record = {
                "repetition": repetition, "scenario": scenario.name, "peer": peer.name,
                "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "took_s": round(time.monotonic() - begun, 2),
                "before": before, "other_cores": result.other_cores, "fault": result.fault,
                "figures": result.figures, "server": result.server, "generator": result.generator,
            }
            headline = scenario.figures[0]
            found = result.figures.get(headline.name)
            said = f"{report.number(found, headline.digits)} {headline.title}" if found is not None else "–"
            print(f"{repetition + 1:3d}  {scenario.name:22} {peer.name:20} {said:28} busy before {before['busy_cores']:.2f}"
                  + (f"  FAULT: {result.fault}" if result.fault else ""), file=sys.stderr, flush=True)
            yield record


def description(chosen: argparse.Namespace, field: list[Peer]) -> dict:
    """What stands in a stored run beside the runs themselves."""
    name, changed = machine.commit(ROOT)
    arguments = shlex.join(sys.argv[1:])
    return {
        "format": FORMAT,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": name + ("+changes" if changed else ""),
        "command": f"make bench BENCH={shlex.quote(arguments)}" if arguments else "make bench",
        "machine": machine.facts(),
        "versions": {
            "swift": machine.first_line(["swift", "--version"]), "cc": machine.first_line([os.environ.get("CC", "cc"), "--version"]),
            "python": sys.version.split()[0],
        },
        "peers": {peer.name: {"about": peer.about, "version": peer.version, "is_bridge": peer.is_bridge} for peer in field},
        "repetitions": chosen.repetitions, "scale": chosen.scale,
    }


def gathered(records: list[dict]) -> list[dict]:
    """Takes the histograms out of the records, and gives one of all sound repetitions for each scenario and peer."""
    found: dict[tuple[str, str], list] = {}
    for record in records:
        histogram = record["generator"].pop("histogram", None)
        if histogram and not record["fault"]:
            found.setdefault((record["scenario"], record["peer"]), []).append(histogram)
    return [{"scenario": scenario, "peer": peer, "ns_and_count": merged(each)} for (scenario, peer), each in found.items()]


def written(document: dict) -> str:
    """JSON with one measurement a line, so that it can be searched and compared."""

    def lines(name: str) -> str:
        rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in document[name])
        return f' "{name}": [\n{rows}\n ]'

    by_line = [name for name in ("goals", "runs", "histograms") if name in document]
    head = json.dumps({name: value for name, value in document.items() if name not in by_line}, ensure_ascii=False, indent=1)
    return ",\n".join([head[:-2], *map(lines, by_line)]) + "\n}\n"


def place_for(chosen: argparse.Namespace, document: dict, finished: bool) -> Path:
    """A whole run belongs to the sources, anything else does not."""
    if chosen.output:
        return chosen.output
    whole = finished and chosen.repetitions >= WORTH_KEEPING and not (chosen.only or chosen.peers) and chosen.scale >= 1
    name = f"{document['date'][:10]}-{document['commit']}"
    if whole:
        return ROOT / "docs" / "benchmarks" / f"{name}.json"
    return BUILD / "runs" / f"{name}-{document['date'][11:19].replace(':', '')}.json"


def run(chosen: argparse.Namespace) -> int:
    try:
        scenarios = selected(chosen.only)
    except KeyError as error:
        raise Missing(f"no scenario called {error}: --list tells which there are") from error
    require(chosen.bridge, "make bench")
    require(chosen.generator, "make bench")
    peers.build_floors()
    # 10,000 connections; what is started inherits it.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    log = BUILD / "peers.log"
    log.unlink(missing_ok=True)
    finished = False
    with tempfile.TemporaryDirectory(prefix="mcp-wsbridge-bench-") as folder, Started(log) as started:
        field = field_of(chosen, Path(folder))
        document = description(chosen, field) | {"runs": []}
        backend = [str(chosen.bridge), "demo-server", "--http"]
        bench = Bench(started, chosen.generator, backend, pinned_cpu(), chosen.scale, starts=20 if chosen.scale >= 1 else 3)
        patience = machine.Patience(chosen.patience, WHOLE_PATIENCE)
        if not any(peer.name == STATIC for peer in field):
            print("no static executable to start: `make static` builds it; the other stands in for it", file=sys.stderr)
        print(f"{', '.join(peer.name for peer in field)}; {len(scenarios)} scenarios, {chosen.repetitions} repetitions", file=sys.stderr)
        try:
            for repetition in range(chosen.repetitions):
                for record in one_repetition(bench, field, scenarios, repetition, patience):
                    document["runs"].append(record)
            finished = True
        except KeyboardInterrupt:
            print("interrupted; what was measured is kept", file=sys.stderr)
    if not document["runs"]:
        return 130 if not finished else 1
    document["histograms"] = gathered(document["runs"])
    document["goals"] = [verdict.as_json() for verdict in judge_all(document["runs"])]
    place = place_for(chosen, document, finished)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(written(document))
    print(report.text(document))
    print(f"\nstored: {place}")
    if not finished:
        return 130
    faulty = sum(1 for record in document["runs"] if record["fault"] and record["peer"].startswith(BRIDGE))
    if faulty:
        print(f"{faulty} runs of the bridge itself were faulty", file=sys.stderr)
    return 1 if faulty else 0


def main() -> int:
    chosen = options()
    # So that an end from outside, too, ends what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if chosen.table:
            print(report.markdown(load(chosen.table)))
        elif chosen.show:
            print(report.text(load(chosen.show)))
        elif chosen.list:
            for scenario in SCENARIOS:
                print(f"{scenario.name:24} {scenario.title}")
            field = field_of(chosen, Path("."))
            print("\n" + "\n".join(f"{peer.name:24} {peer.about}" for peer in field))
            for name, source in peers.absent(field).items() if not chosen.peers else ():
                print(f"{name:24} not installed: `{source}`")
        else:
            return run(chosen)
    except (Missing, OSError, ValueError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
