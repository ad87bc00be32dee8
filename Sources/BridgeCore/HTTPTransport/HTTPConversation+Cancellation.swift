// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// `notifications/cancelled` of the client's (R30, R56, R60).
extension HTTPConversation {
    /// A cancellation takes the way of its request's era (R56, R60), and waits for nothing but that request's own
    /// sending.
    mutating func receivedCancellation(of id: RequestID, _ message: ByteBuffer) {
        guard let number = self.numbers[id], let call = self.calls[number] else {
            if self.legacy.state != .none || self.transport == .eventStream {
                self.receivedOther(.notification, message)
            }
            return
        }
        // Lifecycle: `initialize` must not be cancelled by clients.
        guard call.role != .initialize else { return }
        self.calls[number]?.isCancelled = true
        self.numbers[id] = nil
        switch call.phase {
        case .waiting:
            // It was never sent: the server knows nothing of it.
            self.withdraw(number, bytes: call.message.readableBytes)
            self.remove(number)
        case .learning, .resending: self.remove(number)
        case .paused:
            self.dispatch(.notification, message)
            self.remove(number)
        case .posted:
            self.post(.notification, message)
            self.remove(number)
        case .sent(let exchange) where call.isModern && self.transport != .eventStream:
            self.abort(exchange)
            self.remove(number)
        case .sent(let exchange):
            self.actions.append(.schedule(.abandonment(number), after: Self.abandonment))
            if self.transport == .eventStream {
                self.post(.notification, message)
            } else if self.exchanges[exchange]?.isUploading == true {
                self.calls[number]?.heldCancellation = message
            } else {
                self.dispatch(.notification, message)
            }
        }
    }

    /// Takes a request that was never sent out of the queue that it waits in.
    mutating func withdraw(_ number: Int, bytes: Int) {
        if let index = self.queued.firstIndex(of: number) {
            self.queued.remove(at: index)
            self.queuedBytes -= bytes
        }
        self.removeGated(number, bytes: bytes)
        if self.eventStream.withdraw(number) { self.gatedBytes -= bytes }
    }

    private mutating func removeGated(_ number: Int, bytes: Int) {
        guard
            let index = self.gated.firstIndex(where: {
                if case .call(number) = $0.kind { true } else { false }
            })
        else { return }
        self.gated.remove(at: index)
        self.gatedBytes -= bytes
    }

    /// The request of an exchange has been handed to the network.
    package mutating func sent(_ id: HTTPExchangeID) {
        guard let exchange = self.exchanges[id], exchange.isUploading else { return }
        self.exchanges[id]?.isUploading = false
        self.uploadingBytes -= exchange.bodyBytes
        guard case .call(let number) = exchange.purpose,
            let cancellation = self.calls[number]?.heldCancellation
        else { return }
        self.calls[number]?.heldCancellation = nil
        self.dispatch(.notification, cancellation)
    }
}
