// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The command mcp-wsload")
struct CommandLineTests {
    private struct Run {
        let status: Int32
        let output: String
        let error: String

        /// The report, if there is one.
        var report: [String: Any]? {
            try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        }
    }

    /// The command stands beside the running test program.
    private static let executable: URL = {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("mcp-wsload")
    }()

    /// Runs the command to its end; `input` is all of its standard input. What it writes must fit into a pipe.
    private static func run(_ arguments: [String], input: String = "") throws -> Run {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        let (standardInput, output, error) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = error
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complained = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus,
            output: String(decoding: said, as: UTF8.self),
            error: String(decoding: complained, as: UTF8.self)
        )
    }

    @Test(
        "Usage errors exit with 2, and say what is wrong on standard error alone",
        arguments: [
            ([], "Say where"), (["--bogus"], "--bogus"), (["ws://127.0.0.1:1/", "--mode", "loud"], "loud"),
            (["ws://10.0.0.1:1/"], "loopback"), (["ws://127.0.0.1:1/", "--stdio"], "not both"),
            (["ws://127.0.0.1:1/", "--", "cat"], "--stdio"), (["--stdio"], "--stdio"),
            (["ws://127.0.0.1:1/", "--slow-rate", "9"], "--slow"), (["wss://127.0.0.1:1/", "--slow", "1"], "ws://"),
            (["ws://127.0.0.1:1/", "--settle=-1"], "--settle"),
            (["ws://127.0.0.1:1/", "-c", "0"], "--connections"), (["ws://127.0.0.1:1/", "-c", "x"], "x"),
        ] as [([String], String)]
    )
    func usage(_ arguments: [String], _ words: String) throws {
        let run = try Self.run(arguments)
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.error.contains(words))
    }

    @Test("Help is no error")
    func help() throws {
        let run = try Self.run(["--help"])
        #expect(run.status == 0)
        #expect(run.output.contains("--in-flight"))
    }

    @Test("A refused connect exits with 1: a report, and a line that says so")
    func refused() throws {
        let server = try ScriptedEcho { _, _ in .hangUp }
        let url = server.url
        server.stop()
        // Its port stays taken meanwhile.
        let run = try withExtendedLifetime(server) { try Self.run([url]) }
        #expect(run.status == 1)
        #expect(run.report?["refused"] as? Int == 1)
        #expect(run.error.contains("Connection refused"))
    }

    @Test("Each option reaches the run, which exits with 0")
    func options() throws {
        let run = try Self.run([
            "--echo-check", "raw", "-c", "2", "-f", "3", "-s", "300", "-n", "60", "-w", "10", "-d", "5", "--burst",
            "--settle", "0.01", "--method", "tools/call", "--timeout", "5", "--stdio", "--", "cat",
        ])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.isEmpty)
        for (name, value) in ["connections": 2, "in_flight": 3, "size": 300, "done": 60, "errors": 0] {
            #expect(run.report?[name] as? Int == value, "\(name)")
        }
    }

    @Test("With --sync the driver is told of the measured part, and lets it begin and end")
    func synchronised() throws {
        let arguments = ["--sync", "--echo-check", "raw", "-n", "5", "--stdio", "--", "cat"]
        let run = try Self.run(arguments, input: "go\ngo\n")
        #expect(run.status == 0)
        #expect(run.error == "START\nSTOP\n")
        #expect(run.report?["done"] as? Int == 5)
    }

    @Test("Idle connections are announced, with and without --sync", arguments: [[], ["--sync"]])
    func idle(_ more: [String]) throws {
        let arguments = ["--mode", "idle", "-c", "3", "--hold", "0.01", "--echo-check", "raw"]
        let run = try Self.run(arguments + more + ["--stdio", "--", "cat"])
        #expect(run.status == 0)
        #expect(run.error == "READY\nHELD\n")
        #expect(run.report?["done"] as? Int == 3)
    }
}
