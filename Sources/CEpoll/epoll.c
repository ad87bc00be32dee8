// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CEpoll.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int cepoll_wait(int poll, struct epoll_event *events, int capacity, int64_t nanoseconds) {
    static bool is_coarse = false;
    int count = -1;
    if (!is_coarse) {
        struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        count = epoll_pwait2(poll, events, capacity, &timeout, NULL);
        is_coarse = count < 0 && errno == ENOSYS;
    }
    if (is_coarse) count = epoll_wait(poll, events, capacity, (int)((nanoseconds + 999999) / 1000000));
    return count < 0 ? 0 : count;
}

int cepoll_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void cepoll_exact_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }
