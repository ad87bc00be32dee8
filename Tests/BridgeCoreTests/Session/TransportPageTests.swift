// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Foundation
import Testing

/// docs/transport.md is what authors of clients rely on: it must name every close code, cause and refusal.
@Suite struct TransportPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private let page: String

    init() throws {
        self.page = try String(contentsOf: Self.root.appending(path: "docs/transport.md"), encoding: .utf8)
    }

    private static let ends: [SessionEnd] = [
        .protocolFailure(ProtocolFailure(.protocolError, "")),
        .protocolFailure(ProtocolFailure(.unsupportedData, "")),
        .protocolFailure(ProtocolFailure(.invalidPayload, "")),
        .protocolFailure(ProtocolFailure(.messageTooBig, "")),
        .idle,
        .tooOld,
        .credentialExpired,
        .draining,
        .serverRemoved, .closedByOperator,
        .invalidFlood,
        .clientStalled,
        .serverStalled,
        .serverExited(.exited(0)),
        .serverExited(.exited(1)),
        .serverExited(.signaled(9, coreDumped: false)),
        .serverExited(.outOfMemory),
        .serverNotRestarted,
        .serverCrashLoop(""),
        .serverClosedOutput,
        .lineTooLong(limit: 1),
        .bridgeFault(""),
    ]

    @Test(
        "R34: the page has each close code of the bridge and each cause that requests in flight are answered with",
        arguments: ends
    )
    func documentsEnd(_ end: SessionEnd) throws {
        let code = try #require(end.closeCode)
        let reply = try #require(end.reply(stderr: []))
        #expect(self.page.contains("\n| \(code) | "))
        #expect(self.page.contains("`\(reply.cause)`"))
        for datum in reply.data { #expect(self.page.contains("`\(datum.key)`")) }
    }

    /// The causes of answers to single messages stand as literals in the session's source.
    @Test("R34: the page has each cause that a single message is answered with")
    func documentsCauses() throws {
        let folder = Self.root.appending(path: "Sources/BridgeCore/Session")
        var causes: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /(?:cause: |refuse\("(?:[^"\\]|\\.)*", |message, )"([a-z_]+)"/) {
                causes.insert(String(match.1))
            }
        }
        #expect(causes.isSuperset(of: ["not_json", "duplicate_key", "response_too_large", "line_too_long"]))
        for cause in causes.sorted() { #expect(self.page.contains("`\(cause)`"), "\(cause)") }
    }

    @Test("R34: the page has each refusal of a handshake, with its status", arguments: HandshakeRejection.Code.allCases)
    func documentsRefusal(_ code: HandshakeRejection.Code) {
        #expect(self.page.contains("\n| \(code.status) | `\(code.rawValue)` |"))
    }
}
