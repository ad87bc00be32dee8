// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

/// What holds after every step, whatever client and server do.
extension ConversationRig {
    func check(_ step: String) {
        for request in asked {
            #expect(request.answers <= 1, "\(step): \(request.token) is answered twice")
        }
        checkExchanges(step)
        checkBooks(step)
        guard !isEnding, ends.isEmpty else { return }
        for id in owed.keys {
            #expect(conversation.numbers[id] != nil, "\(step): \(id) is forgotten (R35)")
        }
        for (number, call) in conversation.calls where !call.isCancelled {
            #expect(willBeAnswered(number, call), "\(step): nothing can answer \(call) any more (R35)")
        }
    }

    private func checkExchanges(_ step: String) {
        let known = Set(conversation.exchanges.keys)
        #expect(known == Set(open.map { exchanges[$0].id }), "\(step): exchanges are lost or kept")
        let lingering = Set(conversation.lingering)
        #expect(lingering.count == conversation.lingering.count && lingering.isSubset(of: known), "\(step): lingering")
        #expect(lingering.count <= conversation.settings.maxParallel, "\(step): too many linger")
        for (id, exchange) in conversation.exchanges where exchange.purpose == .answered {
            #expect(lingering.contains(id), "\(step): an exchange that nobody bounds")
        }
    }

    private func checkBooks(_ step: String) {
        let calls = conversation.calls
        let uploading = conversation.exchanges.values.filter(\.isUploading).reduce(0) { $0 + $1.bodyBytes }
        #expect(conversation.uploadingBytes == uploading, "\(step): uploadingBytes")
        let waiting = Array(conversation.gated) + Array(conversation.eventStream.waiting)
        let gated = waiting.reduce(0) { sum, outgoing in
            guard case .call(let number) = outgoing.kind else { return sum + (outgoing.message?.readableBytes ?? 0) }
            return sum + (calls[number]?.message.readableBytes ?? 0)
        }
        #expect(conversation.gatedBytes == gated, "\(step): gatedBytes")
        let queued = conversation.queued.reduce(0) { $0 + (calls[$1]?.message.readableBytes ?? 0) }
        #expect(conversation.queuedBytes == queued, "\(step): queuedBytes")
        let holders = calls.values.filter(\.holdsPlace)
        #expect(conversation.placesTaken == holders.filter { $0.role != .listen }.count, "\(step): placesTaken")
        #expect(conversation.listens == holders.filter { $0.role == .listen }.count, "\(step): listens")
        #expect(conversation.placesTaken <= conversation.settings.maxParallel, "\(step): too many in flight")
        #expect(conversation.listens <= conversation.settings.maxParallel, "\(step): too many listens")
        for (id, number) in conversation.numbers {
            #expect(calls[number]?.id == id, "\(step): a number without its call")
        }
        #expect(conversation.awaitingTools.allSatisfy { calls[$0]?.phase == .learning }, "\(step): awaitingTools")
    }

    /// Something is under way that brings an answer, or an error in its stead, to a call.
    private func willBeAnswered(_ number: Int, _ call: UpstreamCall) -> Bool {
        switch call.phase {
        case .gated, .queued, .inLine, .refused, .arriving:
            let waiting = Array(conversation.gated) + Array(conversation.eventStream.waiting)
            return conversation.queued.contains(number) || conversation.eventStream.fallback?.number == number
                || waiting.contains { if case .call(number) = $0.kind { true } else { false } }
        case .learning: return conversation.listing != nil && conversation.awaitingTools.contains(number)
        case .sent(let id):
            switch conversation.exchanges[id]?.purpose {
            case .call(number), .resumption(number), .post(number): return true
            default: return false
            }
        case .paused: return timers.contains { $0.timer == .resumption(number) }
        case .resending:
            return conversation.legacy.state == .replaying && conversation.legacy.resending.contains(number)
        case .posted: return conversation.eventStream.stream != nil
        }
    }

    /// Nothing is left of what passed: to be asked when all requests are answered.
    func checkIsIdle() {
        #expect(owed.isEmpty && conversation.calls.isEmpty && conversation.numbers.isEmpty)
        #expect(conversation.queuedBytes == 0 && conversation.placesTaken == 0 && conversation.listens == 0)
        #expect(conversation.awaitingTools.isEmpty && conversation.legacy.resending.isEmpty)
        #expect(asked.allSatisfy { $0.answers == 1 || $0.isCancelled })
    }

    /// The end has been told, and nothing is left.
    func checkIsOver() {
        #expect(overs == 1 && open.isEmpty)
        #expect(conversation.uploadingBytes == 0 && conversation.gatedBytes == 0 && conversation.queuedBytes == 0)
        #expect(conversation.placesTaken == 0 && conversation.listens == 0)
        #expect(conversation.calls.isEmpty && conversation.lingering.isEmpty)
    }
}
