// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CEpoll
internal import Glibc

/// Starting an MCP server of the generator's own, for the floor of what a bridge can do.
enum Child {
    struct StartError: Error {
        let number: CInt
    }

    /// Starts `words` with pipes for standard input and output; standard error stays what it is.
    ///
    /// - Returns: the process and the generator's ends of the pipes, non-blocking, which are the caller's.
    static func start(_ words: [String]) throws(StartError) -> (pid: pid_t, input: CInt, output: CInt) {
        var toChild: [CInt] = [-1, -1]
        var fromChild: [CInt] = [-1, -1]
        guard cepoll_pipe(&toChild) == 0 else { throw StartError(number: errno) }
        guard cepoll_pipe(&fromChild) == 0 else {
            let number = errno
            for end in toChild { close(end) }
            throw StartError(number: number)
        }
        let result = Self.spawn(words, standardInput: toChild[0], standardOutput: fromChild[1])
        close(toChild[0])
        close(fromChild[1])
        guard result.number == 0 else {
            close(toChild[1])
            close(fromChild[0])
            throw StartError(number: result.number)
        }
        for end in [toChild[1], fromChild[0]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        return (result.pid, fromChild[0], toChild[1])
    }

    private static func spawn(
        _ words: [String],
        standardInput: CInt,
        standardOutput: CInt
    ) -> (pid: pid_t, number: CInt) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, standardOutput, STDOUT_FILENO)
        // The generator ignores SIGPIPE; a child does not expect that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var arguments = words.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var pid: pid_t = 0
        let number = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, environ)
        return (pid, number)
    }

    /// Whether a child has ended; it is gone then.
    static func hasEnded(_ pid: pid_t) -> Bool { waitpid(pid, nil, WNOHANG) != 0 }

    /// Ends a child that does not end by itself.
    static func end(_ pid: pid_t) {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }
}
