// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#include "../../../websocket.h"

#include "CFloor.h"

#include <fcntl.h>
#include <spawn.h>

extern char **environ;

ptrdiff_t floor_answer(const void *bytes, size_t count, void *answer, size_t *length) {
    struct buffer head = {0}, out = {0};
    ptrdiff_t taken = (ptrdiff_t)take_head(&head, bytes, count);
    if (taken > 0 && answer_handshake(&out, head.bytes)) taken = -1;
    *length = waiting(&out);
    if (*length > 0) memcpy(answer, out.bytes, *length);
    release(&head);
    release(&out);
    return taken;
}

void floor_ignore_children(void) { signal(SIGCHLD, SIG_IGN); }

int floor_start_child(char *const command[], int *input, int *output) {
    int to_child[2], from_child[2];
    if (pipe2(to_child, O_CLOEXEC)) return -1;
    if (pipe2(from_child, O_CLOEXEC)) {
        close(to_child[0]), close(to_child[1]);
        return -1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], 1);
    // SwiftNIO's sockets are not closed on exec.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE), sigaddset(&defaults, SIGCHLD);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t pid;
    int failed = posix_spawnp(&pid, command[0], &actions, &attributes, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(to_child[0]), close(from_child[1]);
    if (failed) {
        close(to_child[1]), close(from_child[0]);
        return -1;
    }
    *input = from_child[0], *output = to_child[1];
    return 0;
}
