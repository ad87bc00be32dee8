# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""A stdio MCP server on the Python SDK 2.x, which speaks the stateless revision (2026-07-28) and the older ones."""

import os

from mcp.server.mcpserver import MCPServer

server = MCPServer("modern")


@server.tool()
def echo(text: str) -> str:
    """Returns the text."""
    return text


@server.tool()
def pid() -> str:
    """Tells which process this is."""
    return str(os.getpid())


if __name__ == "__main__":
    server.run()
