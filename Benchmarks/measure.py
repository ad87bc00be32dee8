# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""One measurement: a fresh server, the load generator against it, and what /proc tells in between."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import processes
from machine import busy_seconds
from peers import ECHO, Peer, backend_port
from processes import Gone, Started
from scenarios import Scenario

# How long the generator may take beyond what it was told to, in seconds.
OVERTIME = 90.0
# After so many seconds without any answer the generator gives up.
STALL = "15"
# How long after the start the memory is read: long enough for what a server still does after its first accept.
SETTLE = 0.2


@dataclass
class Measurement:
    """What one run gave. `figures` are those that tables and goals are made of."""

    figures: dict[str, float] = field(default_factory=dict)
    generator: dict = field(default_factory=dict)
    server: dict = field(default_factory=dict)
    other_cores: float | None = None  # what the rest of the machine was busy with meanwhile
    fault: str | None = None


@dataclass
class Bench:
    """What all measurements of a run share."""

    started: Started
    generator: Path
    backend: list[str]  # the HTTP server, without its address
    cpu: int  # the one that pinned scenarios share
    scale: float = 1.0  # of all durations
    starts: int = 20

    def measure(self, peer: Peer, scenario: Scenario) -> Measurement:
        """Never raises for what the peer or the generator did: that is the measurement's fault."""
        try:
            return self._starts(peer, scenario) if scenario.mode == "start" else self._load(peer, scenario)
        except processes.DidNotStart as error:
            return Measurement(fault=str(error))
        except Gone as error:
            return Measurement(fault=f"process {error} ended during the run")

    def _load(self, peer: Peer, scenario: Scenario) -> Measurement:
        pin = self.cpu if scenario.pinned else None
        server = backend = url = None
        try:
            if peer.command:
                port = processes.free_ports()
                if scenario.backend == "http":
                    backend = self.started.server([*self.backend, f"127.0.0.1:{backend_port(port)}"], backend_port(port))
                server = self.started.server(processes.pinned(peer.command(port, scenario), pin), port)
                url = peer.url.replace("{port}", str(port))
            result = self._drive(peer, scenario, url, pin, server, backend)
            if server and server.poll() is not None:
                result.fault = result.fault or f"the server ended with {server.returncode}"
        finally:
            strays = sum(self.started.end(process) for process in (server, backend) if process)
        result.server["strays"] = strays
        return result

    def _options(self, peer: Peer, scenario: Scenario) -> list[str]:
        seconds = scenario.seconds * self.scale
        # The ping round of idle connections takes its time, however short the rest may be.
        timed = {"load": ["--duration", f"{seconds:g}"], "churn": ["--duration", f"{seconds:g}"],
                 "idle": ["--hold", f"{scenario.seconds:g}"], "storm": []}[scenario.mode]
        return ["--mode", scenario.mode, "--connections", str(scenario.connections), "--size", str(scenario.size),
                *timed, *scenario.options, *peer.options, "--timeout", STALL, "--sync"]

    def _warm_up(self, peer: Peer, url: str) -> None:
        """A short session, so that what a server takes once is not reckoned as the price of a connection."""
        command = [str(self.generator), url, "--connections", "2", "--messages", "20", *peer.options]
        process = self.started.process(command, stdout=subprocess.DEVNULL)
        try:
            process.wait(OVERTIME)
        except subprocess.TimeoutExpired:
            pass
        self.started.end(process)
        time.sleep(SETTLE)

    def _drive(self, peer: Peer, scenario: Scenario, url: str | None, pin: int | None,
               server: subprocess.Popen | None, backend: subprocess.Popen | None) -> Measurement:
        """Runs the generator; reads the server when the generator says that the measured part begins and ends."""
        result = Measurement()
        if server and url and scenario.mode == "idle":
            self._warm_up(peer, url)
            result.server["memory_before"] = processes.memory(server.pid)
        command = [str(self.generator), *self._options(peer, scenario)]
        # A child's command is what follows the two dashes, so it comes last.
        command += [url] if url else ["--stdio", "--", str(ECHO)]
        with tempfile.TemporaryFile() as output:
            generator = self.started.process(processes.pinned(command, pin), stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE)
            watchdog = threading.Timer(scenario.seconds + OVERTIME, generator.kill)
            watchdog.start()
            try:
                complaints = self._converse(generator, server, backend, result)
                generator.wait()
            finally:
                watchdog.cancel()
                self.started.end(generator)
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        try:
            result.generator = json.loads(text)
        except ValueError:
            said = " ".join([*complaints, text])[-300:]
            result.fault = f"the generator gave no result (status {generator.returncode}): {said}"
            return result
        if generator.returncode != 0:
            result.fault = fault_of(result.generator)
        else:
            result.fault = not_slow(result.generator)
        result.figures = figures(scenario, result)
        return result

    def _converse(self, generator: subprocess.Popen, server: subprocess.Popen | None, backend: subprocess.Popen | None,
                  result: Measurement) -> list[str]:
        """Answers the generator's marks with a reading and a line each; returns whatever else it said."""
        watched = {name: process.pid for name, process in (("server", server), ("generator", generator), ("backend", backend)) if process}
        complaints: list[str] = []
        before: dict[str, processes.CPU] = {}
        busy, begun = 0.0, 0.0
        assert generator.stderr and generator.stdin
        for line in generator.stderr:
            mark = line.decode(errors="replace").strip()
            word = mark.partition(" ")[0]
            if word in ("START", "READY"):
                before = {name: processes.cpu(pid) for name, pid in watched.items()}
                busy, begun = busy_seconds(), time.monotonic()
            elif word in ("STOP", "HELD"):
                busy, took = busy_seconds() - busy, time.monotonic() - begun
                used = {name: processes.cpu(pid) - before[name] for name, pid in watched.items() if name in before}
                ours = sum(each.own + each.children for each in used.values())
                result.other_cores = round(max(0.0, busy - ours) / took, 2)
                result.server["cpu"] = {name: {"own_s": each.own, "children_s": each.children} for name, each in used.items()}
                if server:
                    result.server["memory"] = processes.memory(server.pid)
                    result.server["children"] = len(processes.descendants(server.pid))
            else:
                complaints.append(mark)
                continue
            try:
                generator.stdin.write(b"\n")
                generator.stdin.flush()
            except BrokenPipeError:
                pass
        return complaints

    def _starts(self, peer: Peer, scenario: Scenario) -> Measurement:
        """Starts a server again and again."""
        assert peer.command
        accepted, answered = [], []
        resident = 0
        for _ in range(self.starts):
            port = processes.free_ports()
            command = peer.command(port, scenario)
            begun = time.monotonic()
            process = self.started.process(command)
            try:
                wait_for_accept(process, port)
                accepted.append(1000 * (time.monotonic() - begun))
                wait_for_answer(port)
                answered.append(1000 * (time.monotonic() - begun))
                if len(accepted) == self.starts:
                    time.sleep(SETTLE)
                    resident = processes.memory(process.pid)["rss"]
            finally:
                self.started.end(process)
        return Measurement(
            figures={"accept_ms": median(accepted), "answer_ms": median(answered), "rss_mib": resident / 1024},
            server={"accept_ms": [round(each, 2) for each in accepted], "answer_ms": [round(each, 2) for each in answered]},
        )


def wait_for_accept(process: subprocess.Popen, port: int) -> None:
    """Asks again and again, since what is measured is the moment. Raises DidNotStart."""
    deadline = time.monotonic() + processes.START_LIMIT
    while not processes.accepts(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise processes.DidNotStart("a server did not start")
        time.sleep(0.0003)


def wait_for_answer(port: int) -> None:
    """Until an HTTP request that is no handshake has got the first byte of its answer, or the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=processes.START_LIMIT) as client:
        client.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        try:
            client.recv(1)
        except ConnectionError:
            pass


def fault_of(output: dict) -> str:
    """What the generator found wrong, in one line."""
    counts = {name: output[name] for name in ("mismatched", "lost", "errors", "refused", "closed_early") if output.get(name)}
    return ", ".join(f"{count} {name}" for name, count in counts.items()) + f": {output.get('first_error') or 'no error noted'}"


def not_slow(output: dict) -> str | None:
    """What is wrong where slow connections turned out to be none. Of one that ended the generator itself tells."""
    slow, waiting = output.get("slow", 0), output.get("slow_waiting", 0)
    return f"{slow - waiting} of {slow} slow connections had nothing left to read" if waiting < slow else None


def figures(scenario: Scenario, result: Measurement) -> dict[str, float]:
    """The figures of a measurement; none that what was read does not give."""
    output, server = result.generator, result.server
    found = {name: output[name] for name in ("rate", "p50_us", "p90_us", "p99_us", "p999_us", "max_us", "setup_rate",
                                             "setup_p50_us", "setup_p99_us") if output.get(name) is not None}
    if output.get("bytes_per_s_each_way") is not None:
        found["mb_per_s"] = output["bytes_per_s_each_way"] / 1e6
    if output.get("duration_s") and output.get("cpu_s") is not None:
        found["generator_cores"] = output["cpu_s"] / output["duration_s"]
    done, setups, used = output.get("done"), output.get("setups"), server.get("cpu", {})
    if "server" in used:
        if scenario.mode == "load" and done:
            found["cpu_per_100k"] = used["server"]["own_s"] * 1e5 / done
            found["children_cpu_per_100k"] = used["server"]["children_s"] * 1e5 / done
        if scenario.mode == "churn" and setups:
            found["cpu_ms_per_setup"] = used["server"]["own_s"] * 1e3 / setups
    if output.get("slow") and output.get("duration_s"):
        found["slow_kib_per_s"] = output["slow_bytes"] / output["slow"] / output["duration_s"] / 1024
    if scenario.mode == "storm":
        found["not_served"] = sum(output.get(name) or 0 for name in ("refused", "errors", "lost", "closed_early", "mismatched"))
    if memory := server.get("memory"):
        found["rss_mib"] = memory["rss"] / 1024
        if before := server.get("memory_before"):
            for kind, name in (("rss", "kib_per_connection"), ("uss", "uss_kib_per_connection"), ("pss", "pss_kib_per_connection")):
                found[name] = (memory[kind] - before[kind]) / scenario.connections
    return {name: round(float(value), 4) for name, value in found.items()}


def pinned_cpu() -> int:
    """The last CPU that this process may use: the first serves most of a small machine's interrupts."""
    return max(os.sched_getaffinity(0))
