// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// Starting a program with the parent's memory shared until exec (no page tables copied, so the cost does not grow
// with the daemon), and the Linux process calls that Swift cannot make by itself.

#pragma once

#include <stdint.h>

#include "ExecChild.h"

/// How far a child came before it failed.
enum cspawn_stage {
    CSPAWN_STAGE_NONE = 0,
    /// clone(2): no process was made.
    CSPAWN_STAGE_CLONE,
    CSPAWN_STAGE_SESSION,
    CSPAWN_STAGE_DESCRIPTORS,
    CSPAWN_STAGE_LIMITS,
    CSPAWN_STAGE_DIRECTORY,
    CSPAWN_STAGE_EXEC,
    /// execve(2) said ENOENT although the program exists: the interpreter it names does not.
    CSPAWN_STAGE_INTERPRETER,
    /// The parent ended before the child could ask to be told of it.
    CSPAWN_STAGE_ORPHANED,
};

struct cspawn_request {
    /// As execve(2) takes it: a relative path is relative to `directory`.
    const char *path;
    char *const *argv;
    char *const *envp;
    /// NULL: the parent's.
    const char *directory;
    /// The child's ends of its standard descriptors; they stay the caller's. The lower their numbers the better: the
    /// kernel copies the parent's table up to the highest of them.
    int descriptors[3];
    /// Kept open in the program as CSPAWN_REPORT_DESCRIPTOR, not close-on-exec; -1 for none. It stays the caller's.
    int report;
    /// Sent to the child when the thread that called `cspawn_spawn` ends; 0 for none.
    int death_signal;
    /// Nonzero: RLIMIT_NOFILE is set to the two values below.
    int sets_descriptor_limit;
    uint64_t soft_descriptor_limit;
    uint64_t hard_descriptor_limit;
};

struct cspawn_result {
    int pid;
    /// Close-on-exec; the caller closes it. -1 after a failure.
    int pidfd;
    enum cspawn_stage stage;
    /// errno of the stage.
    int error;
};

/// Starts a program in a session of its own, with empty signal mask, default signal dispositions and no descriptor
/// beyond 0, 1, 2 and `report`. Blocks until the program runs or has failed to. Returns 0, or -1 with stage and error set and
/// no process left. Must be called from a thread that outlives the child when `death_signal` is set.
int cspawn_spawn(const struct cspawn_request *request, struct cspawn_result *result);

/// How a process ended.
struct cspawn_exit {
    /// Nonzero: `value` is a signal, else an exit status.
    int signaled;
    int core_dumped;
    int value;
};

/// Reads how the child behind `pidfd` ended and leaves it a zombie, so that its number, its group's and its
/// session's stay taken. 1: read; 0: it still runs; -1: errno says why.
int cspawn_peek_exit(int pidfd, struct cspawn_exit *exit);

/// Reaps the child `pid` if it has ended. 1: reaped; 0: it still runs; -1: errno says why.
int cspawn_reap(int pid);

/// SIGKILL to the group of a child that was just started, and waits for the child.
void cspawn_kill_and_reap(int pid);

/// pidfd_open(2).
int cspawn_pidfd_open(int pid);

/// pidfd_send_signal(2). 0, or -1 with errno.
int cspawn_pidfd_send_signal(int pidfd, int signal);

/// Makes orphaned descendants children of this process. 0, or -1 with errno.
int cspawn_become_subreaper(void);

/// An ignored SIGCHLD (inherited from whoever started the daemon) makes the kernel throw exit statuses away;
/// puts the default back in that case and leaves a handler alone.
void cspawn_keep_exit_statuses(void);

/// Names the calling thread (15 bytes) and blocks every signal in it: the process's signals are for other threads.
void cspawn_enter_thread(const char *name);

/// dup3(2) with O_CLOEXEC. The new descriptor, or -1 with errno.
int cspawn_move(int descriptor, int to);

/// pipe2(2) with O_CLOEXEC: `ends[0]` is read from. 0, or -1 with errno.
int cspawn_pipe(int ends[2]);

/// A close-on-exec epoll(7), or -1 with errno; the caller closes it.
int cspawn_poll_open(void);

/// Reports `number` while `descriptor` is readable (a pidfd: since its process ended). 0, or -1 with errno.
int cspawn_poll_add(int poll, int descriptor, uint64_t number);
void cspawn_poll_remove(int poll, int descriptor);

/// Waits for at most `milliseconds` (-1: without end) and writes the numbers of what is readable, at most 64 of them.
/// Returns how many; 0 also when it was interrupted.
int cspawn_poll_wait(int poll, uint64_t *numbers, int capacity, int milliseconds);

/// Returns when the descriptor can be written to, or has an error.
void cspawn_wait_writable(int descriptor);

/// A close-on-exec, nonblocking eventfd(2), or -1 with errno; the caller closes it.
int cspawn_bell_open(void);
void cspawn_bell_ring(int bell);
void cspawn_bell_clear(int bell);
