# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What is measured, one row each."""

from __future__ import annotations

from dataclasses import dataclass, field

# The names of those that are measured; peers.py says how they are started.
BRIDGE = "mcp-wsbridge"
STATIC = "mcp-wsbridge static"
BRIDGE_TLS = "mcp-wsbridge TLS"
PIPE = "pipe"
WS_ECHO = "ws-echo"
WS_BRIDGE = "ws-bridge"
NIO_BRIDGE = "nio-bridge"
WEBSOCKETD = "websocketd"
WEBSOCKETD_TLS = "websocketd TLS"
WEBSOCAT = "websocat"

# All that bridge to a child, and the two floors. What is given with --add joins them.
EVERYONE = (BRIDGE, PIPE, WS_ECHO, WS_BRIDGE, WEBSOCKETD, WEBSOCAT)
# The floor on SwiftNIO takes part where a goal may ask what that can do at all.
EVERYONE_AND_NIO = (BRIDGE, PIPE, WS_ECHO, WS_BRIDGE, NIO_BRIDGE, WEBSOCKETD, WEBSOCAT)
BRIDGES = (BRIDGE, WS_BRIDGE, NIO_BRIDGE, WEBSOCKETD, WEBSOCAT)
# Those that speak TLS; in the same repetitions as their like without it, to be compared with that.
TLS_BRIDGES = (BRIDGE_TLS, WEBSOCKETD_TLS)

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """One of the figures of a measurement: its name, how a table calls it, how it is printed."""

    name: str
    title: str
    digits: int = 0
    smaller_is_better: bool = True


RATE = Figure("rate", "requests/s", smaller_is_better=False)
THROUGHPUT = Figure("mb_per_s", "MB/s each way", smaller_is_better=False)
P50 = Figure("p50_us", "p50 µs")
P99 = Figure("p99_us", "p99 µs")
P999 = Figure("p999_us", "p99.9 µs")
CPU = Figure("cpu_per_100k", "CPU s per 100,000", 3)
CHILDREN_CPU = Figure("children_cpu_per_100k", "children's CPU s per 100,000", 3)
SETUPS = Figure("setup_rate", "set up/s", smaller_is_better=False)
SETUP_P50 = Figure("setup_p50_us", "set-up p50 µs")
SETUP_P99 = Figure("setup_p99_us", "set-up p99 µs")
SETUP_CPU = Figure("cpu_ms_per_setup", "CPU ms per set-up", 3)
PER_CONNECTION = Figure("kib_per_connection", "KiB per connection", 1)
RSS = Figure("rss_mib", "resident MiB", 1)
SLOW_RATE = Figure("slow_kib_per_s", "KiB/s of each slow one", smaller_is_better=False)
NOT_SERVED = Figure("not_served", "not served")
ACCEPT = Figure("accept_ms", "to accept ms", 1)
ANSWER = Figure("answer_ms", "to an answer ms", 1)

# Of what is compared where some are slow: what a start causes is over before the measured part.
BESIDE_SLOW = ("--rate", "2000", "--settle", "1.5")

TRIP = (RATE, P50, P99, CPU)
STREAM = (THROUGHPUT, P50, P99, CPU)


@dataclass(frozen=True)
class Scenario:
    """A way to load a server; `name` is what --only goes by, up to the slash for all its parts."""

    name: str
    title: str
    figures: tuple[Figure, ...]  # the first is what the peers are compared by
    options: tuple[str, ...] = ()  # of the load generator
    mode: str = "load"
    seconds: float = 1.5  # what is measured takes; for idle connections, how long they are held
    connections: int = 1
    size: int = 200
    backend: str = "stdio"
    peers: tuple[str, ...] = EVERYONE
    pinned: bool = False  # server, generator and children share one CPU
    every: int = 1  # measured in every so many repetitions
    limits: dict[str, str] = field(default_factory=dict)  # of the bridge, beside those that every run has


def _load(name: str, title: str, connections: int, in_flight: int, size: int = 200, **others: object) -> Scenario:
    """A closed loop."""
    big = size > 4096
    trip = (*TRIP, CHILDREN_CPU) if others.get("backend", "stdio") == "stdio" else TRIP
    settings: dict = {"figures": STREAM if big else trip, "size": size} | others
    return Scenario(
        name, title, connections=connections,
        options=("--in-flight", str(in_flight), "--warm-up", str(max(3, 500 // (size // 200)))), **settings,
    )


SCENARIOS: tuple[Scenario, ...] = (
    _load("one-in-flight", "1 connection × 1 in flight, 200 B, one CPU", 1, 1, pinned=True,
          figures=(P50, P99, RATE, CPU, CHILDREN_CPU), peers=EVERYONE_AND_NIO),
    _load("64-in-flight", "1 connection × 64 in flight, 200 B", 1, 64, peers=EVERYONE_AND_NIO),
    _load("50x8", "50 connections × 8 in flight, 200 B", 50, 8, peers=EVERYONE_AND_NIO),
    Scenario(
        "open-loop", "20,000 requests/s over 20 connections, 200 B", (P99, P50, P999, CPU, CHILDREN_CPU),
        ("--rate", "20000"), connections=20, every=2,
    ),
    # No more in flight than a pipe holds: with more, websocketd and its child come to wait for each other.
    _load("10KiB", "10 KiB messages, 1 × 4 in flight", 1, 4, 10 * KIB, every=2),
    _load("64KiB", "64 KiB messages, 1 × 1 in flight", 1, 1, 64 * KIB, every=2),
    _load("1MiB", "1 MiB messages, 1 × 1 in flight, one CPU", 1, 1, MIB, pinned=True, peers=EVERYONE_AND_NIO),
    # Without websocat, which takes 20 s for one of these.
    _load("16MiB", "16 MiB messages, 1 × 1 in flight", 1, 1, 16 * MIB, peers=(BRIDGE, PIPE, WS_ECHO, WS_BRIDGE, WEBSOCKETD), every=2,
          seconds=2.0, limits={"max_message": '"32MiB"', "max_line": '"32MiB"'}),
    Scenario(
        "idle-memory", "500 idle connections, each with a child", (PER_CONNECTION, RSS), mode="idle", seconds=1.0,
        connections=500, peers=BRIDGES, every=2,
    ),
    Scenario(
        "churn", "connect, initialize, close, each with a child", (SETUPS, SETUP_P50, SETUP_P99, SETUP_CPU), mode="churn",
        connections=4,
    ),
    _load("1k-connections", "1,000 connections × 1 in flight, 200 B, no children", 1000, 1, backend="builtin",
          peers=(BRIDGE, WS_ECHO), every=2),
    # Everyone is pinged after two seconds of silence, so that a round of pings and pongs is part of what is held.
    Scenario(
        "10k-connections/idle", "10,000 idle connections, no children, after a request and a ping each", (RSS, PER_CONNECTION),
        mode="idle", seconds=5.0, connections=10_000, backend="builtin", peers=(BRIDGE, WS_ECHO), every=2, limits={"ping_interval": '"2s"'},
    ),
    _load("10k-connections/load", "10,000 connections × 1 in flight, 200 B, no children", 10_000, 1, backend="builtin",
          peers=(BRIDGE, WS_ECHO), every=2, seconds=2.0),
    Scenario(
        "storm", "1,000 connects at once, no children", (SETUPS, SETUP_P99, NOT_SERVED), mode="storm", connections=1000, backend="builtin",
        peers=(BRIDGE, WS_ECHO),
    ),
    Scenario("slow-consumer/alone", "10 fast connections, 2,000 requests/s", (P99, P50), BESIDE_SLOW, connections=10, peers=(BRIDGE, WS_BRIDGE)),
    # While the slow ones' servers make all that they are asked for and fill what holds it: soon over, so that it is no goal.
    Scenario(
        "slow-consumer/onset", "the same while 5 more ask for 32 MiB each and never read", (P99, P50), ("--rate", "2000", "--slow", "5"),
        connections=10, peers=(BRIDGE, WS_BRIDGE), every=2,
    ),
    # A server makes more whenever its pipe has room, and the bridge sends some about every second, to each of them. That is
    # well within `write_timeout`, so that a healthy bridge ends none; one that it ends makes the run faulty.
    Scenario(
        "slow-consumer/beside", "the same beside 5 that want much and read 256 KiB/s each", (P99, P50, SLOW_RATE),
        (*BESIDE_SLOW, "--slow", "5", "--slow-rate", str(256 * KIB)), connections=10, peers=(BRIDGE, WS_BRIDGE),
    ),
    _load("tls/64-in-flight", "1 connection × 64 in flight, 200 B, TLS 1.3", 1, 64, peers=TLS_BRIDGES, every=2),
    _load("tls/1MiB", "1 MiB messages, 1 × 1 in flight, TLS 1.3, one CPU", 1, 1, MIB, pinned=True, peers=TLS_BRIDGES, every=2),
    Scenario(
        "tls/idle-memory", "500 idle connections in TLS 1.3, each with a child", (PER_CONNECTION, RSS), mode="idle", seconds=1.0,
        connections=500, peers=TLS_BRIDGES, every=2,
    ),
    Scenario(
        "tls/churn", "connect in TLS 1.3, initialize, close, each with a child", (SETUPS, SETUP_P50, SETUP_P99, SETUP_CPU), mode="churn",
        connections=4, peers=TLS_BRIDGES, every=2,
    ),
    _load("http", "8 connections × 4 in flight, 200 B, to an HTTP server", 8, 4, backend="http", peers=(BRIDGE,), every=2),
    Scenario("start", "from start to service", (ACCEPT, ANSWER, RSS), mode="start", peers=(STATIC, BRIDGE, WEBSOCKETD, WEBSOCAT)),
)


def selected(only: list[str]) -> list[Scenario]:
    """The scenarios with these names, or with these names before a slash; all when there are none. Raises KeyError."""
    for name in only:
        if not any(name in (each.name, each.name.partition("/")[0]) for each in SCENARIOS):
            raise KeyError(name)
    return [each for each in SCENARIOS if not only or each.name in only or each.name.partition("/")[0] in only]
