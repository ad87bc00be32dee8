// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What the server does wrong, or tells. Several combine.
enum Behaviour: String, CaseIterable {
    // MARK: its end

    /// Goes on after standard input has ended.
    case ignoresEOF = "ignores-eof"
    /// SIGTERM does nothing.
    case ignoresTerm = "ignores-term"
    /// Both; only SIGKILL ends it.
    case ignoresEOFAndTerm = "ignores-eof-and-term"
    /// Starts a process of the same group that holds the pipes and waits for a signal; its pid is appended to the file
    /// of the argument. It ignores SIGTERM if this server does.
    case leavesGrandchild = "leaves-grandchild"
    /// Starts a daemon (session of its own, parent gone, /dev/null as its descriptors); its pid is appended to the
    /// file of the argument.
    case daemonisesGrandchild = "daemonises-grandchild"
    /// Like it, but the daemon holds the pipes.
    case daemonisesHoldingPipes = "daemonises-holding-pipes"
    /// Exits at the first `tools/call`, with the status of the argument (42); `signal:N` kills itself instead.
    case diesMidCall = "dies-mid-call"
    /// Exits with status 43 once it has read its first message.
    case diesBeforeFirstAnswer = "dies-before-first-answer"
    /// Writes a line to standard error and exits, with the status of the argument (44).
    case exitsAtOnce = "exits-at-once"
    /// Answers the first `tools/call` without a newline after it and exits with 0.
    case lineWithoutNewlineAtExit = "line-without-newline-at-exit"

    // MARK: its standard error

    /// Writes the argument as a line at the start.
    case stderr = "stderr"
    /// Writes this many bytes (2 MiB) in lines of 100 before it reads anything.
    case floodsStderr = "floods-stderr"
    /// Writes this many bytes (2 MiB) without a newline before it reads anything.
    case endlessStderrLine = "endless-stderr-line"
    /// Writes the environment variable of that name as a line.
    case leaksEnvironment = "leaks-env"

    // MARK: its standard output

    /// A byte order mark, text, blank lines and CRLF: before its first answer junk, and CRLF after every line.
    case printsJunk = "prints-junk"
    /// Closes standard output at the first `tools/call` and goes on.
    case closesStdout = "closes-stdout"
    case answersTwice = "answers-twice"
    /// A response with an id nobody used comes before every answer.
    case answersUnknownID = "answers-unknown-id"
    /// A progress notification with the request's token follows every answer.
    case progressAfterResponse = "progress-after-response"
    /// Ids come back spelled differently: every character of a string as \uXXXX, 0 as -0; with the
    /// argument `fraction` N as N.0.
    case respellsIDs = "respells-ids"
    /// Every answer to `tools/call` is a line of exactly this many bytes, newline not counted.
    case lineOf = "line-of"
    /// Every line is written byte by byte where it is not ASCII, with a pause after each such byte.
    case splitUTF8 = "split-utf8"
    /// After the first message: notifications of 1 KiB without end, as fast as they are taken.
    case chatters = "chatters"
    /// Sends a request of its own, `roots/list` with id 1, before it reads anything.
    case asksAtStart = "asks-at-start"

    // MARK: its standard input

    /// Never reads.
    case neverReads = "never-reads"
    /// Begins to read after this many milliseconds (200).
    case slowStart = "slow-start"
    /// Never answers arrays. Every server of this file is so; the name is for tests to say what they rely on.
    case batchHater = "batch-hater"
    /// Every result is `{"raw":LINE}`, the line as it was read, as a JSON string.
    case echoesRaw = "echoes-raw"
    /// Every result has a member `lines`: how many lines were read.
    case countsLines = "counts-lines"
    /// Every line is appended to this file as it was read.
    case record = "record"

    // MARK: what it tells

    /// Appends its pid as a line to this file at the start.
    case pidfile = "pidfile"
}
