// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a run of the load generator is to do. Durations are in seconds, sizes in bytes.
package struct LoadOptions: Sendable {
    package enum Target: Sendable, Equatable {
        case webSocket(LoopbackURL)
        /// One child for each connection, spoken to over its standard input and output.
        case command([String])
    }

    package enum Mode: String, Sendable, CaseIterable {
        /// Requests for a while, or so many of them.
        case load
        /// Connections that do nothing after one round trip each.
        case idle
        /// Connect, initialize, close, again.
        case churn
        /// All connects begun at once, one request each.
        case storm
    }

    package enum Method: String, Sendable, CaseIterable {
        case call = "tools/call"
        case ping
    }

    /// What an answer has to be.
    package enum EchoCheck: String, Sendable, CaseIterable {
        /// An MCP server's answer to a call of its tool `echo`: the same text.
        case server
        /// The very message: a WebSocket echo without a server behind it.
        case raw
    }

    package var target: Target
    package var mode = Mode.load
    package var connections = 1
    /// Requests outstanding on each connection, in a closed loop.
    package var inFlight = 1
    /// About the size of each request.
    package var size = 200
    /// Requests in all; nil for no such end.
    package var messages: Int?
    /// nil for no such end.
    package var duration: Double?
    /// Requests in all before the measured part.
    package var warmUp = 0
    /// Requests a second in all, in an open loop; nil for a closed one.
    package var rate: Double?
    package var method = Method.call
    /// Closed loop: all answers of a connection are awaited before the next requests go out, in one write.
    package var isBurst = false
    /// How long the load goes on before the measured part, behind the warm-up, so that what a start causes is over.
    package var settle: Double = 0
    /// Connections besides that ask for much and read slowly or never.
    package var slow = 0
    /// What each of them reads in bytes a second; 0 for nothing, ever.
    package var slowRate = 0
    /// How long idle connections are held.
    package var hold: Double = 5
    /// How long nothing at all may happen.
    package var timeout: Double = 30
    /// Lines of the opening handshake, `Name: value`.
    package var headers: [String] = []
    /// Empty for none.
    package var subprotocol = "mcp"
    package var initializes = true
    package var echoCheck = EchoCheck.server
    /// Whether the driver is told of the measured part and decides when it goes on.
    package var isSynchronised = false

    package init(target: Target) {
        self.target = target
    }

    /// How long requests are sent, in a run that does not end by their number.
    static let defaultDuration: Double = 3
    /// The most connections that are set up at the same time, but for a storm: servers have a bound of their own.
    static let setupsAtOnce = 128
    /// The most requests outstanding on one connection in an open loop; what is due beyond waits, and its latency with it.
    static let openLoopWindow = 1024

    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Throws where options contradict each other or are out of range.
    package func validate() throws(Problem) {
        try Self.require(1...20_000, self.connections, "--connections")
        try Self.require(1...65_536, self.inFlight, "--in-flight")
        try Self.require(1...(64 << 20), self.size, "--size")
        try Self.require(0...1_000_000_000, self.warmUp, "--warm-up")
        try Self.require(0...1000, self.slow, "--slow")
        try Self.require(0...(64 << 20), self.slowRate, "--slow-rate")
        if let messages = self.messages { try Self.require(1...1_000_000_000, messages, "--messages") }
        for (seconds, name) in [(self.duration, "--duration"), (self.timeout, "--timeout"), (self.hold, "--hold")] {
            guard let seconds else { continue }
            // The comparison is false for NaN too.
            guard seconds > 0, seconds <= 86_400 else { throw Problem(description: "\(name): 0 to 86400 seconds.") }
        }
        guard self.settle >= 0, self.settle <= 86_400 else {
            throw Problem(description: "--settle: 0 to 86400 seconds.")
        }
        guard self.settle == 0 || self.mode == .load else {
            throw Problem(description: "--settle goes with mode load.")
        }
        if let rate = self.rate {
            guard rate > 0, rate <= 10_000_000 else { throw Problem(description: "--rate: 0 to 10000000 a second.") }
            guard self.mode == .load, !self.isBurst else {
                throw Problem(description: "--rate goes with mode load and without --burst.")
            }
        }
        if self.slow > 0 {
            guard self.mode == .load, case .webSocket(let url) = self.target, !url.isSecure, self.echoCheck == .server
            else {
                throw Problem(description: "--slow goes with mode load and a ws:// URL with a server behind it.")
            }
        }
        guard self.slowRate == 0 || self.slow > 0 else { throw Problem(description: "--slow-rate goes with --slow.") }
        if case .command(let words) = self.target {
            guard let program = words.first, !program.isEmpty else {
                throw Problem(description: "--stdio wants a command: --stdio -- COMMAND ARGUMENT ...")
            }
            guard self.headers.isEmpty else { throw Problem(description: "--header goes with a WebSocket URL.") }
        }
        for header in self.headers { try Self.requireField(header) }
        guard self.subprotocol.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") }) else {
            throw Problem(description: "--subprotocol: one name, without spaces and commas.")
        }
    }

    private static func require(_ range: ClosedRange<Int>, _ value: Int, _ name: String) throws(Problem) {
        guard range.contains(value) else {
            throw Problem(description: "\(name): \(range.lowerBound) to \(range.upperBound).")
        }
    }

    /// A line end in a field would be a field of its own.
    private static func requireField(_ line: String) throws(Problem) {
        let bytes = line.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw Problem(description: "--header '\(line)': want 'Name: value'.") }
    }
}
