// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The closing handshake of one connection, server side (RFC 6455 §7.1; R19). Knows no timer: the wait is the shell's.
package struct CloseHandshake: Sendable {
    /// What to do when this side wants to close.
    package enum OnLocalClose: Hashable, Sendable {
        /// Send a close frame with this code, then read on until the peer's close frame, its EOF or the timeout.
        case sendAndWait(CloseCode)
        /// Send a close frame with this code and shut the output down, then discard input until EOF or the timeout: the
        /// reader has failed, so that the peer's answer can be seen in its EOF alone. To close at once instead
        /// could reset the connection, and the peer would lose the close frame.
        case sendAndShutDownOutput(CloseCode)
        /// A close is under way already, with another code; send nothing.
        case ignore
    }

    /// What to do with the peer's close frame.
    package enum OnPeerClose: Hashable, Sendable {
        /// Send a close frame with this code (nil: an empty one), then close TCP.
        case replyAndCloseTCP(CloseCode?)
        /// The handshake is complete: close TCP.
        case closeTCP
        case ignore
    }

    /// What to do when TCP ended or the bounded wait is over.
    package enum OnEnd: Hashable, Sendable {
        case closeTCP
        case ignore
    }

    private enum State: Sendable {
        case open
        case closeSent
        case closed
    }

    private var state = State.open

    /// The code that stands for the connection in the log: of the close frame that came first, from either side; 1005 if
    /// that was empty, 1006 if the connection was lost without one. Nil while it is open.
    package private(set) var recordedCode: CloseCode?

    /// Whether both sides have sent their close frames.
    package private(set) var isClean = false

    package init() {}

    /// Whether messages may still be sent: after a close frame nothing may follow (RFC 6455 §5.5.1).
    package var maySend: Bool { state == .open }

    /// The bridge wants to close.
    ///
    /// - Parameters:
    ///   - code: A code that may be sent.
    ///   - readerHasFailed: The reader answered a ``ProtocolFailure``, which is the cause.
    package mutating func localClose(_ code: CloseCode, readerHasFailed: Bool = false) -> OnLocalClose {
        guard state == .open else { return .ignore }
        state = .closeSent
        recordedCode = code
        return readerHasFailed ? .sendAndShutDownOutput(code) : .sendAndWait(code)
    }

    /// The peer's close frame was read; `code` is nil if it was empty.
    package mutating func receivedClose(_ code: CloseCode?) -> OnPeerClose {
        switch state {
        case .open:
            state = .closed
            recordedCode = code ?? .noStatus
            isClean = true
            return .replyAndCloseTCP(code)
        case .closeSent:
            state = .closed
            isClean = true
            return .closeTCP
        case .closed:
            return .ignore
        }
    }

    /// The peer ended TCP, or it was reset.
    package mutating func peerEOF() -> OnEnd { end() }

    /// The wait for the peer's close frame, or for a sign of life, is over.
    package mutating func timeout() -> OnEnd { end() }

    private mutating func end() -> OnEnd {
        guard state != .closed else { return .ignore }
        state = .closed
        if recordedCode == nil { recordedCode = .abnormal }
        return .closeTCP
    }
}
