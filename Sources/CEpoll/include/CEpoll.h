// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// What the load generator needs of Linux and Swift's Glibc module does not have.

#ifndef CEPOLL_H
#define CEPOLL_H

#include <stdint.h>
#include <sys/epoll.h>

/// As epoll_wait, with a timeout in nanoseconds, where the kernel can do that (5.11), or in milliseconds rounded up.
/// No event at all after an interruption.
int cepoll_wait(int poll, struct epoll_event *events, int capacity, int64_t nanoseconds);

/// A pipe whose ends are closed on exec; -1 with errno.
int cepoll_pipe(int ends[2]);

/// Lets timeouts of this thread end when they are due: the kernel's default is up to 50 microseconds later.
void cepoll_exact_timers(void);

#endif
