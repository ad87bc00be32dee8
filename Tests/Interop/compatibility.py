# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Writes docs/compatibility.md from what the tests of the matrix saw."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from pathlib import Path

from backends import BACKENDS, FEATURES, LEGACY, unavailable
from bridge import binary, python

TITLES = {
    "python-sdk": "Python SDK",
    "langchain": "LangChain",
    "pydantic-ai": "pydantic-ai 2",
    "pydantic-ai-1": "pydantic-ai 1",
    "node": "Node",
    "modern": "2026-07-28",
}

# What each cell holds: "passed", "failed", or the reason of a skip.
Cells = dict[tuple[str, str, str], str]


def said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def version(environment: str, package: str) -> str:
    if unavailable(environment):
        return "not installed"
    return said([python(environment), "-c", f"from importlib.metadata import version; print(version({package!r}))"])


def cell(seen: dict[str, str]) -> str:
    """One client with one server: how many features passed of those that the server and the client have."""
    if not seen:
        return "–"
    failed = [feature for feature, outcome in seen.items() if outcome == "failed"]
    passed = [feature for feature, outcome in seen.items() if outcome == "passed"]
    if failed:
        return f"**failed: {', '.join(failed)}**"
    return f"{len(passed)} of {len(passed)}" if passed else "not run"


def page(cells: Cells) -> str:
    node = shutil.which("node")
    clients = [
        f"Python SDK `mcp` {version('mcp1', 'mcp')} (its own WebSocket client)",
        f"`langchain-mcp-adapters` {version('mcp1', 'langchain-mcp-adapters')} (`transport: \"websocket\"`)",
        f"`pydantic-ai-slim` {version('mcp1', 'pydantic-ai-slim')} (`MCPToolset`)",
        f"`pydantic-ai-slim` {version('pydantic1', 'pydantic-ai-slim')} (a subclass of `MCPServer`)",
        f"Node {said([node, '--version']).lstrip('v') if node else 'not installed'} (its own `WebSocket`)",
        "2026-07-28: the tests' own client of the stateless revision (`Tests/Interop/wire.py`), "
        f"on `websockets` {version('mcp1', 'websockets')}",
    ]
    servers = [
        f"`mcp` {version('mcp1', 'mcp')}", f"`mcp` {version('mcp2', 'mcp')}", f"`fastmcp` {version('fastmcp4', 'fastmcp')}",
        f"`mcp-proxy` {version('field', 'mcp-proxy')} before `mcp` {version('field', 'mcp')}",
    ]
    lines = [
        "# Compatibility", "",
        "Each client with each server that shares an era with it, through the bridge. This page is written by a run of the tests",
        f"(`make matrix`); this one was on {datetime.date.today().isoformat()} with {said([str(binary()), '--version'])}.", "",
        "Clients:", "", *(f"- {line}" for line in clients), "",
        "Servers: " + ", ".join(servers) + ".", "",
        "A cell tells how many of these passed, of those that both sides have: " + ", ".join(FEATURES[:6]) + ",",
        ", ".join(FEATURES[6:]) + ". *Large* is a result of just under 1 MiB for the clients that take no more, and of 3 MiB for",
        "Node and 2026-07-28; *parallel* is fifty calls at once. The other clients are of the older revisions; a dash means that no",
        "era is shared.", "",
        "| server | " + " | ".join(TITLES.values()) + " |", "|---" * (len(TITLES) + 1) + "|",
    ]
    lacks: dict[str, list[str]] = {}
    for backend in BACKENDS:
        row = []
        for client in TITLES:
            seen = {feature: cells[client, backend.name, feature] for feature in FEATURES if (client, backend.name, feature) in cells}
            row.append(cell(seen))
        lines.append(f"| {backend.title} | " + " | ".join(row) + " |")
        for key, reason in backend.lacks.items():
            era, feature = key if isinstance(key, tuple) else (None, key)
            words = feature if era is None else f"{feature} ({'older revisions' if era == LEGACY else era})"
            lacks.setdefault(f"{backend.title}: {{}}: {reason}", []).append(words)
    lines += ["", "What a server cannot do by itself, whoever the client is, and so is not in its cells:", ""]
    lines += [f"- {text.format(', '.join(words))}." for text, words in lacks.items()]
    lines += ["", "pydantic-ai 1 has no interface for progress, subscriptions and cancelling."]
    return "\n".join(lines) + "\n"


def write(file: Path, cells: Cells) -> None:
    file.write_text(page(cells))
