// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A request on its way to the log, where that tells of each: who asked for what, and in which trace, but not with what.
package struct LoggedRequest: Sendable, Equatable {
    /// As the client spells it, its beginning.
    package let id: String
    /// Likewise.
    package let method: String
    /// Of the tool or prompt; nil where the request names none.
    package let name: String?
    /// What its `_meta` says it belongs to (SEP-414).
    package let trace: TraceParent?
}

extension Session {
    /// Notes a request that goes to the server.
    mutating func log(
        _ id: Envelope.Value,
        _ method: Envelope.Value,
        _ envelope: Envelope,
        in text: UnsafeRawBufferPointer
    ) {
        self.loggedRequests.append(
            LoggedRequest(
                id: Denial.shown(Array(text[id.range]), .tool),
                method: Denial.shown(Array(text[method.contents]), .tool),
                name: envelope.name.flatMap {
                    $0.kind == .string ? Denial.shown(Array(text[$0.contents]), .tool) : nil
                },
                trace: envelope.trace(in: text)
            )
        )
    }

    /// The requests since this was last asked.
    package mutating func takeRequests() -> [LoggedRequest] {
        defer { self.loggedRequests = [] }
        return self.loggedRequests
    }
}

extension Envelope {
    /// The trace that the message says it belongs to (SEP-414). Looked for only when somebody wants to know.
    func trace(in text: UnsafeRawBufferPointer) -> TraceParent? {
        guard let params, params.kind == .object,
            let meta = ObjectMembers.text(of: "_meta", in: UnsafeRawBufferPointer(rebasing: text[params.range])),
            meta.first == UInt8(ascii: "{")
        else { return nil }
        return ObjectMembers.string(of: "traceparent", in: meta).flatMap { TraceParent($0) }
    }
}
