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
                self.receivedOther(.notification(modern: nil), message)
            }
            return
        }
        // Lifecycle: `initialize` must not be cancelled by clients.
        guard call.role != .initialize else { return }
        self.calls[number]?.isCancelled = true
        self.numbers[id] = nil
        switch call.phase {
        // The server knows nothing of it.
        case .arriving, .gated, .queued, .inLine, .refused, .learning, .resending: self.remove(number)
        case .paused:
            self.dispatch(.notification(modern: nil), message)
            self.remove(number)
        case .posted:
            self.post(.notification(modern: nil), message)
            self.remove(number)
        case .sent where self.transport == .eventStream:
            // Behind the request, in its turn.
            self.post(.notification(modern: nil), message)
            self.remove(number)
        case .sent(let exchange) where call.isModern:
            self.abort(exchange)
            self.remove(number)
        case .sent(let exchange):
            self.actions.append(.schedule(.abandonment(number), after: Self.abandonment))
            if self.exchanges[exchange]?.isUploading == true {
                self.calls[number]?.heldCancellation = message
            } else {
                self.dispatch(.notification(modern: nil), message)
            }
        }
    }

    /// The request of an exchange has been handed to the network.
    package mutating func sent(_ id: HTTPExchangeID) {
        guard let exchange = self.exchanges[id], exchange.isUploading else { return }
        self.exchanges[id]?.isUploading = false
        self.uploadingBytes -= exchange.bodyBytes
        guard let number = exchange.purpose.callNumber,
            let cancellation = self.calls[number]?.heldCancellation
        else { return }
        self.calls[number]?.heldCancellation = nil
        guard self.ending == nil else {
            self.ending?.farewells.remove(id)
            _ = self.takeOut(number)
            self.sayFarewell(cancellation)
            return self.endIfOver()
        }
        self.dispatch(.notification(modern: nil), cancellation)
    }
}
