// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Names one HTTP exchange, a request and its response, within one conversation. Never used twice.
package struct HTTPExchangeID: Hashable, Sendable {
    let number: Int
}

/// A request as the protocol wants it. The operator's own headers are added where it is sent.
package struct UpstreamRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    package var url: HTTPURL
    package var fields: [(name: String, value: String)]
    package var body: ByteBuffer?
}

/// What the bridge reads of a response's head.
package struct UpstreamResponse: Sendable, Equatable {
    /// The media types that matter (RFC 9110 §8.3.1, parameters aside).
    package enum Content: Sendable {
        case json
        case eventStream
        case other
    }

    package var status: Int
    package var content: Content
    /// `Mcp-Session-Id`.
    package var sessionID: String?
    /// `Location`, of a redirect.
    package var location: String?

    package init(status: Int, contentType: String?, sessionID: String? = nil, location: String? = nil) {
        self.status = status
        self.sessionID = sessionID.flatMap { Self.isVisible($0) ? $0 : nil }
        self.location = location
        let essence = contentType.map { $0.prefix { $0 != ";" && $0 != " " }.lowercased() }
        switch essence {
        case "application/json"?: self.content = .json
        case "text/event-stream"?: self.content = .eventStream
        default: self.content = .other
        }
    }

    /// A session id is visible ASCII (Streamable HTTP, session management); anything else is not sent back.
    private static func isVisible(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    var isSuccess: Bool { (200...299).contains(self.status) }
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(self.status) }
}

/// What to do with the body behind a head.
package enum OnUpstreamHead: Sendable, Equatable {
    /// Read it into nothing.
    case discard
    /// Hand it over whole, at most so many bytes.
    case collect(limit: Int)
    /// It is an event stream.
    case events
}

/// An exchange that is under way.
struct HTTPExchange: Sendable {
    /// What the exchange is for.
    enum Purpose: Sendable, Equatable {
        /// POST of the client's request with this number.
        case call(Int)
        /// GET that takes up the event stream of that request again (R51).
        case resumption(Int)
        /// The request is answered; its stream has not ended yet.
        case answered
        /// POST of a client's notification.
        case notification
        /// POST of a client's response to a request of the server's.
        case response
        /// POST of `notifications/initialized`: others wait for its acceptance (R49).
        case initialized
        /// The general GET stream (R50).
        case stream
        /// A step of a transparent re-initialization (R52).
        case replay(Replay)
        /// The bridge's own tools/list (R58).
        case list(isFirstPage: Bool)
        /// GET of HTTP+SSE (R63).
        case eventStream
        /// POST to the endpoint of HTTP+SSE, of the request with this number or of another message.
        case post(Int?)
        /// What is still said when the client is gone (R53).
        case farewell
        case delete

        /// The request that the exchange sends, or is to answer.
        var callNumber: Int? {
            switch self {
            case .call(let number), .resumption(let number), .post(let number?): number
            default: nil
            }
        }

        /// A message of the client's that is owed no answer.
        var isTelling: Bool {
            switch self {
            case .notification, .response, .initialized: true
            default: false
            }
        }
    }

    /// The steps by which a forgotten session is replaced.
    enum Replay: Sendable, Equatable {
        case initialize
        case initialized
        /// `logging/setLevel`, or one of the live `resources/subscribe`.
        case state
    }

    var purpose: Purpose
    var request: UpstreamRequest
    /// The session that it was sent in.
    var sessionID: String?
    /// Redirects followed so far.
    var hops = 0
    /// The body has not been handed to the network yet.
    var isUploading: Bool
    var response: UpstreamResponse?

    var bodyBytes: Int { self.request.body?.readableBytes ?? 0 }
}

/// A client's request that is not answered yet.
struct UpstreamCall: Sendable {
    /// What a request asks for, as far as HTTP cares.
    enum Role: Sendable, Equatable {
        case initialize
        case listen
        case callTool
        case listTools(isFirstPage: Bool)
        case setLevel
        /// The raw JSON text of the uri.
        case subscribe([UInt8])
        case unsubscribe([UInt8])
        case other
    }

    /// Where a request stands.
    enum Phase: Sendable, Equatable {
        /// It has just come, or is on its way from one queue to the next.
        case arriving
        /// For the handshake, or for the transport to be found.
        case gated
        /// For one of the `max_parallel` places.
        case queued
        /// HTTP+SSE: for the endpoint, or for its turn there.
        case inLine
        /// Streamable HTTP was refused for it: for the endpoint of HTTP+SSE (R65).
        case refused
        /// For the bridge's own tools/list (R58).
        case learning
        /// This exchange is to bring the answer.
        case sent(HTTPExchangeID)
        /// Its stream has ended and will be taken up again (R51).
        case paused
        /// For a new session (R52).
        case resending
        /// HTTP+SSE: the server took it, the answer comes on the stream.
        case posted
    }

    let id: RequestID
    /// The id as the client spelled it.
    let token: [UInt8]
    let role: Role
    /// The headers of a request of 2026-07-28; nil for all others.
    let routing: RoutingFields?
    /// Kept while it may have to be sent again.
    var message: ByteBuffer
    var phase = Phase.arriving
    /// It takes one of the `max_parallel` places.
    var holdsPlace = false
    var isCancelled = false
    /// `notifications/cancelled`, to be sent when the request itself is (4.5 of the transport: never before it).
    var heldCancellation: ByteBuffer?
    /// It was sent again in a new session; a second time it is not (R52).
    var isResent = false
    /// The list of tools was read for it.
    var hasLearned = false
    /// It was sent again with the headers of a fresh tools/list (R58).
    var isRelisted = false
    /// Where its event stream is to be taken up again.
    var lastEventID: String?
    /// Milliseconds, as the server asked.
    var reconnectionTime: Int?
    /// Attempts to take the stream up again since it last brought something.
    var attempts = 0

    var isModern: Bool { self.routing != nil }
    /// The exchange that is to bring the answer.
    var exchange: HTTPExchangeID? { if case .sent(let id) = self.phase { id } else { nil } }
}

extension ByteBuffer {
    /// The same bytes in memory of their own: what is kept for long must not keep the read that it came in.
    var compact: ByteBuffer { ByteBuffer(bytes: self.readableBytesView) }

    /// The same bytes, in memory of their own unless they fill half of the memory that they are in.
    var kept: ByteBuffer { self.storageCapacity > 2 * self.readableBytes ? self.compact : self }
}
