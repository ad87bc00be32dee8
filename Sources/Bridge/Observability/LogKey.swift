// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging

/// The names of the log's metadata, declared once.
enum LogKey {
    static let connection = "connection"
    static let server = "server"
    /// Where the client is.
    static let peer = "peer"
    /// The other end of the socket, where that is a trusted proxy that said where the client is.
    static let proxy = "proxy"
    /// The address of the listener, where there are several.
    static let listener = "listener"
    static let principal = "principal"
    static let fault = "fault"
    static let pid = "pid"
    static let cause = "cause"
    static let reason = "reason"
    static let closeCode = "close_code"
    static let durationMilliseconds = "duration_ms"
    static let messagesIn = "messages_in"
    static let messagesOut = "messages_out"
    static let bytesIn = "bytes_in"
    static let bytesOut = "bytes_out"
    static let refused = "refused"
    static let denied = "denied"
    static let dropped = "dropped"
    static let skipped = "skipped"
    static let limit = "limit"
    static let bytes = "bytes"
    static let status = "status"
    static let error = "error"
    static let stderr = "stderr"
    static let count = "count"
    static let signal = "signal"
    static let kind = "kind"
    static let method = "method"
    static let name = "name"
    static let tool = "tool"
    static let url = "url"
    /// Where the client's connection belongs in a trace (W3C Trace Context).
    static let traceID = "trace_id"
    static let spanID = "span_id"
    /// Of a request, as its client spells it.
    static let id = "id"
    /// The version of TLS with the client.
    static let tls = "tls"
    /// The name of the client's certificate by which it was let in.
    static let clientName = "client_name"
    static let files = "files"
    static let notAfter = "not_after"
    /// What a configuration that was read again has new, otherwise, or no more.
    static let serversAdded = "servers_added"
    static let serversChanged = "servers_changed"
    static let serversRemoved = "servers_removed"
    static let listenersAdded = "listeners_added"
    static let listenersChanged = "listeners_changed"
    static let listenersRemoved = "listeners_removed"
    static let settings = "settings"
    /// Who has ordered something at the admin address.
    static let operatorName = "operator"
}

extension Logger.Metadata {
    /// Which trace it belongs to, if to any.
    mutating func add(_ trace: TraceParent?) {
        guard let trace else { return }
        self[LogKey.traceID] = "\(trace.traceID)"
        self[LogKey.spanID] = "\(trace.spanID)"
    }
}
