// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// What is not SwiftNIO's matter, or what Swift cannot call.
#ifndef FLOOR_CFLOOR_H
#define FLOOR_CFLOOR_H

#include <stddef.h>

enum { floor_answer_size = 256 };

// Looks for a whole request in these bytes and writes the 101 that answers it, which is `*length` bytes long. Returns how
// many bytes the request takes: 0 when more is to come, -1 when it has no key.
ptrdiff_t floor_answer(const void *bytes, size_t count, void *answer, size_t *length);

// Lets the kernel reap children: nobody waits for them.
void floor_ignore_children(void);

// Starts a child; `input` is what it writes, `output` what it reads. -1 when it could not be started.
int floor_start_child(char *const command[], int *input, int *output);

#endif
