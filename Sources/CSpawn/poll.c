// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CSpawn.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { events_per_wait = 64 };

int cspawn_move(int descriptor, int to) { return dup3(descriptor, to, O_CLOEXEC); }

int cspawn_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cspawn_poll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cspawn_poll_add(int poll, int descriptor, uint64_t number) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

void cspawn_poll_remove(int poll, int descriptor) { epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, NULL); }

int cspawn_poll_wait(int poll, uint64_t *numbers, int capacity, int milliseconds) {
    struct epoll_event events[events_per_wait];
    int count = epoll_wait(poll, events, capacity < events_per_wait ? capacity : events_per_wait, milliseconds);
    for (int index = 0; index < count; index++) numbers[index] = events[index].data.u64;
    return count < 0 ? 0 : count;
}

void cspawn_wait_writable(int descriptor) {
    struct pollfd room = {.fd = descriptor, .events = POLLOUT};
    poll(&room, 1, -1);
}

int cspawn_bell_open(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void cspawn_bell_ring(int bell) { eventfd_write(bell, 1); }

void cspawn_bell_clear(int bell) {
    eventfd_t value;
    eventfd_read(bell, &value);
}
