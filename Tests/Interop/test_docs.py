# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The examples of README.md and docs/clients.md, taken out of the pages and run as they stand.

An example is a fenced block after a comment `<!-- test: NAME -->`. Only the address is changed, to where the tests' bridge
listens."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge import ROOT, Bridge, python
from test_tls import files  # noqa: F401 (a fixture)
from wire import LIMIT, bare_client

PAGES = ["README.md", "docs/clients.md"]
ADDRESS = "ws://127.0.0.1:8765"

# Examples of this name connect to a bridge with TLS that asks who they are.
SECURE = "secure-"
SECURE_HOST = "bridge.example"
TOKEN = "mwb_the-token-of-the-examples"
MARK = re.compile(r"^<!-- test: ([\w-]+) -->\s*\n```(\w+)\n(.*?)^```$", re.M | re.S)

# What runs an example, by its name.
ENVIRONMENT = {"pydantic-ai-1": "pydantic1"}


def examples() -> dict[str, tuple[str, str]]:
    """Language and text of every marked example, by `page:name`."""
    found = {}
    for page in PAGES:
        path = ROOT / page
        for name, language, text in MARK.findall(path.read_text() if path.exists() else ""):
            assert f"{page}:{name}" not in found, f"two examples are called {name} in {page}"
            found[f"{page}:{name}"] = (language, text)
    return found


EXAMPLES = examples()


def is_secure(key: str) -> bool:
    return key.partition(":")[2].startswith(SECURE)


def command(key: str, language: str, file: Path) -> list[str]:
    if language == "python":
        return [python(ENVIRONMENT.get(key.partition(":")[2], "mcp1")), str(file)]
    if language in ("javascript", "js"):
        node = shutil.which("node")
        if node is None:
            pytest.skip("no node on this machine")
        return [node, "--experimental-websocket", str(file)]
    raise AssertionError(f"nothing runs {language}: {key}")


def run(key: str, bridge: Bridge, directory: Path) -> str:
    """Runs an example against the bridge and returns what it printed."""
    language, text = EXAMPLES[key]
    where, here = (SECURE_HOST, bridge.base.partition("://")[2]) if is_secure(key) else (ADDRESS, bridge.base)
    assert where in text, f"{key} does not connect to {where}"
    file = directory / ("example." + {"python": "py"}.get(language, "mjs"))
    file.write_text(text.replace(where, here))
    done = subprocess.run(command(key, language, file), capture_output=True, text=True, timeout=LIMIT, cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_pages_have_their_examples():
    """What the pages promise is there; README.md once it is written."""
    names = {"python-client", "javascript-client"}
    wanted = {f"docs/clients.md:{name}" for name in names | {"python-sdk", "pydantic-ai", "pydantic-ai-1", "langchain", "claude-code"}}
    wanted |= {f"docs/clients.md:{SECURE}{name}" for name in ("bearer", "subprotocol", "basic", "certificate")}
    if (ROOT / "README.md").exists():
        wanted |= {f"README.md:{name}" for name in names}
    assert wanted <= set(EXAMPLES)


@pytest.mark.parametrize("key", [key for key in EXAMPLES if is_secure(key)])
def test_a_secure_example_runs(key, start, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # noqa: F811
    """R2, R8, R76: the example presents its token or its certificate, and prints what the echo tool returned."""
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "authority.pem"))
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(files / "authority.pem"))
    tls = {"certificate": str(files / "server.pem"), "key": str(files / "server.key")}
    if "certificate" in key:
        tls["client_ca"] = str(files / "clients.pem")
        for name in ("client.pem", "client.key"):
            shutil.copy(files / name, tmp_path / name)
    else:
        monkeypatch.setenv("MCP_TOKEN", TOKEN)
    (tmp_path / "token").write_text(TOKEN)
    tokens = {"tokens": [{"name": "docs", "token": {"file": str(tmp_path / "token")}}]}
    bridge = start({"echo": {"builtin": "echo"}}, listen={"address": "127.0.0.1:0", "tls": tls}, auth=tokens)
    assert "hello" in run(key, bridge, tmp_path)
    if "certificate" not in key:
        monkeypatch.setenv("MCP_TOKEN", "wrong-" + TOKEN)
        with pytest.raises((AssertionError, subprocess.TimeoutExpired)):
            assert "hello" in run(key, bridge, tmp_path)


@pytest.mark.parametrize(
    "key", [key for key, (language, _) in EXAMPLES.items() if language != "json" and not is_secure(key)]
)
def test_an_example_runs(key, bridge, tmp_path):
    """The example ends by itself and prints what the echo tool returned."""
    assert "hello" in run(key, bridge, tmp_path)


@pytest.mark.anyio
@pytest.mark.parametrize("key", [key for key, (language, _) in EXAMPLES.items() if language == "json"])
async def test_a_configuration_example_leads_to_a_server(key, bridge):
    """The URL of a client's configuration leads to a server that answers."""
    entries = json.loads(EXAMPLES[key][1].replace(ADDRESS, bridge.base))["mcpServers"]
    for entry in entries.values():
        assert entry["type"] == "ws"
        async with bare_client(entry["url"]) as client:
            assert (await client.initialize())["serverInfo"]["name"]


@pytest.mark.parametrize("key", [key for key in EXAMPLES if key.endswith("-client")])
def test_a_hand_written_example_is_five_lines(key):
    """Short enough to paste."""
    assert len(EXAMPLES[key][1].strip().splitlines()) == 5
