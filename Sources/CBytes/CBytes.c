// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// All of it stands in the header, for the callers to inline; a target needs a source.
#include "CBytes.h"
