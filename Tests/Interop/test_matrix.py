# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Each client with each server that shares an era with it, through the bridge. `--matrix FILE` writes what was seen."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path

import anyio
import pytest

import backends
import fronts
from backends import BACKENDS, FEATURES, LEGACY, Backend
from bridge import HERE, Bridge, configuration, python
from drivers import CLIENTS, COLOUR, Driver, connected
from wire import LIMIT, bare_client, modern_client

pytestmark = pytest.mark.anyio

MEMO = "memo://text"
# The clients that are programs of their own: era, how much they take in a message, and what they have no interface for.
NO_WAY = "pydantic-ai 1.x has no interface for it"
PROGRAMS: dict[str, tuple[str, int, dict[str, str]]] = {
    "node": (LEGACY, 3 << 20, {}),
    "pydantic-ai-1": (LEGACY, (1 << 20) - 4096, {name: NO_WAY for name in ("progress", "subscription", "cancel")}),
}
# Longer than any program with all its servers should take; each feature has a limit of its own.
PROGRAM_LIMIT = 180.0


def available() -> list[Backend]:
    return [backend for backend in BACKENDS if backends.unavailable(backend.environment) is None]


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest):
    """All the servers of the matrix, and one daemon before them, whose end is a test too; with --front something before that."""
    name = request.config.getoption("--front")
    if name and (reason := fronts.unavailable(name)):
        pytest.skip(reason)
    running, ports = backends.start(list(backends.PROGRAMS))
    try:
        servers = {backend.name: backend.server(ports) for backend in available()}
        if "proxy" in ports:
            servers["proxy-time"] = {"url": f"http://127.0.0.1:{ports['proxy']}/servers/time/mcp"}
        tables = {"listen": fronts.listen(name)} if name else {}
        folder = tmp_path_factory.mktemp("matrix")
        daemon = Bridge(folder, configuration(servers, **tables))
        try:
            with pytest.MonkeyPatch.context() as patch:
                front = put_front(daemon, name, folder, patch) if name else None
                yield daemon
                if front:
                    front.stop()
        finally:
            daemon.stop()
    finally:
        backends.stop(running)


def put_front(daemon: Bridge, name: str, folder: Path, patch: pytest.MonkeyPatch) -> fronts.Front:
    front = fronts.Front(name, [int(daemon.base.rsplit(":", 1)[1])], folder)
    daemon.put_behind(front.base)
    if front.files:
        # Clients of Python and of Node trust its authority then.
        patch.setenv("SSL_CERT_FILE", str(front.files / "authority.pem"))
        patch.setenv("NODE_EXTRA_CA_CERTS", str(front.files / "authority.pem"))
    return front


@pytest.fixture
def where(matrix: Bridge, request: pytest.FixtureRequest):
    """The URL of a server behind the bridge, by its name, or a skip that tells why it is not there."""

    def url(backend: Backend) -> str:
        if reason := backends.unavailable(backend.environment):
            pytest.skip(reason)
        return matrix.url(backend.name)

    yield url
    report = getattr(request.node, "call_report", None)
    if report is not None and report.failed:
        print(matrix.log())


def pairs():
    """Every client with every server that shares its era."""
    for client in [*CLIENTS, *PROGRAMS]:
        era = CLIENTS[client][1] if client in CLIENTS else PROGRAMS[client][0]
        for backend in BACKENDS:
            if era in backend.eras:
                yield pytest.param(client, backend, id=f"{client}-{backend.name}")


each = pytest.mark.parametrize(("client", "backend"), list(pairs()))


class Seen:
    """What the programs among the clients found, each run once for all servers."""

    def __init__(self, matrix: Bridge):
        self.matrix = matrix
        self.found: dict[str, dict[str, dict[str, str | None]]] = {}

    def of(self, client: str) -> dict[str, dict[str, str | None]]:
        if client not in self.found:
            self.found[client] = self.run(client)
        return self.found[client]

    def run(self, client: str) -> dict[str, dict[str, str | None]]:
        era, size, beyond = PROGRAMS[client]
        lines = []
        for backend in available():
            wanted = [name for name in FEATURES if not backend.lack(era, name) and name not in beyond]
            if era in backend.eras:
                lines.append(" ".join([backend.name, self.matrix.url(backend.name), *wanted]))
        done = subprocess.run(
            [*self.command(client), str(size)], input="\n".join(lines) + "\n", capture_output=True, text=True,
            timeout=PROGRAM_LIMIT,
        )
        if "bad option" in done.stderr:
            pytest.skip("this node knows no --experimental-websocket")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        for answer in answers:
            if "missing" in answer:
                pytest.skip(answer["missing"])
        assert len(answers) == len(lines), done.stderr
        return {answer["name"]: answer["found"] for answer in answers}

    def command(self, client: str) -> list[str]:
        if client == "pydantic-ai-1":
            return [python("pydantic1"), str(HERE / "clients" / "pydantic1.py")]
        node = shutil.which("node")
        if node is None:
            pytest.skip("no node on this machine")
        return [node, "--experimental-websocket", str(HERE / "clients" / "matrix.mjs")]


@pytest.fixture(scope="session")
def seen(matrix: Bridge) -> Seen:
    return Seen(matrix)


@pytest.fixture
def attempt(where, seen: Seen, record_property):
    """Runs one feature: `await attempt(client, backend, feature, body)`. The body gets the client connected; for a client
    that is a program its own verdict is taken."""

    async def run(client: str, backend: Backend, feature: str, body) -> None:
        record_property("cell", [client, backend.name, feature])
        era = CLIENTS[client][1] if client in CLIENTS else PROGRAMS[client][0]
        reason = backend.lack(era, feature)
        if reason is None and client in PROGRAMS:
            reason = PROGRAMS[client][2].get(feature)
        if reason is not None:
            pytest.skip(reason)
        url = where(backend)
        if client in PROGRAMS:
            assert seen.of(client)[backend.name][feature] is None
        else:
            async with connected(client, url) as driver:
                await body(driver)

    return run


@each
async def test_list(attempt, client, backend):
    """R33, R47, R56: the tools are listed, after the handshake of the client's era."""

    async def body(driver: Driver) -> None:
        assert {"echo", "large", "hold"} <= set(await driver.tools())

    await attempt(client, backend, "list", body)


@each
async def test_call(attempt, client, backend):
    """R22, R47, R57: a call there and back, with text that needs escapes."""
    text = 'grüße \u2028 \U0001f600 " \\'

    async def body(driver: Driver) -> None:
        assert await driver.call("echo", {"text": text}) == text

    await attempt(client, backend, "call", body)


@each
async def test_progress(attempt, client, backend):
    """R29: all of the progress, in order, before the answer."""

    async def body(driver: Driver) -> None:
        assert await driver.progress("count", {"steps": 10}) == ("counted 10", [float(step) for step in range(1, 11)])

    await attempt(client, backend, "progress", body)


@each
async def test_sampling(attempt, client, backend):
    """R30, R62: the server has the client's model answer, by a request or by `input_required`."""

    async def body(driver: Driver) -> None:
        assert await driver.call("ask_model", {"question": "stressed"}) == "desserts"

    await attempt(client, backend, "sampling", body)


@each
async def test_elicitation(attempt, client, backend):
    """R30, R62: the server has the client's user fill in a form, by a request or by `input_required`."""

    async def body(driver: Driver) -> None:
        assert await driver.call("ask_user", {"question": "which?"}) == f"accept:{COLOUR}"

    await attempt(client, backend, "elicitation", body)


@each
async def test_subscription(attempt, client, backend):
    """R50, R61: an update of a resource is told to who subscribed, on the GET stream or on that of the listen request."""

    async def body(driver: Driver) -> None:
        await driver.updated(MEMO, lambda: driver.call("touch", {"text": client}))

    await attempt(client, backend, "subscription", body)


@each
async def test_cancel(attempt, client, backend):
    """R30, R60: a call that runs is cancelled at the server, and the connection goes on."""
    gate = uuid.uuid4().hex

    async def body(driver: Driver) -> None:
        async def state(other_than: str) -> str:
            """Asks until the server says something else: it notes a begin or a cancel when its task gets to run."""
            while (found := await driver.call("state", {"gate": gate})) == other_than:
                await anyio.sleep(0.01)
            return found

        await driver.cancelled("hold", {"gate": gate}, lambda: state("none"))
        assert await state("held") == "cancelled"

    await attempt(client, backend, "cancel", body)


@each
async def test_large(attempt, client, backend):
    """R17: a result as large as the client takes, up to 3 MiB, arrives whole."""
    size = CLIENTS[client][2] if client in CLIENTS else PROGRAMS[client][1]

    async def body(driver: Driver) -> None:
        assert await driver.call("large", {"size": size}) == "x" * size

    await attempt(client, backend, "large", body)


@each
async def test_parallel(attempt, client, backend):
    """R28, R30, R35: fifty calls at once, each answered with its own result."""

    async def body(driver: Driver) -> None:
        results: dict[int, str] = {}

        async def one(number: int) -> None:
            results[number] = await driver.call("echo", {"text": f"call {number}"})

        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(one, number)
        assert results == {number: f"call {number}" for number in range(50)}

    await attempt(client, backend, "parallel", body)


VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("backend", [pytest.param(backend, id=backend.name) for backend in BACKENDS if not backend.stdio])
async def test_r33_every_legacy_revision(where, backend, version):
    """R33, R48: each revision with a handshake is negotiated with the server, and its headers suit it afterwards."""
    async with bare_client(where(backend)) as client:
        assert (await client.initialize(version))["protocolVersion"] == version
        assert (await client.request("tools/list"))["result"]["tools"]
        answer = await client.call("echo", {"text": version}, 2)
        assert answer["result"]["content"][0]["text"] == version


@pytest.mark.parametrize("client", ["python-sdk", "langchain", "pydantic-ai"])
async def test_r51_a_stream_that_the_server_ends_is_resumed(where, client):
    """R51: the server ends the stream of an answer half-way; nothing is lost and nothing comes twice."""
    backend = next(backend for backend in BACKENDS if backend.name == "mcp1-resumable")
    async with connected(client, where(backend)) as driver:
        text, seen = await driver.progress("count_apart", {"steps": 10})
        assert (text, seen) == ("counted 10", [float(step) for step in range(1, 11)])


@pytest.mark.parametrize("region", ["eu-north", "1", " padded ", "grüße", "=?base64?eHh4?=", ""])
@pytest.mark.parametrize("name", ["mcp2", "mcp2-json"])
async def test_r58_a_parameter_that_goes_in_a_header_too(where, name, region):
    """R58: the SDK 2.3 compares the `Mcp-Param-Region` header with the argument, and refuses what differs."""
    backend = next(backend for backend in BACKENDS if backend.name == name)
    async with modern_client(where(backend)) as client:
        await client.request("tools/list")
        result = await client.request("tools/call", {"name": "where", "arguments": {"region": region}})
        assert result["content"][0]["text"] == region


@pytest.mark.parametrize("name", ["mcp2", "mcp2-json"])
async def test_r58_without_a_list_before(where, name):
    """R58: a client that never asked for the list can call the tool too: the bridge asks for it by itself."""
    backend = next(backend for backend in BACKENDS if backend.name == name)
    async with modern_client(where(backend)) as client:
        result = await client.request("tools/call", {"name": "where", "arguments": {"region": "eu-north"}})
        assert result["content"][0]["text"] == "eu-north"


@pytest.mark.parametrize("name", ["mcp2", "fastmcp4"])
async def test_r56_both_eras_on_one_connection(where, name):
    """R33, R56: each message goes the way of its own era, since these servers decide by message."""
    backend = next(backend for backend in BACKENDS if backend.name == name)
    async with modern_client(where(backend)) as client:
        await client.request("server/discover")
        # By hand: the handshake has no envelope.
        initialize = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "i", "version": "1"}}
        client._open["initialize"] = [anyio.Event(), None]
        await client.bare.send({"jsonrpc": "2.0", "id": "initialize", "method": "initialize", "params": initialize})
        assert (await client.answer("initialize"))["result"]["protocolVersion"] == "2025-11-25"
        await client.bare.notify("notifications/initialized")
        for era in ("old", "new"):
            params = {"name": "echo", "arguments": {"text": era}}
            if era == "new":
                assert (await client.request("tools/call", params))["content"][0]["text"] == era
            else:
                client._open["call"] = [anyio.Event(), None]
                await client.bare.send({"jsonrpc": "2.0", "id": "call", "method": "tools/call", "params": params})
                assert (await client.answer("call"))["result"]["content"][0]["text"] == era


async def test_mcp_proxy_before_a_server_of_the_field(matrix):
    """R47: mcp-server-time behind mcp-proxy behind the bridge."""
    if reason := backends.unavailable("field"):
        pytest.skip(reason)
    with anyio.fail_after(LIMIT):
        async with connected("python-sdk", matrix.url("proxy-time")) as driver:
            arguments = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
            assert "21:00" in await driver.call("convert_time", arguments)
