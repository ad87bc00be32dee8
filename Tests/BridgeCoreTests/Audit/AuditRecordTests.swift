// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Records of the audit")
struct AuditRecordTests {
    private static let time = Timestamp(seconds: 1_795_403_569, milliseconds: 57)

    private static func client(_ name: String = "ci", origin: String? = nil) -> AuditRecord.Client {
        AuditRecord.Client(principal: Principal(kind: .token, name: name), peer: "127.0.0.1:5", origin: origin)
    }

    private static func line(_ event: AuditRecord.Event, of client: AuditRecord.Client = Self.client()) -> String {
        var bytes: [UInt8] = []
        AuditRecord(time: Self.time, client: client, event: event).append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("R77: a connection's record says who, origin, server, pid, counts, bytes, duration, close code")
    func connection() {
        var counters = Session.Counters()
        counters.messagesFromClient = 1
        counters.messagesToClient = 2
        counters.bytesFromClient = 3
        counters.bytesToClient = 4
        counters.refused = 5
        counters.denied = 6
        counters.dropped = 7
        counters.skipped = 8
        let client = AuditRecord.Client(
            principal: Principal(kind: .certificate, name: "spiffe://x/a"),
            peer: "[::1]:5",
            origin: "https://app.example",
            tls: "1.3",
            certificate: CertificateName.uri(bytes: Array("spiffe://x/a".utf8))
        )
        let connection = AuditRecord.Connection(
            id: "0a",
            server: "git",
            pid: 9,
            end: .idle,
            closeCode: .normal,
            milliseconds: 10,
            counters: counters
        )
        #expect(
            Self.line(.connection(connection), of: client) == """
                {"time":"2026-11-23T03:12:49.057Z","event":"connection","connection":"0a","server":"git",\
                "principal":"certificate:spiffe://x/a","peer":"[::1]:5","origin":"https://app.example","tls":"1.3",\
                "client_name":"spiffe://x/a","pid":9,"cause":"idle_timeout","close_code":1000,"duration_ms":10,\
                "messages_in":1,"messages_out":2,"bytes_in":3,"bytes_out":4,"refused":5,"denied":6,"dropped":7,"skipped":8}

                """
        )
    }

    @Test("R77: what does not apply is left out of a record")
    func absent() {
        let connection = AuditRecord.Connection(
            id: "0a",
            server: "git",
            pid: nil,
            end: .clientGone,
            closeCode: .abnormal,
            milliseconds: 0,
            counters: Session.Counters()
        )
        let line = Self.line(.connection(connection))
        for name in ["pid", "origin", "tls", "client_name"] { #expect(!line.contains("\"\(name)\"")) }
        #expect(line.contains(#""cause":"client_gone","close_code":1006"#))
    }

    @Test("R77: a refusal says status, reason and fault, and of whom what is known")
    func refused() throws {
        let handshake = UnprovenHandshake(
            credential: nil,
            path: "/x",
            server: 0,
            subprotocol: nil,
            key: "",
            origin: nil,
            rules: AuthenticationRules(servers: ["x"])
        )
        let nobody = AuditRecord.Client(principal: nil, peer: "10.0.0.7:5", origin: "null")
        do throws(HandshakeRejection) {
            _ = try handshake.admit(.unknown(.wrongAudience))
            Issue.record("it was let in")
        } catch {
            #expect(
                Self.line(.refused(error, server: "x"), of: nobody) == """
                    {"time":"2026-11-23T03:12:49.057Z","event":"refused","server":"x","peer":"10.0.0.7:5","origin":"null",\
                    "status":401,"reason":"credential_invalid","fault":"wrong_audience"}

                    """
            )
        }
        #expect(
            Self.line(.refusedTLS(reason: "the client has no certificate"), of: nobody).hasSuffix(
                #""reason":"tls_handshake_failed","fault":"the client has no certificate"}"# + "\n"
            )
        )
    }

    @Test("R77: a denied thing is told with its connection, and so is the count of those beyond the rate")
    func denied() {
        let denial = Denial(.tool, method: "tools/call", name: Array("git_push".utf8))
        #expect(
            Self.line(.denied(denial, connection: "0a", server: "git")).hasSuffix(
                """
                "event":"denied","connection":"0a","server":"git","principal":"token:ci","peer":"127.0.0.1:5",\
                "kind":"tool","method":"tools/call","name":"git_push"}

                """
            )
        )
        #expect(
            Self.line(.deniedMore(count: 3, connection: "0a", server: "git")).contains(
                #""event":"omitted","connection":"0a""#
            )
        )
    }

    @Test(
        "R73, R77: whatever a client calls itself, a record is one line of JSON that gives it back",
        arguments: [
            "a\"b\\c", "a\nb\r\tc", "\u{0}\u{1B}[31m\u{7F}\u{85}\u{9B}", "a\u{202E}b\u{200B}\u{2028}\u{FEFF}",
            "é世\u{1F600}", "\u{E000}\u{10FFFF}", #"","event":"connection"#,
            String(decoding: [0xFF, 0x61], as: UTF8.self),
        ]
    )
    func hostile(name: String) throws {
        let line = Self.line(
            .denied(Denial(.tool, method: "x", name: nil), connection: "c", server: "s"),
            of: Self.client(name)
        )
        #expect(line.hasSuffix("}\n"))
        #expect(line.dropLast().unicodeScalars.allSatisfy { JSONString.isVisible($0) }, "\(line)")
        let object = try Self.object(line)
        #expect(object["principal"] as? String == "token:" + name)
        #expect(object["event"] as? String == "denied")
    }

    @Test("R73, R77: of an origin that is none neither user nor query is told, and of a long text its beginning")
    func bounded() throws {
        let secret = "https://me:canary@h/?t=canary#canary"
        let rejection = HandshakeRejection.malformed("x")
        let line = Self.line(.refused(rejection, server: nil), of: Self.client(origin: secret))
        #expect(!line.contains("canary"))
        #expect(try Self.object(line)["origin"] as? String == "https://…@h/?…")

        let long = String(repeating: "\u{1}", count: 1 << 20)
        let cut = Self.line(.refused(rejection, server: nil), of: Self.client(long, origin: long))
        #expect(cut.utf8.count < 20_000)
        let name = try #require(try Self.object(cut)["principal"] as? String)
        #expect(name.hasSuffix("\u{1}…") && name.utf8.count == AuditLine.textLimit + "…".utf8.count)
    }

    @Test("R77: a text is cut between two characters", arguments: 1...8)
    func cut(limit: Int) {
        var bytes: [UInt8] = []
        JSONString.appendVisible("é😀é", atMost: limit, to: &bytes)
        let expected = limit < 2 ? "…" : limit < 6 ? "é…" : limit < 8 ? "é😀…" : "é😀é"
        #expect(String(decoding: bytes, as: UTF8.self) == "\"\(expected)\"")
    }

    @Test("R77: times are those of RFC 3339 in UTC, as the C library has them")
    func times() {
        #expect(Timestamp(seconds: 0).description == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(seconds: -1, milliseconds: 7).description == "1969-12-31T23:59:59.007Z")
        #expect(Timestamp(seconds: 951_782_400).description == "2000-02-29T00:00:00.000Z")
        #expect(Timestamp(seconds: 253_402_300_799, milliseconds: 999).description == "9999-12-31T23:59:59.999Z")
        // A time of every month of four centuries and more.
        for seconds in stride(from: -3_000_000_000, to: 16_000_000_000, by: 2_600_001) {
            var time = time_t(seconds)
            var parts = tm()
            gmtime_r(&time, &parts)
            var text = [CChar](repeating: 0, count: 40)
            let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
            let expected = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            #expect(Timestamp(seconds: Int64(seconds)).description == expected + ".000Z")
        }
    }
}
