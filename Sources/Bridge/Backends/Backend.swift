// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// What stands behind a session: takes messages, gives messages, ends. Lives on the client channel's event loop.
///
/// One room per kind of server implements it; the session's data path does not know which.
protocol Backend: AnyObject {
    /// The backend takes more bytes now.
    var isWritable: Bool { get }
    /// The process id of a child, for the log.
    var pid: Int32? { get }
    /// How the server is spoken to, in words; nil while that is not known.
    var transportName: String? { get }

    /// Writes whole messages, each closed by LF, at once, so that `lines` is empty; false where the rest of them has to
    /// be handed over.
    func writeNow(_ lines: inout ByteBuffer) -> Bool
    /// Hands over whole messages, each closed by LF.
    func write(_ lines: ByteBuffer)
    func flush()

    /// Stops or resumes reading the server's output (R46).
    func setReading(_ isOn: Bool)

    /// The handshake is done: from now on `receiver` is told everything, also an end that came before.
    func attach(_ receiver: any BackendReceiver)

    /// The session is over: sends `farewell`, closes the server's input and sees to it that the server ends (R37).
    ///
    /// Its output is still read to the end, into nothing. Idempotent.
    func end(farewell: ByteBuffer)
}

extension BackendReceiver {
    func receivedOutputPiece() {}
    func outlives(_ end: SessionEnd, stderr: [String]) -> Bool { false }
}

extension Backend {
    func writeNow(_ lines: inout ByteBuffer) -> Bool { false }
}

/// Who gets a backend's output. All calls come on the event loop.
protocol BackendReceiver: AnyObject {
    /// One message of the server's, without its LF.
    func received(line: UnsafeRawBufferPointer)
    /// One message that came in several reads.
    func received(assembled line: ByteBuffer)
    /// A message over the limit, by its beginning.
    func receivedTooLong(prefix: ByteBuffer)
    /// The server will not answer this request, and `reply` says why (R35). Nothing if it is not in flight.
    func failed(_ id: RequestID, _ reply: BridgeReply)
    /// A piece of what one wake-up brought has been passed on, and more follows at once (``ReadPieces``).
    func receivedOutputPiece()
    /// All that one wake-up brought has been passed on.
    func receivedAllOutput()
    /// `isWritable` is true again.
    func becameWritable()
    /// The server is over, all its output has been passed on, and another can take its place (R38).
    ///
    /// - Returns: whether that is wanted: then nothing that the server was to do is owed any more.
    func outlives(_ end: SessionEnd, stderr: [String]) -> Bool
    /// The server is over and all its output has been passed on.
    ///
    /// - Parameter stderr: the last lines that it wrote there, secrets redacted.
    func ended(_ end: SessionEnd, stderr: [String])
}
