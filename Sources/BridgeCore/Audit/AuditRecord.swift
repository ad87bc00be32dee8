// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One line of the audit record (R77): a connection that has ended, or something that was kept out.
///
/// Says what the log says of the same event, under the same names, and never more: neither a token, nor a query, nor a
/// header but Origin (R73). All that clients had a hand in is cut and escaped.
package struct AuditRecord: Sendable {
    /// Who is at the other end, as far as it is known.
    package struct Client: Sendable {
        /// Nil where nobody has been asked yet.
        package var principal: Principal?
        /// Where it is, as the log has it.
        package var peer: String
        /// What the request's Origin header says, whether it is one or not.
        package var origin: String?
        /// The version of TLS; nil without.
        package var tls: String?
        /// The name of the client's certificate by which it was let in.
        package var certificate: CertificateName?

        package init(
            principal: Principal?,
            peer: String,
            origin: String?,
            tls: String? = nil,
            certificate: CertificateName? = nil
        ) {
            self.principal = principal
            self.peer = peer
            self.origin = origin
            self.tls = tls
            self.certificate = certificate
        }
    }

    /// A connection that is over.
    package struct Connection: Sendable {
        package let id: String
        package let server: String
        /// Of the server's process; nil where there is none.
        package let pid: Int32?
        package let end: SessionEnd
        package let closeCode: CloseCode
        /// From the answer to the handshake to the end of the client's channel.
        package let milliseconds: Int64
        package let counters: Session.Counters

        package init(
            id: String,
            server: String,
            pid: Int32?,
            end: SessionEnd,
            closeCode: CloseCode,
            milliseconds: Int64,
            counters: Session.Counters
        ) {
            self.id = id
            self.server = server
            self.pid = pid
            self.end = end
            self.closeCode = closeCode
            self.milliseconds = milliseconds
            self.counters = counters
        }
    }

    package enum Event: Sendable {
        case connection(Connection)
        /// A handshake that was answered with something else than 101.
        ///
        /// - server: whose path was asked for, where there is one.
        case refused(HandshakeRejection, server: String?)
        /// A handshake of TLS that came to nothing, with the words for it.
        case refusedTLS(reason: String)
        /// Something that the policy of a server kept from it.
        case denied(Denial, connection: String, server: String)
        /// An operator is shown the messages of a connection.
        case tapped(by: String, connection: String, server: String)
        /// Denied things of one connection that are beyond the rate.
        case deniedMore(count: Int, connection: String, server: String)
    }

    package let time: Timestamp
    package let client: Client
    package let event: Event

    package init(time: Timestamp, client: Client, event: Event) {
        self.time = time
        self.client = client
        self.event = event
    }

    /// Whether it counts against the rate of refusals.
    var isRefusal: Bool {
        switch self.event {
        case .refused, .refusedTLS: true
        case .connection, .denied, .deniedMore, .tapped: false
        }
    }

    /// Appends the record as a line of JSON, its LF included.
    package func append(to output: inout [UInt8]) {
        var line = AuditLine(self.time, self.event.name)
        switch self.event {
        case .connection(let connection):
            line.append("connection", connection.id)
            line.append("server", connection.server)
            self.append(self.client, to: &line)
            line.append("pid", connection.pid)
            line.append("cause", connection.end.cause)
            line.append("close_code", connection.closeCode.rawValue)
            line.append("duration_ms", connection.milliseconds)
            line.append("messages_in", connection.counters.messagesFromClient)
            line.append("messages_out", connection.counters.messagesToClient)
            line.append("bytes_in", connection.counters.bytesFromClient)
            line.append("bytes_out", connection.counters.bytesToClient)
            line.append("refused", connection.counters.refused)
            line.append("denied", connection.counters.denied)
            line.append("dropped", connection.counters.dropped)
            line.append("skipped", connection.counters.skipped)
        case .refused(let rejection, let server):
            line.append("server", server)
            self.append(self.client, to: &line)
            line.append("status", rejection.status)
            line.append("reason", rejection.code.rawValue)
            line.append("fault", rejection.fault?.rawValue)
        case .refusedTLS(let reason):
            self.append(self.client, to: &line)
            line.append("reason", "tls_handshake_failed")
            line.append("fault", reason)
        case .denied(let denial, let connection, let server):
            line.append("connection", connection)
            line.append("server", server)
            self.append(self.client, to: &line)
            line.append("kind", "\(denial.kind)")
            line.append("method", denial.method)
            line.append("name", denial.name)
            line.append("trace_id", denial.trace?.traceID)
        case .tapped(let by, let connection, let server):
            line.append("connection", connection)
            line.append("server", server)
            self.append(self.client, to: &line)
            line.append("operator", by)
        case .deniedMore(let count, let connection, let server):
            line.append("connection", connection)
            line.append("server", server)
            self.append(self.client, to: &line)
            line.append("of", "denied")
            line.append("cause", "rate")
            line.append("count", count)
        }
        line.finish(into: &output)
    }

    private func append(_ client: Client, to line: inout AuditLine) {
        line.append("principal", client.principal?.description)
        line.append("peer", client.peer)
        // Of what is no origin at all neither user nor query, which may be secrets.
        line.append("origin", client.origin.map { Denial.shown(Array($0.utf8), .resource) })
        line.append("tls", client.tls)
        line.append("client_name", client.certificate?.description)
    }
}

extension AuditRecord.Event {
    fileprivate var name: String {
        switch self {
        case .connection: "connection"
        case .refused, .refusedTLS: "refused"
        case .denied: "denied"
        case .deniedMore: "omitted"
        case .tapped: "tapped"
        }
    }
}

/// A line of the audit record while it is written: members in the order of the calls, without those that are nil.
struct AuditLine {
    /// The most of a text that is written, in bytes of UTF-8: more than the longest name in a certificate.
    static let textLimit = 2_304

    private var bytes: [UInt8] = []

    init(_ time: Timestamp, _ event: String) {
        self.bytes.reserveCapacity(512)
        self.bytes.append(contentsOf: "{\"time\":\"\(time)\",\"event\":\"\(event)\"".utf8)
    }

    mutating func append(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.appendName(name)
        JSONString.appendVisible(text, atMost: Self.textLimit, to: &self.bytes)
    }

    mutating func append(_ name: StaticString, _ number: (some BinaryInteger)?) {
        guard let number else { return }
        self.appendName(name)
        self.bytes.append(contentsOf: String(number).utf8)
    }

    private mutating func appendName(_ name: StaticString) {
        self.bytes.append(contentsOf: ",\"\(name)\":".utf8)
    }

    func finish(into output: inout [UInt8]) {
        output.append(contentsOf: self.bytes)
        output.append(contentsOf: "}\n".utf8)
    }
}
