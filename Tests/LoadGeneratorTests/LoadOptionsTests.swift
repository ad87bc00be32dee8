// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

@Suite("Which options make a run")
struct LoadOptionsTests {
    private static func options(_ change: (inout LoadOptions) -> Void) throws -> LoadOptions {
        var options = LoadOptions(target: .webSocket(try LoopbackURL(parsing: "ws://127.0.0.1:1/")))
        change(&options)
        return options
    }

    @Test("The defaults, and the extremes, are valid")
    func valid() throws {
        try Self.options { _ in }.validate()
        try Self.options { options in
            options.connections = 20_000
            options.size = 16 << 20
            options.rate = 0.5
            options.slow = 3
            options.slowRate = 1
            options.settle = 0.5
            options.headers = ["Authorization: Bearer x"]
            options.subprotocol = ""
        }.validate()
        try Self.options { $0.target = .command(["cat"]) }.validate()
    }

    /// A change that makes options invalid.
    struct Change: Sendable, CustomTestStringConvertible {
        /// The option that the problem has to name.
        let name: String
        let apply: @Sendable (inout LoadOptions) -> Void

        init(_ name: String, _ apply: @escaping @Sendable (inout LoadOptions) -> Void) {
            self.name = name
            self.apply = apply
        }

        var testDescription: String { name }

        static let all: [Change] = [
            Change("--connections") { $0.connections = 0 }, Change("--connections") { $0.connections = 20_001 },
            Change("--in-flight") { $0.inFlight = 0 }, Change("--size") { $0.size = 0 },
            Change("--messages") { $0.messages = 0 }, Change("--duration") { $0.duration = 0 },
            Change("--duration") { $0.duration = .nan }, Change("--timeout") { $0.timeout = .infinity },
            Change("--hold") { $0.hold = -1 }, Change("--rate") { $0.rate = 0 }, Change("--rate") { $0.rate = .nan },
            Change("--warm-up") { $0.warmUp = -1 }, Change("--slow") { $0.slow = -1 },
            Change("--rate") { ($0.rate, $0.isBurst) = (1, true) },
            Change("--rate") { ($0.rate, $0.mode) = (1, .storm) },
            Change("--slow") { ($0.slow, $0.mode) = (1, .idle) },
            Change("--slow") { ($0.slow, $0.echoCheck) = (1, .raw) },
            Change("--slow-rate") { ($0.slow, $0.slowRate) = (1, -1) }, Change("--slow-rate") { $0.slowRate = 1 },
            Change("--settle") { $0.settle = -1 }, Change("--settle") { $0.settle = .nan },
            Change("--settle") { ($0.settle, $0.mode) = (1, .idle) },
            Change("--stdio") { $0.target = .command([]) },
            Change("--header") { ($0.target, $0.headers) = (.command(["cat"]), ["A: b"]) },
            Change("--header") { $0.headers = ["no colon"] }, Change("--header") { $0.headers = [": value"] },
            Change("--header") { $0.headers = ["A: b\r\nC: d"] }, Change("--subprotocol") { $0.subprotocol = "a b" },
            Change("--subprotocol") { $0.subprotocol = "a\r\nb" },
        ]
    }

    @Test("What is out of range or contradicts itself is a usage error that names the option", arguments: Change.all)
    func invalid(_ change: Change) throws {
        let options = try Self.options(change.apply)
        let problem = #expect(throws: LoadOptions.Problem.self) { try options.validate() }
        #expect(problem?.description.hasPrefix(change.name) == true)
    }
}
