# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The goals of issue 4, and whether a run reached them.

A goal is judged by its value in each repetition, in which all were measured interleaved, and by the 95 % interval for the
median of these values. Instructions per message and locks on the data path are other tools' matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from figures import interval
from scenarios import BRIDGE, BRIDGE_TLS, NIO_BRIDGE, PIPE, STATIC, WEBSOCAT, WEBSOCKETD, WS_BRIDGE, WS_ECHO

# (scenario, peer, figure) to its value in one repetition. Raises LookupError for what was not measured.
Values = Callable[[str, str, str], float]

# Rates and latencies need this many repetitions, sizes and counts this many.
RUNS, RUNS_OF_SIZES = 10, 3


@dataclass(frozen=True)
class Goal:
    name: str
    value: Callable[[Values], float]
    bound: float
    at_least: bool = False  # otherwise at most
    below: bool = False  # the bound itself is not enough
    unit: str = ""
    runs: int = RUNS
    # Whether a faulty run counts too, where the faults are what is counted.
    with_faulty: bool = False

    def text(self) -> str:
        sign = "≥" if self.at_least else "<" if self.below else "≤"
        return f"{sign} {self.bound:g}{self.unit}"

    def holds(self, value: float) -> bool:
        if self.at_least:
            return value >= self.bound
        return value < self.bound if self.below else value <= self.bound


def _ratio(scenario: str, figure: str, to: str) -> Callable[[Values], float]:
    """The bridge's figure in units of another's."""
    return lambda value: value(scenario, BRIDGE, figure) / value(scenario, to, figure)


def _figure(scenario: str, figure: str, of: str = BRIDGE) -> Callable[[Values], float]:
    return lambda value: value(scenario, of, figure)


def _start(figure: str) -> Callable[[Values], float]:
    """Of the static executable, which the goal is about; of the other where there is none."""

    def either(value: Values) -> float:
        try:
            return value("start", STATIC, figure)
        except LookupError:
            return value("start", BRIDGE, figure)

    return either


def _beside_floors(value: Values) -> float:
    return value("one-in-flight", BRIDGE, "p50_us") / (value("one-in-flight", PIPE, "p50_us") + value("one-in-flight", WS_ECHO, "p50_us"))


def _beside_slow(value: Values) -> float:
    return value("slow-consumer/beside", BRIDGE, "p99_us") / value("slow-consumer/alone", BRIDGE, "p99_us")


def _more_with_tls(value: Values) -> float:
    return value("tls/idle-memory", BRIDGE_TLS, "kib_per_connection") - value("idle-memory", BRIDGE, "kib_per_connection")


GOALS: tuple[Goal, ...] = (
    Goal("64 in flight: rate, × websocat's", _ratio("64-in-flight", "rate", WEBSOCAT), 2, at_least=True),
    Goal("64 in flight: rate, × the bare pipe's", _ratio("64-in-flight", "rate", PIPE), 0.35, at_least=True),
    Goal("64 in flight: CPU per 100,000", _figure("64-in-flight", "cpu_per_100k"), 0.15, unit=" s"),
    Goal("50 × 8: rate, × websocat's", _ratio("50x8", "rate", WEBSOCAT), 3, at_least=True),
    Goal("50 × 8: CPU per 100,000", _figure("50x8", "cpu_per_100k"), 0.25, unit=" s"),
    Goal("1 in flight: p50, × (pipe + echo without child)", _beside_floors, 1.15),
    Goal("1 in flight: p99, × websocat's", _ratio("one-in-flight", "p99_us", WEBSOCAT), 1, below=True),
    Goal("1 MiB: throughput, × the bare pipe's", _ratio("1MiB", "mb_per_s", PIPE), 0.37, at_least=True),
    Goal("1 MiB: throughput, × websocketd's", _ratio("1MiB", "mb_per_s", WEBSOCKETD), 2, at_least=True),
    Goal("idle connection with a child: memory", _figure("idle-memory", "kib_per_connection"), 10, unit=" KiB", runs=RUNS_OF_SIZES),
    Goal("idle connection with a child: more memory with TLS", _more_with_tls, 24, unit=" KiB", runs=RUNS_OF_SIZES),
    Goal("connect, initialize, close: rate, × websocketd's", _ratio("churn", "setup_rate", WEBSOCKETD), 1, at_least=True),
    Goal("connect, initialize, close: rate, × bare spawns", _ratio("churn", "setup_rate", PIPE), 0.9, at_least=True),
    Goal("10,000 idle connections: memory in all", _figure("10k-connections/idle", "rss_mib"), 120, unit=" MiB", runs=RUNS_OF_SIZES),
    Goal("storm of 1,000 connects: not served", _figure("storm", "not_served"), 0, runs=RUNS_OF_SIZES, with_faulty=True),
    Goal("start: resident memory", _start("rss_mib"), 20, unit=" MiB", runs=RUNS_OF_SIZES),
    Goal("start: time to accept", _start("accept_ms"), 20, unit=" ms"),
    Goal("slow consumers: p99 of the others, × without them", _beside_slow, 1.5),
)

MET, REACHED, NOT_MET, TOO_FEW, NOT_MEASURED = "met", "met, just", "not met", "too few runs", "not measured"


@dataclass(frozen=True)
class Verdict:
    """`met`: the whole interval is on the right side. `met, just`: a part of it is, which is what the issue asks for.
    With too few runs, `leaning` says where the interval is; it promises nothing."""

    goal: Goal
    verdict: str
    runs: int
    median: float | None = None
    low: float | None = None
    high: float | None = None
    leaning: str = ""
    # What the bridges without checks, in C and on SwiftNIO, reach in the bridge's stead: for a goal that they miss too, the
    # machine or SwiftNIO is to blame.
    floor: float | None = None
    nio_floor: float | None = None

    def as_json(self) -> dict:
        return {
            "goal": self.goal.name, "bound": self.goal.text(), "verdict": self.verdict, "runs": self.runs, "median": self.median,
            "interval": None if self.low is None else [self.low, self.high], "leaning": self.leaning, "floor_bridge": self.floor,
            "floor_nio_bridge": self.nio_floor,
        }


def _values(goal: Goal, records: list[dict], stand_in: str | None = None) -> list[float]:
    """The goal's value in each repetition that has all it needs, with `stand_in` for the bridge."""
    by_repetition: dict[int, dict[tuple[str, str], dict]] = {}
    for record in records:
        by_repetition.setdefault(record["repetition"], {})[record["scenario"], record["peer"]] = record
    values = []
    for of_repetition in by_repetition.values():

        def value(scenario: str, peer: str, figure: str) -> float:
            record = of_repetition[scenario, stand_in if stand_in and peer in (BRIDGE, STATIC) else peer]
            if record.get("fault") and not goal.with_faulty:
                raise LookupError("a faulty run has no say")
            return record["figures"][figure]

        try:
            values.append(goal.value(value))
        except (LookupError, ZeroDivisionError):
            continue
    return values


def judge(goal: Goal, records: list[dict]) -> Verdict:
    """Judges one goal by the records of a run, which are those of the stored file."""
    values = _values(goal, records)
    floors = [round(median(found), 4) if (found := _values(goal, records, name)) else None for name in (WS_BRIDGE, NIO_BRIDGE)]
    if not values:
        return Verdict(goal, NOT_MEASURED, 0, floor=floors[0], nio_floor=floors[1])
    low, high = interval(values)
    position = MET if goal.holds(low) and goal.holds(high) else REACHED if goal.holds(low) or goal.holds(high) else NOT_MET
    few = len(values) < goal.runs
    return Verdict(
        goal, TOO_FEW if few else position, len(values), round(median(values), 4), round(low, 4), round(high, 4),
        position if few else "", *floors,
    )


def judge_all(records: list[dict]) -> list[Verdict]:
    return [judge(goal, records) for goal in GOALS]
