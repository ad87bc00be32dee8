// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Why a session ends. The one place that says, for each end, which close code and reason the client gets, what its
/// in-flight requests are answered with, and what the log says (R21, R35, R38).
package enum SessionEnd: Sendable, Equatable {
    /// The client sent a close frame.
    case clientClosed(CloseCode?)
    /// The client's connection broke or ended without a close frame.
    case clientGone
    /// No pong in time (R18).
    case peerDead
    /// The client broke RFC 6455, or its message was too big (R14).
    case protocolFailure(ProtocolFailure)
    /// Nothing was said for `idle_timeout`.
    case idle
    /// `max_connection_age` has come.
    case tooOld
    /// What the client proved itself with is over (R9).
    case credentialExpired
    /// The daemon drains or stops (R44).
    case draining
    /// The configuration has no such server any more.
    case serverRemoved
    /// An operator has ended this one.
    case closedByOperator
    /// More than `max_invalid` invalid messages in a row (R24).
    case invalidFlood
    /// The client does not read (R46).
    case clientStalled
    /// The server does not read (R46).
    case serverStalled
    /// The server's process ended (R38).
    case serverExited(ChildExit)
    /// The server ended before, and could not be started again.
    case serverNotRestarted
    /// The server ended again and again, so that it is not started any more for this connection (R38).
    case serverCrashLoop(String)
    /// The server closed its stdout but lives (R45).
    case serverClosedOutput
    /// The server wrote a line over `max_line` that belongs to no known request (R40).
    case lineTooLong(limit: Int)
    /// The server, behind HTTP, has forgotten the session, and it cannot be replaced (R52).
    case sessionLost
    /// The event stream of HTTP+SSE ended, and the session with it (R64).
    case streamLost
    /// The bridge itself failed.
    case bridgeFault(String)
}

extension SessionEnd {
    /// The close code to send; nil where no close frame can or may be sent.
    package var closeCode: CloseCode? {
        switch self {
        case .clientClosed(let code): code ?? .noStatus
        case .clientGone, .peerDead: nil
        case .protocolFailure(let failure): failure.code
        case .idle, .tooOld, .serverClosedOutput, .serverExited(.exited(0)): .normal
        case .draining, .serverRemoved, .closedByOperator, .credentialExpired, .serverExited, .serverNotRestarted,
            .serverCrashLoop, .sessionLost, .streamLost:
            .goingAway
        case .invalidFlood, .clientStalled, .serverStalled: .policyViolation
        case .lineTooLong, .bridgeFault: .internalError
        }
    }

    /// The reason text of the close frame.
    package var reason: String {
        switch self {
        case .clientClosed: ""
        case .clientGone: "client gone"
        case .peerDead: "no pong in time"
        case .protocolFailure(let failure): failure.reason
        case .idle: "idle timeout"
        case .tooOld: "maximum connection age reached"
        case .credentialExpired: "credential expired"
        case .draining: "server is shutting down"
        case .serverRemoved: "MCP server is not served any more"
        case .closedByOperator: "closed by an operator"
        case .invalidFlood: "too many invalid messages in a row"
        case .clientStalled: "client does not read"
        case .serverStalled: "MCP server does not read"
        case .serverExited(let exit): "MCP server ended: \(exit)"
        case .serverNotRestarted: "MCP server could not be started again"
        case .serverCrashLoop(let last): "MCP server ended again and again: \(last)"
        case .serverClosedOutput: "MCP server closed its output"
        case .lineTooLong(let limit): "MCP server wrote a line over \(limit) bytes"
        case .sessionLost: "MCP server has forgotten the session"
        case .streamLost: "MCP server ended its event stream"
        case .bridgeFault(let message): message
        }
    }

    /// A short stable word for the log and for `data.cause` of the answers to requests in flight.
    package var cause: String {
        switch self {
        case .clientClosed: "client_closed"
        case .clientGone: "client_gone"
        case .peerDead: "peer_dead"
        case .protocolFailure(let failure): failure.code == .messageTooBig ? "message_too_big" : "protocol_error"
        case .idle: "idle_timeout"
        case .tooOld: "max_connection_age"
        case .credentialExpired: "credential_expired"
        case .draining: "draining"
        case .serverRemoved: "server_removed"
        case .closedByOperator: "closed_by_operator"
        case .invalidFlood: "invalid_flood"
        case .clientStalled: "client_write_timeout"
        case .serverStalled: "server_write_timeout"
        case .serverExited(.outOfMemory): "server_out_of_memory"
        case .serverExited: "server_exited"
        case .serverNotRestarted: "server_not_restarted"
        case .serverCrashLoop: "server_crash_loop"
        case .serverClosedOutput: "server_closed_stdout"
        case .lineTooLong: "line_too_long"
        case .sessionLost: "server_session_lost"
        case .streamLost: "server_stream_lost"
        case .bridgeFault: "bridge_fault"
        }
    }

    /// The answer to every request that is in flight when the session ends this way; nil where nobody is left to read.
    package func reply(stderr: [String]) -> BridgeReply? {
        switch self {
        case .clientClosed, .clientGone, .peerDead: return nil
        default: break
        }
        var data: [(key: String, value: BridgeReply.Datum)] = []
        switch self {
        case .serverExited(.exited(let status)): data.append(("exit_status", .integer(Int(status))))
        case .serverExited(.signaled(let signal, _)): data.append(("signal", .integer(Int(signal))))
        case .serverExited(.outOfMemory): data.append(("signal", .integer(9)))
        default: break
        }
        if !stderr.isEmpty { data.append(("stderr", .text(stderr.joined(separator: "\n")))) }
        return BridgeReply(.internalError, self.reason, cause: self.cause, data: data)
    }

    /// Whether the backend ended first, so that nothing can be sent to it any more.
    package var isServerGone: Bool {
        if case .serverExited = self { true } else { false }
    }
}
