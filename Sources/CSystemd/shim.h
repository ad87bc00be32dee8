// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
