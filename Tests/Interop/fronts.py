# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What stands before a bridge: nginx and HAProxy, with the configurations of config/, on ports of their own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

from bridge import ROOT, START_TIMEOUT, STOP_TIMEOUT

FRONTS = ("nginx", "nginx-tls", "haproxy", "haproxy-tls")


def unavailable(name: str) -> str | None:
    program = name.removesuffix("-tls")
    return None if shutil.which(program) or shutil.which(f"/usr/sbin/{program}") else f"no {program}"


def listen(name: str) -> dict:
    """What a bridge behind it has in [listen], as the comments of the configurations say."""
    return {
        "address": "127.0.0.1:0", "trusted_proxies": ["127.0.0.1"], "health_paths": True,
        **({"proxy_protocol": True} if name.startswith("haproxy") else {}),
    }


def certificates(folder: Path) -> Path:
    """What `Tests/certificates` makes, and the file that HAProxy wants."""
    if not (folder / "both.pem").exists():
        subprocess.run([ROOT / "Tests/certificates", folder], check=True, capture_output=True)
        (folder / "both.pem").write_text((folder / "server.pem").read_text() + (folder / "server.key").read_text())
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"the configuration has no {old!r}"
        text = text.replace(old, new)
    return text


class Front:
    """One that runs, before the bridges at these ports. `patience`: seconds that it leaves a silent connection alone."""

    def __init__(self, name: str, ports: list[int], folder: Path, patience: int = 75):
        self.port = free_port()
        is_tls = name.endswith("-tls")
        self.scheme = "wss" if is_tls else "ws"
        self.files = certificates(folder) if is_tls else None
        self.log = folder / f"{name}.log"
        program = name.removesuffix("-tls")
        file = folder / f"{name}.conf"
        file.write_text(replaced(getattr(self, program)(ports, folder, is_tls), ("75s", f"{patience}s")))
        path = shutil.which(program) or f"/usr/sbin/{program}"
        command = [path, "-c", str(file), "-e", "stderr"] if program == "nginx" else [path, "-db", "-f", str(file)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log.open("wb"), stderr=subprocess.STDOUT)
        self.await_listening()

    def nginx(self, ports: list[int], folder: Path, is_tls: bool) -> str:
        servers = "".join(f"    server 127.0.0.1:{port};\n" for port in ports)
        text = replaced((ROOT / "config/nginx.conf").read_text(), ("    server 127.0.0.1:8765;\n", servers))
        certificate = [("/etc/ssl/bridge.pem", f"{self.files}/server.pem"), ("/etc/ssl/bridge.key", f"{self.files}/server.key")]
        if is_tls:
            text = replaced(text, ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"), *certificate)
        else:
            text = replaced(
                text, ("listen 443 ssl", f"listen 127.0.0.1:{self.port}"), ("    ssl_certificate /etc/ssl/bridge.pem;\n", ""),
                ("    ssl_certificate_key /etc/ssl/bridge.key;\n", ""),
            )
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"daemon off;\npid {folder}/nginx.pid;\nworker_processes 2;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{text}}}\n"
        )

    def haproxy(self, ports: list[int], folder: Path, is_tls: bool) -> str:
        options = f"ssl crt {self.files}/both.pem alpn http/1.1" if is_tls else ""
        text = replaced(
            (ROOT / "config/haproxy.cfg").read_text(),
            ("bind :443 ssl crt /etc/haproxy/bridge.pem alpn http/1.1", f"bind 127.0.0.1:{self.port} {options}"),
            ("    server bridge1 127.0.0.1:8765\n    server bridge2 127.0.0.1:8766\n",
             "".join(f"    server bridge{index} 127.0.0.1:{port}\n" for index, port in enumerate(ports, 1))),
            # As many checks as the tests' patience wants.
            ("inter 1s", "inter 100ms"),
            # What any machine has descriptors for.
            ("maxconn 20000", "maxconn 1000"),
        )
        return text

    def await_listening(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("it does not listen:\n" + self.log.read_text()) from None
                time.sleep(0.02)

    @property
    def base(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
