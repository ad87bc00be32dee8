// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Why an HTTP server has not answered a request. The one place that says what the client is told of it (R31, R54): never
/// a header, a URL or a body of the server's, which may hold secrets (R73).
package enum UpstreamFault: Error, Sendable, Equatable {
    /// No connection came about: the request was not sent.
    case unreachable(String)
    /// The connection broke while the request or its answer was on the way.
    case broken(String)
    /// `request_timeout` has passed.
    case timedOut
    /// A status that says no, without a JSON-RPC error in its body.
    case status(Int)
    /// The answer is neither JSON nor an event stream.
    case contentType
    /// The server took the request (202, or a body without the response) and will not answer it.
    case noAnswer
    /// The event stream ended before the response and cannot be resumed.
    case streamEnded
    /// An event, or a JSON body, over `max_event`.
    case tooLarge(limit: Int)
    /// A JSON body that is none.
    case notJSON
    /// A redirect that is not followed (R55).
    case redirect
    /// The session is gone and could not be replaced (R52).
    case sessionLost
    /// `max_parallel` requests run, and those that wait fill the queue (R30).
    case queueFull
    /// No `endpoint` event came (R63).
    case noEndpoint
    /// The `endpoint` event names another origin, or no URL at all (R63).
    case badEndpoint
    /// The request itself cannot be put into HTTP.
    case unsendable(String)
}

extension UpstreamFault {
    /// What the request is answered with.
    package var reply: BridgeReply {
        var data: [(key: String, value: BridgeReply.Datum)] = []
        switch self {
        case .status(let status): data.append(("http_status", .integer(status)))
        case .tooLarge(let limit): data.append(("limit", .integer(limit)))
        default: break
        }
        return BridgeReply(.internalError, self.message, cause: self.cause, data: data)
    }

    /// In words, for the client and the log.
    package var message: String {
        switch self {
        case .unreachable(let why): "the MCP server cannot be reached: \(why)"
        case .broken(let why): "the connection to the MCP server broke: \(why)"
        case .timedOut: "the MCP server did not answer in time"
        case .status(401), .status(403): "the MCP server refuses the bridge's credentials"
        case .status(let status): "the MCP server answered with HTTP status \(status)"
        case .contentType: "the MCP server answered with neither JSON nor an event stream"
        case .noAnswer: "the MCP server accepted the request and gave no answer"
        case .streamEnded: "the MCP server ended its event stream before the answer"
        case .tooLarge(let limit): "the MCP server's answer is longer than \(limit) bytes"
        case .notJSON: "the MCP server's answer is not JSON-RPC"
        case .redirect: "the MCP server redirects to where the bridge does not follow"
        case .sessionLost: "the MCP server has forgotten the session"
        case .queueFull: "too many requests wait for the MCP server"
        case .noEndpoint: "the MCP server's event stream named no endpoint"
        case .badEndpoint: "the MCP server's event stream named an endpoint that is not its own"
        case .unsendable(let why): "the request cannot be sent over HTTP: \(why)"
        }
    }

    /// A short stable word, `data.cause`.
    package var cause: String {
        switch self {
        case .unreachable: "upstream_unreachable"
        case .broken: "upstream_connection_broken"
        case .timedOut: "upstream_timeout"
        case .status(401), .status(403): "upstream_unauthorized"
        case .status: "upstream_status"
        case .contentType: "upstream_content_type"
        case .noAnswer: "upstream_no_answer"
        case .streamEnded: "upstream_stream_ended"
        case .tooLarge: "response_too_large"
        case .notJSON: "response_not_json"
        case .redirect: "upstream_redirect"
        case .sessionLost: "upstream_session_lost"
        case .queueFull: "too_many_waiting"
        case .noEndpoint, .badEndpoint: "upstream_no_endpoint"
        case .unsendable: "upstream_unsendable"
        }
    }
}
