# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The operator's headers of servers with a URL: where they come from, when they are read again, and where they and the
client's own never go (R72, R73)."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Callable

import anyio
import pytest

from bridge import START_TIMEOUT, Bridge, binary, configuration, wait_until
from servers.recording import Answer, Recording, Request, plain, recording
from wire import bare_client, initialization

pytestmark = pytest.mark.anyio

FIRST, SECOND = "former-5f1d0c", "second-77ab3e"
# A header's file is looked at once in a second; the change is to be seen by the next request after that.
RECHECK = 1.1


def url(server: Recording, query: str = "") -> str:
    return f"http://127.0.0.1:{server.port}/mcp{query}"


def bearer(file: Path) -> dict:
    return {"Authorization": {"file": str(file), "prefix": "Bearer "}}


async def sent(client, server: Recording) -> list[str]:
    """What the next request carries as Authorization."""
    await client.request("ping")
    return server.requests[-1].values("authorization")


def rename(file: Path) -> None:
    other = file.with_name("new")
    other.write_text(SECOND + "\n")
    other.rename(file)


def rewrite(file: Path) -> None:
    file.write_text(SECOND + "\n")


def rewrite_unseen(file: Path) -> None:
    """As long as before, and dated back, as archives and copies do."""
    before = file.stat()
    assert len(SECOND) == len(FIRST)
    file.write_text(SECOND + "\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [rename, rewrite, rewrite_unseen])
async def test_r73_a_file_is_read_again_when_it_changes(start, tmp_path, change):
    """The next request more than a second later carries the new value, on the same connection; the log has neither."""
    file = tmp_path / "token"
    file.write_text(FIRST + "\n")
    with recording() as server:
        daemon = start({"it": {"url": url(server), "headers": bearer(file)}}, log={"level": "trace"})
        async with bare_client(daemon.url("it")) as client:
            await client.initialize()
            assert await sent(client, server) == [f"Bearer {FIRST}"]
            change(file)
            await anyio.sleep(RECHECK)
            assert await sent(client, server) == [f"Bearer {SECOND}"]
        daemon.stop()
        assert FIRST not in daemon.log(10_000) and SECOND not in daemon.log(10_000)


async def test_r73_a_symbolic_link_that_is_turned(start, tmp_path):
    """A secret as Kubernetes mounts it: a link to a file in a folder behind another link, which is replaced."""
    for name, value in (("one", FIRST), ("two", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(value)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "token").symlink_to("data/token")
    with recording() as server:
        daemon = start({"it": {"url": url(server), "headers": bearer(tmp_path / "token")}})
        async with bare_client(daemon.url("it")) as client:
            assert await sent(client, server) == [f"Bearer {FIRST}"]
            (tmp_path / "new").symlink_to("two")
            (tmp_path / "new").rename(tmp_path / "data")
            await anyio.sleep(RECHECK)
            assert await sent(client, server) == [f"Bearer {SECOND}"]


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


UNUSABLE: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_text(""),
    "a line end only": lambda file: file.write_text("\n"),
    "two lines": lambda file: file.write_text(f"{SECOND}\nX-Injected: 1"),
    "control characters": lambda file: file.write_bytes(SECOND.encode() + b"\x00\x07"),
    "too long": lambda file: file.write_text(SECOND * 10_000),
    "not UTF-8": lambda file: file.write_bytes(SECOND.encode() + b"\xff\xfe"),
    "gone": lambda file: file.unlink(),
    "a folder": folder,
    "a pipe": pipe,
}


@pytest.mark.parametrize("spoil", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_r73_an_unusable_file_keeps_the_old_value(start, tmp_path, spoil):
    """The old value goes on, the log names the file and no value, once; when the file is good again, it counts."""
    file = tmp_path / "token"
    file.write_text(FIRST)
    with recording() as server:
        daemon = start({"it": {"url": url(server), "headers": bearer(file)}})
        async with bare_client(daemon.url("it")) as client:
            assert await sent(client, server) == [f"Bearer {FIRST}"]
            spoil(file)
            for _ in range(2):
                await anyio.sleep(RECHECK)
                assert await sent(client, server) == [f"Bearer {FIRST}"]
            if file.is_dir():
                file.rmdir()
            rename(file)
            await anyio.sleep(RECHECK)
            assert await sent(client, server) == [f"Bearer {SECOND}"]
        daemon.stop()
        errors = [line for line in daemon.errors if '"error"' in line and str(file) in line]
        assert len(errors) == 1, daemon.log()
        assert FIRST not in daemon.log(10_000) and SECOND not in daemon.log(10_000)


async def test_r73_a_pipe_is_read_once(start, tmp_path):
    """A named pipe gives the value at the start, and never blocks a request later."""
    file = tmp_path / "token"
    os.mkfifo(file)
    writer = threading.Thread(target=lambda: file.write_text(FIRST), daemon=True)
    writer.start()
    with recording() as server:
        daemon = start({"it": {"url": url(server), "headers": bearer(file)}})
        writer.join()
        async with bare_client(daemon.url("it")) as client:
            assert await sent(client, server) == [f"Bearer {FIRST}"]
            await anyio.sleep(RECHECK)
            assert await sent(client, server) == [f"Bearer {FIRST}"]


async def test_headers_from_variables_and_texts(start, tmp_path, monkeypatch):
    """Texts, variables with and without a prefix, and files, each once on every request."""
    monkeypatch.setenv("INTEROP_KEY", FIRST)
    (tmp_path / "token").write_text(SECOND)
    headers = {
        "X-Key": {"env": "INTEROP_KEY"},
        "X-Team": "agents",
        "X-Basic": {"env": "INTEROP_KEY", "prefix": "Basic "},
        "User-Agent": "mine",
        **bearer(tmp_path / "token"),
    }
    with recording() as server:
        daemon = start({"it": {"url": url(server), "headers": headers}})
        async with bare_client(daemon.url("it")) as client:
            await client.initialize()
            await client.request("ping")
        # The last is the GET for the general stream, or a notification: all carry them.
        wait_until(lambda: len(server.requests) >= 4, "initialize, initialized, GET and ping")
        for request in server.requests:
            assert request.values("x-key") == [FIRST] and request.values("x-team") == ["agents"], request
            assert request.values("x-basic") == [f"Basic {FIRST}"] and request.values("user-agent") == ["mine"], request
            assert request.values("authorization") == [f"Bearer {SECOND}"], request


# What a server echoes.


def echoing(status: int, kind: str) -> Callable[[Request], Answer]:
    """Refuses everything and repeats what it was sent, in its body and in its headers."""

    def answer(request: Request) -> Answer:
        seen = json.dumps(request.headers)
        error = {"code": -32001, "message": "you sent " + seen, "data": seen}
        body = {
            "text": seen,
            "JSON": json.dumps({"error": "unauthorised", "detail": seen}),
            # As many web services have it, and not JSON-RPC either.
            "error object": json.dumps({"error": error}),
            "JSON-RPC": json.dumps({"jsonrpc": "2.0", "id": request.message.get("id"), "error": error}),
        }[kind]
        value = "".join(request.values("authorization"))
        headers = (
            ("Content-Type", "text/plain" if kind == "text" else "application/json"),
            ("WWW-Authenticate", value), ("X-Echo", value), ("Mcp-Session-Id", value.replace(" ", "")),
        )
        return Answer(status, headers, body.encode())

    return answer


async def conversation_with(daemon: Bridge) -> str:
    """All that a client is told, the reason of the close included."""
    said = []
    async with bare_client(daemon.url("it")) as client:
        said.append(await client.request("initialize", initialization(), 1))
        await client.notify("notifications/initialized")
        said.append(await client.request("tools/list", {}, 2))
        daemon.terminate()
        await client.socket.wait_closed()
        said.append(client.socket.close_reason)
    assert await anyio.to_thread.run_sync(daemon.wait) == 0
    return json.dumps(said)


CASES = [(status, kind) for status in (400, 401, 403, 404, 405, 429, 500, 502) for kind in ("text", "JSON")]
CASES += [(200, "text"), (302, "text"), (401, "JSON-RPC"), (403, "JSON-RPC")]


@pytest.mark.parametrize(("status", "kind"), CASES)
@pytest.mark.parametrize("transport", ["auto", "streamable-http", "sse"])
async def test_r73_an_echo_goes_nowhere(start, tmp_path, transport, status, kind):
    """R73, R54: what a server says in a body that is no JSON-RPC, or with 401 or 403, reaches neither client nor log."""
    (tmp_path / "token").write_text(FIRST)
    with recording(echoing(status, kind)) as server:
        entry = {"url": url(server, f"?key={SECOND}"), "transport": transport, "headers": bearer(tmp_path / "token")}
        daemon = start({"it": entry}, log={"level": "trace"})
        said = await conversation_with(daemon)
        assert server.requests and all(r.values("authorization") == [f"Bearer {FIRST}"] for r in server.requests)
        for secret in (FIRST, SECOND):
            assert secret not in said and secret not in daemon.log(10_000)
        if status in (401, 403):
            assert said.count("upstream_unauthorized") == 2, said


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, "JSON"), *((status, "error object") for status in (200, 404, 500))],
)
async def test_r54_an_error_without_jsonrpc_is_no_answer(start, status, kind):
    """R54, R35: clients take no notice of a message without `jsonrpc`, and would wait for ever."""
    with recording(echoing(status, kind)) as server:
        daemon = start({"it": {"url": url(server), "transport": "streamable-http", "headers": {"Authorization": FIRST}}})
        said = json.loads(await conversation_with(daemon))
        assert all(answer.get("jsonrpc") == "2.0" and answer["error"]["code"] == -32603 for answer in said[:2]), said


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_r54_a_json_rpc_error_is_the_servers_own(start, tmp_path, status):
    """R54, R22: a JSON-RPC error is a message of the server's and passes unchanged, whatever it holds; the log has
    nothing of it (R73)."""
    (tmp_path / "token").write_text(FIRST)
    with recording(echoing(status, "JSON-RPC")) as server:
        entry = {"url": url(server), "transport": "streamable-http", "headers": bearer(tmp_path / "token")}
        daemon = start({"it": entry}, log={"level": "trace"})
        said = json.loads(await conversation_with(daemon))
        assert said[0]["error"]["code"] == -32001 and "Bearer" in said[0]["error"]["message"], said
        assert FIRST not in daemon.log(10_000)


@pytest.mark.parametrize("arguments", [(), ("--probe",), ("--probe", "--json")])
@pytest.mark.parametrize(("status", "kind"), [(401, "text"), (401, "JSON-RPC"), (500, "text"), (500, "JSON-RPC")])
def test_r73_check_shows_no_secret(tmp_path, monkeypatch, arguments, status, kind):
    """R73: names of headers and files, never values, also of a server that repeats them."""
    monkeypatch.setenv("INTEROP_KEY", FIRST)
    (tmp_path / "token").write_text(SECOND)
    headers = {**bearer(tmp_path / "token"), "X-Key": {"env": "INTEROP_KEY"}, "Cookie": "third-90ce12"}
    with recording(echoing(status, kind)) as server:
        file = tmp_path / "bridge.toml"
        file.write_text(configuration({"it": {"url": url(server, "?key=fourth-1b2d"), "headers": headers}}))
        run = subprocess.run(
            [str(binary()), "check", "--config", str(file), *arguments],
            capture_output=True, text=True, timeout=START_TIMEOUT,
        )
    assert run.returncode == (1 if arguments else 0), run
    for secret in (FIRST, SECOND, "third-90ce12", "fourth-1b2d"):
        assert secret not in run.stdout + run.stderr, run


# What a client brings along.


async def test_r72_nothing_of_the_handshake_goes_upstream(start):
    """R72: no header, cookie, token or query; and no trace in the log (R73)."""
    marks = {name: f"{name}-d41d8c" for name in ("token", "cookie", "query", "extra", "agent", "forwarded", "session", "subprotocol")}
    with recording() as server:
        daemon = start({"it": {"url": url(server)}}, log={"level": "trace"})
        headers = {
            "Authorization": f"Bearer {marks['token']}",
            "Cookie": f"session={marks['cookie']}",
            "X-Api-Key": marks["extra"],
            "X-Forwarded-For": marks["forwarded"],
            "Mcp-Session-Id": marks["session"],
            "MCP-Protocol-Version": marks["session"],
        }
        offered = ["mcp", f"mcp.auth.{marks['subprotocol']}"]
        address = daemon.url("it") + f"?token={marks['query']}"
        async with bare_client(address, offered, additional_headers=headers, user_agent_header=marks["agent"]) as client:
            await client.initialize()
            await client.request("ping")
        wait_until(lambda: len(server.requests) >= 4, "initialize, initialized, GET and ping")
        daemon.stop()
        seen = "\n".join(f"{r.method} {r.target} {r.headers} {r.body!r}" for r in server.requests)
        for mark in marks.values():
            assert mark not in seen, seen
        expected = {"host", "content-length", "content-type", "accept", "user-agent", "mcp-protocol-version"}
        assert {name for r in server.requests for name, _ in r.headers} <= expected
        for name in ("token", "cookie", "query", "subprotocol"):
            assert marks[name] not in daemon.log(10_000)
