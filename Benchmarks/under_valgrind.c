// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// Loaded into the bridge when it runs under valgrind (workloads.py does it), in place of two functions of the C library
// that valgrind 3.19 cannot take as they are, and of one that would spoil the count. None is called for a message.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

// Valgrind writes to the mask that it is given, and dies of it where that is a constant, as it is in libdispatch's main
// thread.
int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, (size_t)_NSIG / 8);
}

// Valgrind knows no child that shares memory and descriptors with its parent until it becomes another program, but it
// knows fork, also with CLONE_PIDFD. What goes wrong on the way to the other program is not seen by the parent then.
int clone(int (*function)(void *), void *stack, int flags, void *argument, ...) {
    (void)stack;
    va_list rest;
    va_start(rest, argument);
    int *pidfd = (flags & CLONE_PIDFD) != 0 ? va_arg(rest, int *) : NULL;
    va_end(rest);
    flags &= ~(CLONE_VM | CLONE_VFORK | CLONE_FILES);
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, pidfd, NULL, NULL);
    if (pid == 0) _exit(function(argument));
    return pid;
}

// The bridge looks for stray processes in /proc by the clock, and there may be any number of them. It can do without.
DIR *opendir(const char *name) {
    if (strcmp(name, "/proc") == 0) {
        errno = EACCES;
        return NULL;
    }
    DIR *(*next)(const char *) = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
    return next(name);
}
