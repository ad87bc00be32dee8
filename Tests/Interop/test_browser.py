# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""A page in a headless Chromium, which can bring a token as a subprotocol alone and always says where it comes from."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bridge import HERE, Bridge, binary
from issuer import Issuer
from test_tls import files  # noqa: F401 (a fixture)

TOKEN = "mwb_a-static-token-of-a-page_0"

# A browser that is started on a busy machine takes its time.
PATIENCE = 90.0


class Pages:
    """Serves the page, and is told by it what it found. `localhost` and `127.0.0.1` are two origins of it."""

    def __init__(self):
        found: queue.Queue[dict] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_page = self.path.startswith("/page?")
                self.send_response(200 if is_page else 404)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                if is_page:
                    self.wfile.write((HERE / "servers" / "page.html").read_bytes())

            def do_POST(self) -> None:
                found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        self.found = found
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """A Chromium with a profile of its own for each page that is opened."""

    def __init__(self, program: str, pages: Pages, directory: Path):
        self.program = program
        self.pages = pages
        self.directory = directory

    def open(self, origin: str, url: str, protocols: list[str], *flags: str) -> dict:
        """What a page of this origin found at a WebSocket URL."""
        query = urllib.parse.urlencode([("url", url), ("text", "grüße 😀"), *[("protocol", each) for each in protocols]])
        process = subprocess.Popen(
            [
                self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
                f"--user-data-dir={self.directory}", *flags, f"{origin}/page?{query}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            return self.pages.found.get(timeout=PATIENCE)
        finally:
            # Its own session holds the processes of its tabs.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    server = Pages()
    yield server
    server.stop()


@pytest.fixture
def browser(pages: Pages, tmp_path: Path) -> Browser:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine")
    return Browser(program, pages, tmp_path / "profile")


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    process = Issuer()
    yield process
    process.stop()


def configuration(pages: Pages, issuer: Issuer, tls: str = "") -> str:
    jwt = "\n".join(f"{name} = {json.dumps(value)}" for name, value in issuer.settings.items())
    return f"""
[listen]
address = "127.0.0.1:0"
allowed_origins = ["http://localhost:{pages.port}"]
{tls}
[[auth.tokens]]
name = "page"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
[auth.jwt]
{jwt}
[servers.demo]
command = {json.dumps([str(binary()), "demo-server"])}
[servers.open]
builtin = "echo"
auth = "none"
"""


@pytest.fixture
def plain(pages: Pages, issuer: Issuer, tmp_path: Path) -> Iterator[Bridge]:
    daemon = Bridge(tmp_path, configuration(pages, issuer))
    try:
        yield daemon
    finally:
        daemon.stop()


def test_r2_r4_a_page_with_a_token(browser: Browser, pages: Pages, plain: Bridge, issuer: Issuer):
    """R1, R2, R4: a page of an allowed origin gets in with a token as a subprotocol, static or signed, and calls a tool; `mcp`
    is what is selected. A page of another origin does not, with the same token, nor does any page without one; R5: nor one
    whose name was bound to this machine anew."""
    right, wrong = f"http://localhost:{pages.port}", f"http://127.0.0.1:{pages.port}"
    url = plain.url("demo")
    for token in (TOKEN, issuer.token("ES256")):
        found = browser.open(right, url, ["mcp", f"mcp.auth.{token}"])
        assert found["protocol"] == "mcp" and found["text"] == "grüße 😀", found
        assert found["code"] == 1000 and found["clean"], found
        refused = browser.open(wrong, url, ["mcp", f"mcp.auth.{token}"])
        assert refused["origin"] == wrong and refused["code"] == 1006 and "protocol" not in refused, refused
        assert token not in plain.log(10_000), "R73"
    for protocols in (["mcp"], ["mcp", f"mcp.auth.wrong-{TOKEN}"]):
        assert "protocol" not in browser.open(right, url, protocols)
    # What is open to everybody is not open to every page.
    assert browser.open(right, plain.url("open"), ["mcp"])["text"] == "grüße 😀"
    assert "protocol" not in browser.open(wrong, plain.url("open"), ["mcp"])
    # A name of the attacker's that means this machine by now: the page is of one origin with what it connects to.
    rebound = browser.open(
        f"http://rebound.example:{pages.port}",
        url.replace("127.0.0.1", "rebound.example"),
        ["mcp", f"mcp.auth.{TOKEN}"],
        "--host-resolver-rules=MAP rebound.example 127.0.0.1",
    )
    assert rebound["origin"].startswith("http://rebound.example") and "protocol" not in rebound, rebound
    reasons = [reason for line in plain.errors if (reason := reason_of(line))]
    assert sorted(reasons) == sorted(
        ["origin_not_allowed"] * 3 + ["credential_required", "credential_invalid", "host_not_allowed"]
    ), reasons


def reason_of(line: str) -> str | None:
    """Why the handshake was refused that a line of the log is about."""
    record = json.loads(line)
    fields = [record, *[value for value in record.values() if isinstance(value, dict)]]
    if not any("handshake refused" in str(value) for value in record.values()):
        return None
    return next(each["reason"] for each in fields if "reason" in each)


def test_r76_a_page_over_wss(browser: Browser, pages: Pages, issuer: Issuer, files: Path, tmp_path: Path):  # noqa: F811
    """R2, R4, R76: the same over wss, with the bridge's certificate trusted by its key."""
    tls = f'[listen.tls]\ncertificate = "{files}/server.pem"\nkey = "{files}/server.key"'
    daemon = Bridge(tmp_path, configuration(pages, issuer, tls))
    certificate = x509.load_pem_x509_certificate((files / "server.pem").read_bytes())
    key = certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    trust = f"--ignore-certificate-errors-spki-list={pin}"
    right, wrong = f"http://localhost:{pages.port}", f"http://127.0.0.1:{pages.port}"
    offered = ["mcp", f"mcp.auth.{TOKEN}"]
    try:
        url = daemon.url("demo")
        assert url.startswith("wss://")
        assert browser.open(right, url, offered, trust)["text"] == "grüße 😀"
        assert "protocol" not in browser.open(wrong, url, offered, trust)
        # A browser that does not know the certificate says nothing to its owner.
        assert "protocol" not in browser.open(right, url, offered)
        assert TOKEN not in daemon.log(10_000), "R73"
    finally:
        daemon.stop()
