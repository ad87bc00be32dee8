// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Histogram
import Synchronization
import Testing

@testable import LoadGenerator

@Suite("Runs against servers of each kind")
struct GeneratorTests {
    private static func report(
        _ server: ScriptedEcho,
        _ change: (inout LoadOptions) -> Void = { _ in }
    ) throws -> LoadReport {
        defer { server.stop() }
        var options = LoadOptions(target: .webSocket(try LoopbackURL(parsing: server.url)))
        options.messages = 20
        options.timeout = 5
        change(&options)
        try options.validate()
        return try Generator(options).run()
    }

    private static func rightServer() throws -> ScriptedEcho {
        try ScriptedEcho { id, text in .send([ScriptedEcho.frame(ScriptedEcho.result(id, text))]) }
    }

    // MARK: - Right answers

    @Test(
        "Each shape of a closed loop: all requests are answered, on all connections",
        arguments: [(1, 1, false), (1, 16, false), (5, 4, false), (3, 8, true)]
    )
    func closedLoop(_ connections: Int, _ inFlight: Int, _ isBurst: Bool) throws {
        let server = try Self.rightServer()
        let report = try Self.report(server) { options in
            options.connections = connections
            options.inFlight = inFlight
            options.isBurst = isBurst
            options.messages = 240
            options.warmUp = 30
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 240)
        #expect(report.latencies.totalCount == 240)
        #expect(report.setups == connections)
        #expect(report.setupLatencies.totalCount == UInt64(connections))
        #expect(server.acceptedCount == connections)
        #expect(server.whatWasOdd.isEmpty)
    }

    @Test("An open loop sends what is due, and counts from then", arguments: [1, 3])
    func openLoop(_ connections: Int) throws {
        let report = try Self.report(try Self.rightServer()) { options in
            options.connections = connections
            options.rate = 2000
            options.messages = 200
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 200)
        #expect(report.latencies.totalCount == 200)
        // The last of 200 is due 99.5 ms after the first.
        #expect(report.duration >= 99_500_000)
    }

    @Test("Sizes beyond every buffer, several at a time", arguments: [1000, 65_536, 300_000, 1_100_000])
    func sizes(_ size: Int) throws {
        let report = try Self.report(try Self.rightServer()) { options in
            options.size = size
            options.inFlight = 2
            options.messages = 4
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 4)
        #expect(report.bytesSent == 4 * size)
    }

    @Test("Pings, without initialize")
    func pings() throws {
        let server = try ScriptedEcho { id, _ in
            .send([ScriptedEcho.frame("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{}}")])
        }
        let report = try Self.report(server) { options in
            options.method = .ping
            options.initializes = false
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 20)
    }

    /// Ways to send the same answer.
    enum Form: CaseIterable, Sendable {
        case fragments
        case byteByByte
        case otherOrder
        case notificationsBetween
        case alternating

        func bytes(_ id: String, _ text: String) -> [[UInt8]] {
            let plain = ScriptedEcho.result(id, text)
            let other = """
                { "result": {"content": [ {"text": "\(text)", "type": "text"} ]}, "jsonrpc": "2.0", "id": \(id) }
                """
            switch self {
            case .fragments:
                let bytes = Array(plain.utf8)
                return [
                    ScriptedEcho.frame(0x01, Array(bytes[..<30])), ScriptedEcho.frame(0x89, [0x70]),
                    ScriptedEcho.frame(0x00, []), ScriptedEcho.frame(0x00, Array(bytes[30..<40])),
                    ScriptedEcho.frame(0x80, Array(bytes[40...])),
                ]
            case .byteByByte: return ScriptedEcho.frame(plain).map { [$0] }
            case .otherOrder: return [ScriptedEcho.frame(other)]
            case .notificationsBetween:
                let notification = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}"
                return [ScriptedEcho.frame(notification) + ScriptedEcho.frame(plain) + ScriptedEcho.frame(notification)]
            case .alternating: return [ScriptedEcho.frame((Int(id) ?? 0) % 2 == 0 ? plain : other)]
            }
        }
    }

    @Test("Answers in fragments, over several reads, in another order of members", arguments: Form.allCases)
    func forms(_ form: Form) throws {
        let server = try ScriptedEcho { id, text in .send(form.bytes(id, text)) }
        let report = try Self.report(server) { options in
            options.connections = 2
            options.inFlight = 3
            options.messages = 60
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 60)
        #expect(server.whatWasOdd.isEmpty)
    }

    // MARK: - Other modes

    @Test("Churn opens, initializes and closes, as often as asked")
    func churn() throws {
        let server = try Self.rightServer()
        let report = try Self.report(server) { options in
            options.mode = .churn
            options.connections = 3
            options.messages = 30
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 30)
        #expect(report.setups == 30)
        #expect(server.acceptedCount == 30)
        #expect(server.whatWasOdd.isEmpty)
    }

    @Test("A storm is one connect and one request each; idle connections are held after one round trip")
    func stormAndIdle() throws {
        for mode in [LoadOptions.Mode.storm, .idle] {
            let server = try Self.rightServer()
            let report = try Self.report(server) { options in
                options.mode = mode
                options.connections = 40
                options.messages = nil
                options.hold = 0.01
            }
            #expect(report.failures.areNone, "\(report.failures.first)")
            #expect(report.done == 40)
            #expect(report.setups == 40)
            #expect(server.acceptedCount == 40)
        }
    }

    @Test("What settles is put on and not counted, in a closed loop and in an open one", arguments: [nil, 2000.0])
    func settle(_ rate: Double?) throws {
        let asked = Mutex(0)
        let server = try ScriptedEcho { id, text in
            asked.withLock { $0 += 1 }
            return .send([ScriptedEcho.frame(ScriptedEcho.result(id, text))])
        }
        let report = try Self.report(server) { options in
            options.connections = 2
            options.rate = rate
            options.settle = 0.05
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 20)
        #expect(report.latencies.totalCount == 20)
        #expect(report.bytesSent == 20 * report.size)
        // Of the open loop those are a hundred.
        #expect(asked.withLock { $0 } > (rate == nil ? 20 : 119))
    }

    @Test(
        "Over a child's pipes, which give back what they get",
        arguments: [(1, 1, 200), (3, 8, 200), (2, 2, 300_000)]
    )
    func command(_ connections: Int, _ inFlight: Int, _ size: Int) throws {
        var options = LoadOptions(target: .command(["cat"]))
        options.echoCheck = .raw
        options.connections = connections
        options.inFlight = inFlight
        options.size = size
        options.messages = 30
        let report = try Generator(options).run()
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 30)
        #expect(report.bytesReceived == 30 * size)
    }

    // MARK: - Wrong answers

    /// What a server may do wrong.
    enum Wrong: CaseIterable, Sendable {
        case otherID
        case idAsString
        case idAsFraction
        case otherText
        case otherConnection
        case shortText
        case twice
        case error
        case toolError
        case notJSON
        case masked
        case binary
        case closes
        case hangsUp
        case silent

        func act(_ id: String, _ text: String) -> ScriptedEcho.Act {
            let right = ScriptedEcho.frame(ScriptedEcho.result(id, text))
            switch self {
            case .otherID: return .send([ScriptedEcho.frame(ScriptedEcho.result("1999999999", text))])
            case .idAsString: return .send([ScriptedEcho.frame(ScriptedEcho.result("\"\(id)\"", text))])
            case .idAsFraction: return .send([ScriptedEcho.frame(ScriptedEcho.result(id + ".0", text))])
            case .otherText:
                return .send([ScriptedEcho.frame(ScriptedEcho.result(id, text.replacing("abc", with: "abd")))])
            case .otherConnection:
                return .send([ScriptedEcho.frame(ScriptedEcho.result(id, text.replacing("c0000", with: "c0001")))])
            case .shortText: return .send([ScriptedEcho.frame(ScriptedEcho.result(id, String(text.dropLast())))])
            case .twice: return .send([right + right])
            case .error:
                let error = "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":-32603,\"message\":\"no\"}}"
                return .send([ScriptedEcho.frame(error)])
            case .toolError:
                let result = ScriptedEcho.result(id, text).replacing("false", with: "true")
                return .send([ScriptedEcho.frame(result)])
            case .notJSON: return .send([ScriptedEcho.frame("oops")])
            case .masked: return .send([[0x81, 0x81, 0, 0, 0, 0, 0x61]])
            case .binary: return .send([ScriptedEcho.frame(0x82, [1, 2])])
            case .closes: return .send([ScriptedEcho.frame(0x88, [0x03, 0xE9])])
            case .hangsUp: return .hangUp
            case .silent: return .send([])
            }
        }

        /// Which count must show it.
        func isCounted(in failures: Failures) -> Bool {
            switch self {
            case .otherID, .idAsString, .idAsFraction, .otherText, .otherConnection, .shortText, .twice, .error,
                .toolError, .notJSON:
                failures.mismatched > 0
            case .masked, .binary, .silent: failures.errors > 0 && failures.lost > 0
            case .closes, .hangsUp: failures.closedEarly > 0 && failures.lost > 0
            }
        }
    }

    @Test(
        "What a server does wrong is noticed and named, from the first answer or after right ones",
        arguments: Wrong.allCases
    )
    func wrong(_ wrong: Wrong) throws {
        for (inFlight, rightOnes) in [(1, 0), (4, 8)] {
            // By its ninth answer the generator compares with what right ones look like.
            let server = try ScriptedEcho { id, text in
                guard let number = Int(id), number - Int(MessageTemplate.firstID) >= rightOnes else {
                    return .send([ScriptedEcho.frame(ScriptedEcho.result(id, text))])
                }
                return wrong.act(id, text)
            }
            let report = try Self.report(server) { options in
                options.timeout = 0.3
                options.inFlight = inFlight
                options.messages = 40
            }
            #expect(wrong.isCounted(in: report.failures), "\(report.failures)")
            #expect(report.failures.first.hasPrefix("connection 0: ") || wrong == .silent)
        }
    }

    @Test("A server that does not send the very message back is no raw echo")
    func notRaw() throws {
        let report = try Self.report(try Self.rightServer()) { options in
            options.echoCheck = .raw
            options.timeout = 0.3
        }
        #expect(report.failures.mismatched > 0)
        #expect(report.done == 0)
    }

    @Test(
        "Handshakes that fail are refusals or errors, with the server's words",
        arguments: [
            ("HTTP/1.1 503 Service Unavailable\r\n\r\nat capacity", "at capacity"),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "Sec-WebSocket-Accept"),
        ]
    )
    func handshakes(_ head: String, _ words: String) throws {
        let server = try ScriptedEcho(head: head) { _, _ in .hangUp }
        let report = try Self.report(server) { $0.connections = 2 }
        #expect(report.failures.refused + report.failures.errors == 2)
        #expect(report.failures.first.contains(words))
        #expect(report.done == 0)
    }

    @Test("Nobody listens: refused, with the address", arguments: LoadOptions.Mode.allCases)
    func nobody(_ mode: LoadOptions.Mode) throws {
        let server = try Self.rightServer()
        let url = server.url
        server.stop()
        var options = LoadOptions(target: .webSocket(try LoopbackURL(parsing: url)))
        options.mode = mode
        options.duration = 0.2
        let report = try Generator(options).run()
        #expect(report.failures.refused > 0)
        #expect(report.failures.first.contains("127.0.0.1:\(server.port)"))
        #expect(report.failures.first.contains("refused"))
    }

    @Test("A command that is not there, or ends at once, is an error")
    func commands() throws {
        let missing = try Generator(LoadOptions(target: .command(["/nonexistent/server"]))).run()
        #expect(missing.failures.errors == 1)
        #expect(missing.failures.first.contains("/nonexistent/server"))
        let short = try Generator(LoadOptions(target: .command(["true"]))).run()
        #expect(short.failures.closedEarly == 1)
    }
}
