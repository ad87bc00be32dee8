# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The Python SDK's own WebSocket client (mcp 1.30) against real servers behind the bridge."""

from __future__ import annotations

import os
import signal

import anyio
import pytest
from mcp import McpError, types
from mcp.client.session import ClientSession
from mcp.shared.context import RequestContext

from wire import closed, sdk_session, text_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("server", "tool", "arguments", "expected"),
    [
        ("demo", "echo", {"text": "grüß Gott \u2028 \U0001f600"}, "grüß Gott \u2028 \U0001f600"),
        ("scripted", "echo", {"text": 'quotes " and \\ and \n line'}, 'quotes " and \\ and \n line'),
        ("time", "convert_time", {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}, "21:00"),
        ("modern", "echo", {"text": "mcp 2.x serves the handshake too"}, "mcp 2.x serves the handshake too"),
    ],
)
async def test_r1_r33_initialize_list_and_call(bridge, server, tool, arguments, expected):
    """R1, R33: the SDK connects with subprotocol `mcp`, shakes hands, lists and calls, on every kind of server."""
    async with sdk_session(bridge.url(server), initialize=False) as session:
        hello = await session.initialize()
        assert hello.serverInfo.name
        assert tool in [entry.name for entry in (await session.list_tools()).tools]
        assert expected in text_of(await session.call_tool(tool, arguments))


async def test_demo_server_has_what_it_promises(bridge):
    """The demo server: its tools, its resource and its prompt, through the bridge."""
    async with sdk_session(bridge.url("demo")) as session:
        names = {tool.name for tool in (await session.list_tools()).tools}
        assert {"echo", "add", "current_time", "slow"} <= names
        assert float(text_of(await session.call_tool("add", {"a": 2, "b": 40}))) == 42
        assert text_of(await session.call_tool("current_time", {}))
        resource = (await session.list_resources()).resources[0]
        assert (await session.read_resource(resource.uri)).contents
        prompt = (await session.list_prompts()).prompts[0]
        arguments = {argument.name: "x" for argument in prompt.arguments or []}
        assert (await session.get_prompt(prompt.name, arguments)).messages


async def test_demo_server_reports_progress(bridge):
    """R29: the demo server's `slow` tool reports progress, and all of it comes before the answer."""
    seen: list[float] = []

    async def progress(value: float, total: float | None, message: str | None) -> None:
        seen.append(value)

    async with sdk_session(bridge.url("demo")) as session:
        tool = next(tool for tool in (await session.list_tools()).tools if tool.name == "slow")
        arguments = {
            name: schema.get("minimum", 1) + 1
            for name, schema in tool.inputSchema.get("properties", {}).items()
            if schema.get("type") in ("integer", "number")
        }
        await session.call_tool("slow", arguments, progress_callback=progress)
        assert seen and seen == sorted(seen)
        before = len(seen)
        await session.send_ping()
        assert len(seen) == before, "progress after the response"


async def test_resources_prompts_and_ping(bridge):
    """R22, R32: requests of every sort reach the server, `ping` included."""
    async with sdk_session(bridge.url("scripted")) as session:
        contents = (await session.read_resource(types.AnyUrl("memo://text"))).contents
        assert contents[0].text == "a memo"
        prompt = await session.get_prompt("greet", {"name": "Ada"})
        assert prompt.messages[0].content.text == "Greet Ada."
        assert isinstance(await session.send_ping(), types.EmptyResult)
        with pytest.raises(McpError) as failure:
            await session.get_prompt("nobody", {})
        assert "nobody" in str(failure.value), "the server's own error comes through"


async def test_r22_sampling_goes_there_and_back(bridge):
    """R22, R30: a request of the server's crosses to the client while the client's own request runs."""

    async def model(context: RequestContext[ClientSession, None], params: types.CreateMessageRequestParams):
        content = types.TextContent(type="text", text=params.messages[0].content.text[::-1])
        return types.CreateMessageResult(role="assistant", content=content, model="mirror")

    async with sdk_session(bridge.url("scripted"), sampling_callback=model) as session:
        assert text_of(await session.call_tool("ask_model", {"question": "stressed"})) == "desserts"


async def test_r22_elicitation_goes_there_and_back(bridge):
    """R22, R30: a form for the user, accepted and declined."""
    answers = [types.ElicitResult(action="accept", content={"colour": "blue"}), types.ElicitResult(action="decline")]
    asked: list[str] = []

    async def user(context: RequestContext[ClientSession, None], params: types.ElicitRequestParams):
        asked.append(params.message)
        return answers.pop(0)

    async with sdk_session(bridge.url("scripted"), elicitation_callback=user) as session:
        assert text_of(await session.call_tool("ask_user", {"question": "which?"})) == "accept:blue"
        assert text_of(await session.call_tool("ask_user", {"question": "again?"})) == "decline"
    assert asked == ["which?", "again?"]


async def test_r22_roots_go_there_and_back(bridge):
    """R22: the server lists the client's roots."""

    async def roots(context: RequestContext[ClientSession, None]):
        return types.ListRootsResult(roots=[types.Root(uri=types.FileUrl("file:///a")), types.Root(uri=types.FileUrl("file:///b"))])

    async with sdk_session(bridge.url("scripted"), list_roots_callback=roots) as session:
        assert text_of(await session.call_tool("ask_roots", {})) == "file:///a,file:///b"


async def test_r29_progress_comes_before_its_response(bridge):
    """R29: every progress notification is there when the response is, in order."""
    seen: list[float] = []

    async def progress(value: float, total: float | None, message: str | None) -> None:
        seen.append(value)

    async with sdk_session(bridge.url("scripted")) as session:
        result = await session.call_tool("count", {"steps": 25}, progress_callback=progress)
        assert seen == [float(step) for step in range(1, 26)]
        assert text_of(result) == "counted 25"


async def test_log_messages_arrive(bridge):
    """R22: a log message of the server's reaches the client."""
    heard: list[str] = []

    async def log(params: types.LoggingMessageNotificationParams) -> None:
        heard.append(str(params.data))

    async with sdk_session(bridge.url("scripted"), logging_callback=log) as session:
        await session.call_tool("speak", {"text": "hello"})
    assert heard == ["hello"]


async def test_r28_r35_fifty_calls_at_once(bridge):
    """R28, R35: fifty calls in flight on one connection, each answered with its own result."""
    results: dict[int, str] = {}

    async with sdk_session(bridge.url("scripted")) as session:

        async def one(number: int) -> None:
            results[number] = text_of(await session.call_tool("echo", {"text": f"call {number}"}))

        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(one, number)
    assert results == {number: f"call {number}" for number in range(50)}


async def test_r30_nothing_waits_behind_a_running_call(bridge):
    """R30: a ping and another call are answered while a call runs."""
    began = anyio.Event()

    async def log(params: types.LoggingMessageNotificationParams) -> None:
        began.set()

    async with sdk_session(bridge.url("scripted"), logging_callback=log) as session:
        async with anyio.create_task_group() as group:

            async def held() -> None:
                assert text_of(await session.call_tool("hold", {"gate": "a"})) == "released a"

            group.start_soon(held)
            await began.wait()
            await session.send_ping()
            assert text_of(await session.call_tool("echo", {"text": "meanwhile"})) == "meanwhile"
            await session.call_tool("release", {"gate": "a"})


async def test_r17_a_result_just_under_the_clients_limit(bridge):
    """R17: the SDK's client takes at most 1 MiB in a message; a result just under it arrives whole."""
    async with sdk_session(bridge.url("scripted")) as session:
        size = (1 << 20) - 200
        assert text_of(await session.call_tool("large_once", {"size": size})) == "x" * size


async def test_r17_an_oversize_result_becomes_an_error(bridge):
    """R17: with `oversize_response` a result over 1 MiB is an error for its id, and the session goes on."""
    async with sdk_session(bridge.url("small")) as session:
        with pytest.raises(McpError) as failure:
            await session.call_tool("large_once", {"size": 3 << 20})
        assert failure.value.error.data["origin"] == "mcp-wsbridge", "the error tells that it is the bridge's (R31)"
        assert text_of(await session.call_tool("echo", {"text": "still here"})) == "still here"


async def test_r36_two_clients_with_the_same_ids(bridge):
    """R36: the SDK counts ids from 0 in every session; two sessions at once never see each other's answers or state."""
    async with sdk_session(bridge.url("scripted")) as one, sdk_session(bridge.url("scripted")) as other:
        assert text_of(await one.call_tool("pid", {})) != text_of(await other.call_tool("pid", {}))
        assert text_of(await one.call_tool("remember", {"text": "one"})) == ""
        assert text_of(await other.call_tool("remember", {"text": "other"})) == ""
        seen: dict[tuple[str, int], str] = {}

        async def ask(name: str, session: ClientSession, number: int) -> None:
            seen[name, number] = text_of(await session.call_tool("echo", {"text": f"{name} {number}"}))

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, "one", one, number)
                group.start_soon(ask, "other", other, number)
        assert seen == {(name, number): f"{name} {number}" for name in ("one", "other") for number in range(20)}
        assert text_of(await one.call_tool("recall", {})) == "one"
        assert text_of(await other.call_tool("recall", {})) == "other"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=["SIGKILL", "SIGSEGV"])
async def test_r35_r38_a_server_killed_in_a_call(bridge, number):
    """R35, R38, R21: the call fails with an error that names the signal; the SDK's session ends without a blow-up."""
    began = anyio.Event()
    errors: list[McpError] = []

    async def log(params: types.LoggingMessageNotificationParams) -> None:
        began.set()

    async with sdk_session(bridge.url("scripted"), logging_callback=log) as session:
        pid = int(text_of(await session.call_tool("pid", {})))
        async with anyio.create_task_group() as group:

            async def held() -> None:
                with pytest.raises(McpError) as failure:
                    await session.call_tool("hold", {"gate": "a"})
                errors.append(failure.value)

            group.start_soon(held)
            await began.wait()
            os.kill(pid, number)
        await closed(session)
    error = errors[0].error
    assert error.data["origin"] == "mcp-wsbridge" and error.data["signal"] == int(number), error
    assert error.data["connection"], "the id that finds the connection's log lines"
    assert not -32099 <= error.code <= -32000, "R31: no code of the server's"


async def test_r35_r38_a_server_that_exits_in_a_call(bridge):
    """R35, R38: the call fails with an error that carries the exit status."""
    async with sdk_session(bridge.url("scripted")) as session:
        with pytest.raises(McpError) as failure:
            await session.call_tool("leave", {"code": 41})
        await closed(session)
    error = failure.value.error
    assert error.data["origin"] == "mcp-wsbridge" and error.data["exit_status"] == 41, error
