// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Why the bridge fails a connection (RFC 6455 §7.1.7): the peer's frames cannot be accepted any further.
package struct ProtocolFailure: Error, Hashable, Sendable {
    /// The code for the close frame: 1002, 1003, 1007 or 1009.
    package let code: CloseCode
    /// What was wrong, for the close frame and the log; at most 123 bytes, never holds payload.
    package let reason: String

    package init(_ code: CloseCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    static let unmasked = ProtocolFailure(.protocolError, "frame is not masked")
    static let masked = ProtocolFailure(.protocolError, "frame from a server is masked")
    static let reservedBits = ProtocolFailure(.protocolError, "reserved bit is set, but no extension was agreed on")
    static let reservedOpcode = ProtocolFailure(.protocolError, "reserved opcode")
    static let fragmentedControl = ProtocolFailure(.protocolError, "control frame is fragmented")
    static let longControl = ProtocolFailure(.protocolError, "control frame is longer than 125 bytes")
    static let overlongLength = ProtocolFailure(.protocolError, "payload length is not in its shortest form")
    static let negativeLength = ProtocolFailure(.protocolError, "payload length has its top bit set")
    static let strayContinuation = ProtocolFailure(.protocolError, "continuation frame without a message to continue")
    static let interruptedMessage = ProtocolFailure(.protocolError, "new message inside a fragmented one")
    static let truncatedClose = ProtocolFailure(.protocolError, "close frame with a payload of one byte")
    static let invalidCloseCode = ProtocolFailure(.protocolError, "close code is reserved or invalid")
    static let invalidCloseReason = ProtocolFailure(.invalidPayload, "close reason is not UTF-8")
    static let invalidText = ProtocolFailure(.invalidPayload, "text message is not UTF-8")
    static let binary = ProtocolFailure(.unsupportedData, "binary messages are not accepted")

    static func messageTooBig(limit: Int) -> ProtocolFailure {
        ProtocolFailure(.messageTooBig, "message is larger than \(limit) bytes")
    }

    static func tooManyFragments(limit: Int) -> ProtocolFailure {
        ProtocolFailure(.messageTooBig, "message has more than \(limit) fragments")
    }
}
