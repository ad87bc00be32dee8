# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The wire as it is, by hand on `websockets`: what the SDK's client would hide."""

from __future__ import annotations

import json

import anyio
import pytest
import websockets

from bridge import children, descendants, scripted
from wire import BareClient, bare_client, initialization

pytestmark = pytest.mark.anyio

ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "interop", "version": "1"},
}


def text_in(answer: dict) -> str:
    assert "result" in answer, answer
    return answer["result"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("offered", "selected"),
    [(None, None), (["mcp"], "mcp"), (["graphql-ws", "mcp"], "mcp"), (["graphql-ws"], None), (["MCP"], None)],
)
async def test_r1_subprotocol(bridge, offered, selected):
    """R1: `mcp` is selected if and only if it was offered."""
    async with bare_client(bridge.url("scripted"), offered) as client:
        assert client.socket.subprotocol == selected
        await client.initialize()
        assert text_in(await client.call("echo", {"text": "hello"})) == "hello"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404)])
async def test_r3_refusals_are_http(bridge, path, status):
    """R3: a refusal is an HTTP answer with a line of JSON."""
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with bare_client(bridge.base + path):
            pass
    assert refusal.value.response.status_code == status
    assert json.loads(refusal.value.response.body)


async def test_r4_a_foreign_origin_is_refused(bridge):
    """R4: a browser's page from elsewhere gets 403."""
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with bare_client(bridge.url("demo"), origin="https://evil.example"):
            pass
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    "identifier",
    [0, 1, -7, 9007199254740991, "1", "", "a b", "é", "\U0001f600", 'quote " and \\', "x" * 300],
    ids=lambda identifier: ascii(identifier)[:20],
)
async def test_r26_ids_keep_their_type(bridge, identifier):
    """R26: ids of every kind come back from a real server as they were sent."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        answer = await client.call("echo", {"text": "hello"}, identifier)
        assert text_in(answer) == "hello"


async def test_r26_one_and_its_string_are_two_ids(bridge):
    """R26, R27: 1 and "1" may be in flight together."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        for identifier in (1, "1"):
            params = {"name": "hold", "arguments": {"gate": repr(identifier)}}
            await client.send({"jsonrpc": "2.0", "id": identifier, "method": "tools/call", "params": params})
        for gate, identifier in ((repr("1"), "1"), (repr(1), 1)):
            while f"holding {gate}" not in [m.get("params", {}).get("data") for m in client.seen]:
                await client.receive()
            await client.send({"jsonrpc": "2.0", "id": f"release {gate}", "method": "tools/call",
                               "params": {"name": "release", "arguments": {"gate": gate}}})
            assert text_in(await client.answer_to(identifier)) == f"released {gate}"


@pytest.mark.parametrize("spelled", [r'"\u00e9\/"', '"é/"', "18446744073709551616", "-0"])
async def test_r26_the_clients_spelling_of_an_id_is_kept(bridge, spelled):
    """R26: the answer carries the id byte for byte as the client wrote it."""
    async with bare_client(bridge.url("verbatim")) as client:
        await client.send(f'{{"id":{spelled},"jsonrpc":"2.0","method":"x"}}')
        assert f'"id":{spelled}' in await client.receive_text()


async def test_r26_the_clients_spelling_survives_a_server_that_respells(bridge):
    """R26: a server that writes the id in another way (Python's JSON) is matched by value."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        await client.send(r'{"id":"\u00e9\/","jsonrpc":"2.0","method":"ping"}')
        assert r'"\u00e9\/"' in await client.receive_text()


async def test_r22_both_directions_are_byte_transparent(bridge):
    """R22, R12: neither the request nor the answer is decoded and encoded again."""
    sent = (
        r'{ "id":7 ,"jsonrpc":"2.0","method":"odd/method","params":{"z":1.50E+3,"big":123456789012345678901234567890,'
        r'"a":"\/\u00e9\ud83d\ude00","_meta":{"unknown":{"k":[1.0,-0.0,1e400]}}},"extra":null}'
    )
    odd = r'{ "z":1.50E+3,"a":123456789012345678901234567890,"s":"\/\u00e9\u2028","e":{},"n":-0.0,"k":[ ] }'
    async with bare_client(bridge.url("verbatim")) as client:
        await client.send(sent)
        raw = await client.receive_text()
        assert json.loads(raw)["result"]["line"] == sent
        assert f'{{"result":{{"odd":{odd},"line":' in raw and raw.endswith(',  "id":7,"jsonrpc":"2.0"}')


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
async def test_r23_pretty_printed_json_works(bridge, newline):
    """R23: line ends inside a message do not reach the server's stdin, and U+2028 stays."""
    message = json.dumps({"id": 3, "jsonrpc": "2.0", "method": "x", "params": {"text": "a\u2028b\u2029"}}, indent=2, ensure_ascii=False)
    async with bare_client(bridge.url("verbatim")) as client:
        await client.send(message.replace("\n", newline))
        line = json.loads(await client.receive_text())["result"]["line"]
        assert json.loads(line) == json.loads(message)
        assert "\u2028" in line


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", -32700),
        ('{"jsonrpc":"2.0","id":1,', -32700),
        ('{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
        ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":1}', -32600),
        ('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600),
        ('[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        ("[]", -32600),
        ('"text"', -32600),
    ],
)
async def test_r24_r25_what_servers_leave_unanswered_the_bridge_answers(bridge, message, code):
    """R24, R25: real servers say nothing to these; the client gets an error, and the connection stays."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        await client.send(message)
        answer = await client.receive()
        assert answer["error"]["code"] == code, answer
        assert text_in(await client.call("echo", {"text": "alive"}, "after")) == "alive"


async def test_r27_an_id_in_flight_is_refused(bridge):
    """R27: a second request with the id of a running one is refused without touching the first; reuse is fine later."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        held = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "hold", "arguments": {"gate": "a"}}}
        await client.send(held)
        while not any("holding a" == message.get("params", {}).get("data") for message in client.seen):
            await client.receive()
        refused = await client.call("echo", {"text": "again"}, 5)
        assert refused["error"]["code"] == -32600, refused
        await client.send({"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": {"name": "release", "arguments": {"gate": "a"}}})
        assert text_in(await client.answer_to(5)) == "released a"
        assert text_in(await client.call("echo", {"text": "reused"}, 5)) == "reused"


async def test_r29_progress_on_the_wire(bridge):
    """R29: progress precedes its response, in order, and nothing follows it."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        await client.call("count", {"steps": 10}, 2, meta={"progressToken": "token"})
        await client.request("ping", None, 3)
        order = [m["params"]["progress"] if m.get("method") == "notifications/progress" else m.get("id") for m in client.seen]
        assert order[1:] == [*range(1, 11), 2, 3]
        tokens = {m["params"]["progressToken"] for m in client.seen if m.get("method") == "notifications/progress"}
        assert tokens == {"token"}


async def test_r30_a_cancel_passes_a_running_request(bridge):
    """R30, R35: the server sees the cancel of a running call, and the connection goes on."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        held = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "hold", "arguments": {"gate": "a"}}}
        await client.send(held)
        while not any("holding a" == message.get("params", {}).get("data") for message in client.seen):
            await client.receive()
        await client.notify("notifications/cancelled", {"requestId": 5, "reason": "enough"})
        cancelled: list[str] = []
        # The server notes the cancel when its task gets to run, so ask until it has.
        for attempt in range(100):
            answer = await client.call("cancellations", {}, f"ask {attempt}")
            cancelled = [item["text"] for item in answer["result"]["content"]]
            if cancelled:
                break
        assert cancelled == ["a"]
        assert len([m for m in client.seen if m.get("id") == 5 and "method" not in m]) <= 1, "R28"


async def test_r32_ping_goes_end_to_end(bridge):
    """R32: the server answers a ping, before `initialize` too."""
    async with bare_client(bridge.url("scripted")) as client:
        assert (await client.request("ping"))["result"] == {}


async def test_r15_r17_large_messages_both_ways(bridge):
    """R15, R17: 3 MiB up in a single frame (the limit is 4 MiB) and 8 MiB down, whole."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        answer = await client.call("echo", {"text": "y" * (3 << 20)})
        assert text_in(answer) == "y" * (3 << 20)
        assert len(text_in(await client.call("large_once", {"size": 8 << 20}, 2))) == 8 << 20


async def test_r13_fragments_are_put_together(bridge):
    """R13: a request in many fragments, with a ping between them."""
    async with bare_client(bridge.url("verbatim")) as client:
        message = '{"id":1,"jsonrpc":"2.0","method":"x","params":{"text":"grüße"}}'
        raw = message.encode()

        async def pieces():
            # Fragments of the socket's text are strings; a multi-byte letter cannot be split this way.
            for letter in message:
                yield letter

        await client.socket.send(pieces())
        await (await client.socket.ping())
        assert json.loads(await client.receive_text())["result"]["line"] == message
        await client.socket.send([raw[:50], raw[50:58], raw[58:]], text=True)
        assert json.loads(await client.receive_text())["result"]["line"] == message


async def test_r14_a_binary_message_is_refused(bridge):
    """R14: binary ends the connection with 1003."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.socket.send(b"{}")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.receive()
        assert closed.value.rcvd.code == 1003


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_r19_the_close_code_comes_back(bridge, code):
    """R19: the bridge answers a close with the same code."""
    async with bare_client(bridge.url("scripted")) as client:
        await client.initialize()
        await client.socket.close(code, "bye")
        assert client.socket.protocol.close_rcvd.code == code


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
@pytest.mark.parametrize("server", ["scripted", "modern", "time", "demo"])
async def test_r33_every_legacy_revision(bridge, server, version):
    """R33: each revision with a handshake is negotiated with the server, not with the bridge."""
    async with bare_client(bridge.url(server)) as client:
        result = await client.initialize(version)
        assert result["protocolVersion"] == version
        assert (await client.request("tools/list"))["result"]["tools"]


async def test_r33_the_stateless_revision(bridge):
    """R33: 2026-07-28 needs no handshake, and the bridge adds none."""
    async with bare_client(bridge.url("modern")) as client:
        found = await client.request("server/discover", {"_meta": ENVELOPE}, 1)
        assert "2026-07-28" in found["result"]["supportedVersions"]
        answer = await client.call("echo", {"text": "stateless"}, 2, meta=ENVELOPE)
        assert text_in(answer) == "stateless" and answer["result"]["resultType"] == "complete"
        late = await client.request("initialize", initialization(), 3)
        assert late["error"]["code"] == -32022, "the server's own refusal, through the bridge"


@pytest.mark.parametrize(
    ("server", "params", "code"),
    [("scripted", {"_meta": ENVELOPE}, -32602), ("modern", {}, -32601)],
    ids=["mcp 1.30", "mcp 2.3"],
)
async def test_r33_a_probe_then_initialize_on_the_same_backend(bridge, server, params, code):
    """R33: `server/discover` is answered by an error, and `initialize` on the same connection reaches the same process."""
    before = descendants(bridge.process.pid)
    async with bare_client(bridge.url(server)) as client:
        probe = await client.request("server/discover", params, "probe")
        assert probe["error"]["code"] == code, probe
        backend = descendants(bridge.process.pid) - before
        await client.initialize()
        assert int(text_in(await client.call("pid"))) in backend
        assert descendants(bridge.process.pid) - before <= backend, "another process was started"


async def test_lines_are_passed_raw(bridge):
    """`protocol = "lines"`: any text line goes through, JSON or not."""
    async with bare_client(bridge.url("lines"), None) as client:
        for line in ("hello", "", '{"not": "rpc"}', "x" * 100_000):
            await client.send(line)
            assert await client.socket.recv() == line


async def test_r36_a_hundred_connections_one_process_each(start):
    """R36, R37: every connection has its own process, and all of them are gone when the connections are."""
    daemon = start({"scripted": {"command": ["cat"], "protocol": "lines"}})

    async with anyio.create_task_group() as group:
        ready: list[BareClient] = []
        all_ready = anyio.Event()

        async def one(number: int) -> None:
            async with bare_client(daemon.url("scripted"), None) as client:
                await client.send(f"connection {number}")
                assert await client.socket.recv() == f"connection {number}"
                ready.append(client)
                if len(ready) == 100:
                    assert len(descendants(daemon.process.pid)) >= 100
                    all_ready.set()
                await all_ready.wait()

        for number in range(100):
            group.start_soon(one, number)
    with anyio.fail_after(15):
        while children(daemon.process.pid):
            await anyio.sleep(0.01)
    daemon.stop()


async def test_r33_the_same_server_on_a_fresh_bridge(start):
    """R33: nothing has to be configured for any revision: a server entry is a command and no more."""
    daemon = start({"plain": {"command": scripted()}})
    async with bare_client(daemon.url("plain")) as client:
        assert (await client.initialize("2025-06-18"))["protocolVersion"] == "2025-06-18"
    daemon.stop()
