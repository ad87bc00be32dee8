# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""A tool policy, as the Python SDK's own WebSocket client sees it."""

from __future__ import annotations

import pytest
from mcp import McpError, types

from bridge import Bridge, binary, configuration
from wire import sdk_session, text_of

pytestmark = pytest.mark.anyio


async def test_r31_denied_tools_are_neither_seen_nor_called(tmp_path):
    """R31: the SDK lists what is allowed, and gets an error that it can read for the rest; the session goes on."""
    server = {
        "command": [str(binary()), "demo-server"],
        "tools": {"allow": ["echo", "add"], "deny": ["add"]},
        "prompts": {"allow": []},
        "resources": {"deny": ["demo://*"]},
    }
    daemon = Bridge(tmp_path, configuration({"demo": server}))
    try:
        async with sdk_session(daemon.url("demo")) as session:
            assert [tool.name for tool in (await session.list_tools()).tools] == ["echo"]
            assert (await session.list_prompts()).prompts == []
            assert (await session.list_resources()).resources == []
            for call in (
                lambda: session.call_tool("add", {"a": 1, "b": 2}),
                lambda: session.get_prompt("greet", {"name": "you"}),
                lambda: session.read_resource(types.AnyUrl("demo://greeting")),
            ):
                with pytest.raises(McpError) as refused:
                    await call()
                assert refused.value.error.code == 403
                assert refused.value.error.data["cause"] == "denied"
            assert text_of(await session.call_tool("echo", {"text": "still here"})) == "still here"
    finally:
        daemon.stop()
