// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif
// Linux 5.4's idtype, whatever the C library's age.
#define IDTYPE_PIDFD ((idtype_t)3)

// The child lives on this part of the parent's stack until exec; the parent is suspended meanwhile. Every call below
// is a bare system call, so that a few hundred bytes are used.
enum { child_stack_size = 32 * 1024 };

struct child_context {
    const struct cspawn_request *request;
    pid_t parent;
    enum cspawn_stage stage;
    int error;
};

static void fail(struct child_context *context, enum cspawn_stage stage) {
    context->error = errno;
    context->stage = stage;
    _exit(127);
}

static void reset_signals(void) {
    // Not through the C library, which keeps its two internal signals (32, 33) to itself: whoever started the daemon
    // may have left them ignored, and exec keeps what is ignored. All zero is SIG_DFL without flags.
    static const unsigned long default_action[8];
    for (int number = 1; number < NSIG; number++) {
        syscall(SYS_rt_sigaction, number, default_action, NULL, (size_t)(NSIG - 1) / 8);
    }
}

static void close_from(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
    // Kernels before 5.9, or a seccomp filter that does not know the call.
    struct rlimit limit;
    rlim_t end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY) end = limit.rlim_max;
    for (rlim_t descriptor = (rlim_t)first; descriptor < end; descriptor++) close((int)descriptor);
}

// The child starts on the parent's own descriptor table, which may hold thousands: it takes a copy of the first few
// instead of copying all and closing all but three.
static int leave_descriptor_table(const int descriptors[3], int report) {
    unsigned highest = report > 2 ? (unsigned)report : 2;
    for (int index = 0; index < 3; index++) {
        if ((unsigned)descriptors[index] > highest) highest = (unsigned)descriptors[index];
    }
    if (syscall(SYS_close_range, highest + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0) return 0;
    return unshare(CLONE_FILES);
}

static int child_main(void *argument) {
    struct child_context *context = argument;
    const struct cspawn_request *request = context->request;

    // All signals are blocked here: none of the parent's handlers may run on its shared memory.
    reset_signals();

    if (setsid() < 0) fail(context, CSPAWN_STAGE_SESSION);

    if (request->death_signal != 0) {
        if (prctl(PR_SET_PDEATHSIG, request->death_signal) != 0) fail(context, CSPAWN_STAGE_SESSION);
        // It may have ended before the line above.
        if (getppid() != context->parent) {
            errno = ESRCH;
            fail(context, CSPAWN_STAGE_ORPHANED);
        }
    }

    if (leave_descriptor_table(request->descriptors, request->report) != 0) fail(context, CSPAWN_STAGE_DESCRIPTORS);

    // A parent that itself runs without standard descriptors may hold a pipe under their numbers.
    int descriptors[3];
    for (int index = 0; index < 3; index++) {
        descriptors[index] = request->descriptors[index];
        if (descriptors[index] < 3) {
            descriptors[index] = fcntl(descriptors[index], F_DUPFD, 3);
            if (descriptors[index] < 0) fail(context, CSPAWN_STAGE_DESCRIPTORS);
        }
    }
    int report = -1;
    if (request->report >= 0) {
        report = fcntl(request->report, F_DUPFD, CSPAWN_REPORT_DESCRIPTOR + 1);
        if (report < 0) fail(context, CSPAWN_STAGE_DESCRIPTORS);
    }
    for (int index = 0; index < 3; index++) {
        if (dup2(descriptors[index], index) < 0) fail(context, CSPAWN_STAGE_DESCRIPTORS);
    }
    if (report >= 0 && dup2(report, CSPAWN_REPORT_DESCRIPTOR) < 0) fail(context, CSPAWN_STAGE_DESCRIPTORS);
    close_from(report >= 0 ? CSPAWN_REPORT_DESCRIPTOR + 1 : 3);

    if (request->sets_descriptor_limit) {
        struct rlimit limit = {
            .rlim_cur = (rlim_t)request->soft_descriptor_limit,
            .rlim_max = (rlim_t)request->hard_descriptor_limit,
        };
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail(context, CSPAWN_STAGE_LIMITS);
    }

    if (request->directory != NULL && chdir(request->directory) != 0) fail(context, CSPAWN_STAGE_DIRECTORY);

    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    execve(request->path, request->argv, request->envp);

    int error = errno;
    int exists = error == ENOENT && access(request->path, F_OK) == 0;
    errno = error;
    fail(context, exists ? CSPAWN_STAGE_INTERPRETER : CSPAWN_STAGE_EXEC);
    return 127;
}

int cspawn_spawn(const struct cspawn_request *request, struct cspawn_result *result) {
    struct child_context context = {.request = request, .parent = getpid(), .stage = CSPAWN_STAGE_NONE, .error = 0};
    char stack[child_stack_size] __attribute__((aligned(64)));
    int pidfd = -1;

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD;
    pid_t pid = clone(child_main, stack + child_stack_size, flags, &context, &pidfd);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    result->pid = pid;
    result->pidfd = pidfd;
    result->stage = CSPAWN_STAGE_NONE;
    result->error = 0;
    if (pid < 0) {
        result->pidfd = -1;
        result->stage = CSPAWN_STAGE_CLONE;
        result->error = error;
        return -1;
    }
    if (context.stage == CSPAWN_STAGE_NONE) return 0;

    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    close(pidfd);
    result->pid = -1;
    result->pidfd = -1;
    result->stage = context.stage;
    result->error = context.error;
    return -1;
}

int cspawn_peek_exit(int pidfd, struct cspawn_exit *exit) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(IDTYPE_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return -1;
    if (info.si_pid == 0) return 0;
    exit->signaled = info.si_code != CLD_EXITED;
    exit->core_dumped = info.si_code == CLD_DUMPED;
    exit->value = info.si_status;
    return 1;
}

int cspawn_reap(int pid) {
    // Never a group and never "any child".
    if (pid <= 1) {
        errno = EINVAL;
        return -1;
    }
    pid_t reaped = waitpid(pid, NULL, WNOHANG);
    return reaped < 0 ? -1 : reaped > 0;
}

void cspawn_kill_and_reap(int pid) {
    if (pid <= 1) return;
    kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

int cspawn_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }

int cspawn_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}

int cspawn_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL); }

void cspawn_keep_exit_statuses(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) != 0) return;
    int ignored = action.sa_handler == SIG_IGN;
    if (!ignored && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
    if (ignored) action.sa_handler = SIG_DFL;
    action.sa_flags &= ~SA_NOCLDWAIT;
    sigaction(SIGCHLD, &action, NULL);
}

void cspawn_enter_thread(const char *name) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
}
