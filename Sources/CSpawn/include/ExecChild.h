// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// `mcp-wsbridge exec-child`: what a sandboxed child does between the exec of this program and that of its own.
//
// The daemon's child cannot do it before: it runs on the daemon's memory until its exec, and there a change of user
// would show in the daemon.

#pragma once

/// The descriptor on which exec-child says what failed. It is closed, unwritten, when the server's program runs.
#define CSPAWN_REPORT_DESCRIPTOR 3

/// What stands before each variable of the environment while exec-child runs: so neither the loader nor a library of
/// this program follows what is meant for the server's (LD_PRELOAD as another user).
#define CSPAWN_VARIABLE_PREFIX "+"

/// The oldest Landlock that keeps what is promised: before it nobody could forbid truncate(2). Linux 6.2.
#define CSPAWN_LANDLOCK_LEAST 3

/// In the order in which they are taken.
enum cspawn_sandbox_step {
    CSPAWN_SANDBOX_ARGUMENTS = 1,
    CSPAWN_SANDBOX_CGROUP,
    CSPAWN_SANDBOX_FILES,
    CSPAWN_SANDBOX_MEMORY,
    CSPAWN_SANDBOX_USER,
    CSPAWN_SANDBOX_PRIVILEGES,
    CSPAWN_SANDBOX_LANDLOCK,
    /// `argument` is the word with the path.
    CSPAWN_SANDBOX_PATH,
    CSPAWN_SANDBOX_PARENT,
    CSPAWN_SANDBOX_DIRECTORY,
    CSPAWN_SANDBOX_EXEC,
    /// execve(2) said ENOENT although the program exists.
    CSPAWN_SANDBOX_INTERPRETER,
};

/// What is written to the report descriptor: one of these, or nothing.
struct cspawn_sandbox_report {
    int step;
    /// errno of the step.
    int error;
    /// Index into argv, where one word is to blame.
    int argument;
};

/// The version of the kernel's Landlock; 0 where there is none, or it is not enabled.
int cspawn_landlock_abi(void);
