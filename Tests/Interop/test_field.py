# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Stdio servers that people use: mcp-server-git and mcp-server-fetch, by the Python SDK's WebSocket client."""

from __future__ import annotations

import http.server
import subprocess
import threading

import pytest

from backends import unavailable
from bridge import python
from wire import sdk_session, text_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(unavailable("field") is not None, reason=unavailable("field") or ""),
]

PAGE = b"<html><body><article><h1>A page</h1><p>It says hello to whoever fetches it.</p></article></body></html>"


@pytest.fixture
def site():
    """A web server on 127.0.0.1 with one page and no robots.txt."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/page"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE) if found else 0))
            self.end_headers()
            self.wfile.write(PAGE if found else b"")

        def log_message(self, *arguments) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def repository(tmp_path):
    """A git repository with one commit and one change that is not committed."""
    place = tmp_path / "repository"

    def git(*arguments: str) -> None:
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", str(place), *author, *arguments], check=True, capture_output=True)

    place.mkdir()
    git("init", "-q")
    (place / "poem.txt").write_text("one line\n")
    git("add", "poem.txt")
    git("commit", "-q", "-m", "Begin a poem")
    (place / "poem.txt").write_text("one line, changed\n")
    return place


async def test_r33_mcp_server_git(start, repository):
    """R33, R42: tools that read a repository, and run git for it."""
    command = [python("field"), "-m", "mcp_server_git", "--repository", str(repository)]
    async with sdk_session(start({"git": {"command": command}}).url("git")) as session:
        assert {"git_log", "git_diff_unstaged"} <= {tool.name for tool in (await session.list_tools()).tools}
        where = {"repo_path": str(repository)}
        assert "Begin a poem" in text_of(await session.call_tool("git_log", where))
        assert "+one line, changed" in text_of(await session.call_tool("git_diff_unstaged", where))
        wrong = await session.call_tool("git_log", {"repo_path": "/nowhere"})
        assert wrong.isError, "the server's own error comes through"


async def test_r33_mcp_server_fetch(start, site):
    """R33: a tool that goes out by HTTP itself."""
    command = [python("field"), "-m", "mcp_server_fetch", "--allow-private-ips"]
    async with sdk_session(start({"fetch": {"command": command}}).url("fetch")) as session:
        # Raw: to make Markdown of a page the server runs Node where there is one, and with it npm.
        fetched = text_of(await session.call_tool("fetch", {"url": f"{site}/page", "raw": True}))
        assert "It says hello to whoever fetches it." in fetched
