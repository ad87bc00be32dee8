// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What is fuzzed, by its name. `Fuzz/run` has a list with the same names, each with its dictionary.
private let targets: [String: @Sendable (UnsafeRawBufferPointer) -> Void] = [
    "addresses": fuzzAddresses,
    "base64": fuzzBase64,
    "configuration": fuzzConfiguration,
    "envelope": fuzzEnvelope,
    "event-stream": fuzzEventStream,
    "forwarded": fuzzForwarded,
    "frames": fuzzFrames,
    "handshake": fuzzHandshake,
    "lines": fuzzLines,
    "members": fuzzMembers,
    "proxy-header": fuzzProxyHeader,
    "server-frames": fuzzServerFrames,
    "settings": fuzzSettings,
    "stderr": fuzzStandardError,
    "templates": fuzzTemplates,
    "tools": fuzzTools,
]

// Written once, before the first input.
private nonisolated(unsafe) var target: (UnsafeRawBufferPointer) -> Void = { _ in }

/// Called by libFuzzer once: the target is the one after which the program is called, so that what libFuzzer starts
/// itself (to minimise, to merge) fuzzes the same.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> Int32 {
    let name = String(cString: arguments.pointee[0]).split(separator: "/").last.map(String.init) ?? ""
    guard let named = targets[name] else {
        say("fuzz: call the program by the name of a target: \(targets.keys.sorted().joined(separator: ", "))")
        exit(64)
    }
    target = named
    return 0
}

/// Called by libFuzzer for each input. The bytes lie in memory of their own size, so that AddressSanitizer sees a read
/// beyond them.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    target(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
