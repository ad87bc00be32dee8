// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import BridgeCore
internal import NIOCore
internal import NIOHTTP1

/// One exchange as the HTTP client sees it: hands head, body and end to its backend, in the shape that the head asks
/// for.
final class UpstreamExchange: HTTPClientResponseDelegate {
    // SAFETY: made, called and cut on the backend's event loop, which is also the task's.
    private nonisolated(unsafe) weak var backend: HTTPBackend?
    private nonisolated(unsafe) var task: HTTPClient.Task<Void>?
    private nonisolated(unsafe) var parser: EventStreamParser
    private nonisolated(unsafe) var mode = OnUpstreamHead.discard
    private nonisolated(unsafe) var body = ByteBuffer()
    private nonisolated(unsafe) var isConnected = false
    private nonisolated(unsafe) var isOver = false
    private let id: HTTPExchangeID
    private let maxEvent: Int

    init(_ id: HTTPExchangeID, backend: HTTPBackend, maxEvent: Int) {
        self.id = id
        self.backend = backend
        self.maxEvent = maxEvent
        self.parser = EventStreamParser(limit: maxEvent)
    }

    /// To be called once, with the task that this is the delegate of.
    func started(_ task: HTTPClient.Task<Void>) {
        if self.isOver { task.cancel() } else { self.task = task }
    }

    /// Ends the exchange; nothing more is told of it.
    func cut() {
        self.isOver = true
        self.backend = nil
        self.task?.cancel()
        self.task = nil
    }

    private func finish(_ fault: UpstreamFault?) {
        guard !self.isOver else { return }
        self.isOver = true
        self.task = nil
        let backend = self.backend
        self.backend = nil
        backend?.finished(self.id, fault)
    }

    /// Ends the exchange for a reason of the bridge's own. A task tells its delegate at once that it was cancelled, so
    /// that the reason has to be told before.
    private func giveUp(_ fault: UpstreamFault) {
        let task = self.task
        self.finish(fault)
        task?.cancel()
    }

    // MARK: HTTPClientResponseDelegate

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        self.isConnected = true
    }

    func didSendRequest(task: HTTPClient.Task<Void>) {
        self.backend?.sent(self.id)
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        guard let backend = self.backend else { return task.eventLoop.makeSucceededVoidFuture() }
        let response = UpstreamResponse(
            status: Int(head.status.code),
            contentType: head.headers.first(name: "content-type"),
            sessionID: head.headers.first(name: "mcp-session-id"),
            location: head.headers.first(name: "location")
        )
        self.mode = backend.receivedHead(response, of: self.id)
        // What nobody reads waits for nobody.
        if case .discard = self.mode { return task.eventLoop.makeSucceededVoidFuture() }
        return backend.whenReading()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        guard let backend = self.backend else { return task.eventLoop.makeSucceededVoidFuture() }
        switch self.mode {
        case .discard: return task.eventLoop.makeSucceededVoidFuture()
        case .collect(let limit):
            if self.body.readableBytes + buffer.readableBytes > limit {
                self.giveUp(.tooLarge(limit: limit))
            } else if self.body.readableBytes == 0 {
                self.body = buffer
            } else {
                self.body.writeImmutableBuffer(buffer)
            }
        case .events: self.parse(buffer, backend)
        }
        return backend.whenReading()
    }

    private func parse(_ buffer: ByteBuffer, _ backend: HTTPBackend) {
        // Also when one of the events has this exchange cut.
        defer { backend.receivedAllEvents() }
        var buffer = buffer
        while !self.isOver {
            switch self.parser.next(from: &buffer) {
            case .needMoreData: return
            case .event(let event): backend.received(event, self.parser, of: self.id)
            case .tooLong: return self.giveUp(.tooLarge(limit: self.maxEvent))
            }
        }
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        self.finish(UpstreamFault(error, isConnected: self.isConnected))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) {
        if case .collect = self.mode, !self.isOver { self.backend?.receivedBody(self.body, of: self.id) }
        self.finish(nil)
    }
}
