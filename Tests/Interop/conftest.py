# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What every interop test shares: one daemon with all servers, and a way to start another."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import compatibility
import fronts
from bridge import HERE, Bridge, binary, configuration, python, scripted


CELLS = pytest.StashKey[compatibility.Cells]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fronts", action="store_true", help="run the tests behind nginx and HAProxy, too (make fronts)")
    parser.addoption("--front", choices=fronts.FRONTS, help="let the matrix's clients connect to this before the bridge")
    parser.addoption("--matrix", metavar="FILE", help="write what the matrix's tests saw, as docs/compatibility.md has it")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CELLS] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    file = session.config.getoption("--matrix")
    if file:
        compatibility.write(Path(os.environ.get("INTEROP_FROM", ".")) / file, session.config.stash[CELLS])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def all_servers() -> dict[str, dict]:
    return {
        "demo": {"command": [str(binary()), "demo-server"]},
        "time": {"command": [sys.executable, "-m", "mcp_server_time"]},
        "scripted": {"command": scripted()},
        "small": {"command": scripted(), "oversize_response": "1MiB"},
        "verbatim": {"command": [sys.executable, str(HERE / "servers" / "verbatim.py")]},
        "modern": {"command": [python("mcp2"), str(HERE / "servers" / "modern.py")]},
        "lines": {"command": ["cat"], "protocol": "lines"},
    }


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory):
    """The daemon that most tests use. Its end is a test too: exit 0 on SIGTERM, nothing left behind."""
    daemon = Bridge(tmp_path_factory.mktemp("shared"), configuration(all_servers()))
    try:
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture
def bridge(shared: Bridge, request: pytest.FixtureRequest):
    yield shared
    report = getattr(request.node, "call_report", None)
    if report is not None and report.failed:
        print(shared.log())


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest):
    """Starts a daemon for one test: `start({"name": {...}}, drain={...})`. The test ends it, or this does."""
    started: list[Bridge] = []

    def begin(servers: dict[str, dict], **tables: dict) -> Bridge:
        started.append(Bridge(tmp_path, configuration(servers, **tables)))
        return started[-1]

    yield begin
    report = getattr(request.node, "call_report", None)
    for daemon in started:
        if report is not None and report.failed:
            print(daemon.log())
        if daemon.process.poll() is None:
            daemon.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.call_report = report
    for name, value in report.user_properties:
        if name == "cell" and (report.when == "call" or report.failed):
            reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else report.outcome
            item.config.stash[CELLS][tuple(value)] = reason
    return report
