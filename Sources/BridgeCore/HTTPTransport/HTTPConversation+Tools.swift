// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// `Mcp-Param-*` headers need the schema of the tool that is called (R58).
extension HTTPConversation {
    /// Pages of tools/list that the bridge reads on its own account.
    static let maxToolPages = 100

    /// Whether a call has to wait until the bridge has read the list of tools.
    mutating func mustLearnTools(for number: Int) -> Bool {
        guard let call = self.calls[number], !call.hasLearned, let routing = call.routing else { return false }
        guard !self.tools.isComplete else { return false }
        guard call.message.withUnsafeReadableBytes({ self.tools.fields(forCall: $0) }) == nil else { return false }
        self.calls[number]?.hasLearned = true
        self.calls[number]?.phase = .learning
        self.awaitingTools.append(number)
        if self.listing == nil {
            self.listingMetadata = call.message.withUnsafeReadableBytes { BorrowedMetadata.metadata(of: $0) } ?? []
            self.listingVersion = routing.version
            self.listedPages = 0
            self.list(cursor: nil)
            self.listGeneration += 1
            self.actions.append(.schedule(.list(generation: self.listGeneration), after: Self.replayTime))
        }
        return true
    }

    private mutating func list(cursor: [UInt8]?) {
        var body = ByteBuffer()
        body.writeString(#"{"jsonrpc":"2.0","id":"mcp-wsbridge-tools","method":"tools/list","params":{"#)
        if let cursor {
            body.writeString("\"cursor\":")
            body.writeBytes(cursor)
            body.writeString(",")
        }
        body.writeString("\"_meta\":")
        body.writeBytes(self.listingMetadata)
        body.writeString("}}")
        let fields: [(name: String, value: String)] = [
            ("MCP-Protocol-Version", FieldValue.encode(self.listingVersion.utf8)), ("Mcp-Method", "tools/list"),
        ]
        let request = UpstreamRequest(
            method: .post,
            url: self.settings.url,
            fields: Self.postFields + fields,
            body: body
        )
        self.listedPages += 1
        self.listing = self.start(.list(isFirstPage: cursor == nil), request)
    }

    /// A message of the stream or body that answers the bridge's own tools/list.
    mutating func receivedTools(_ message: ByteBuffer, of id: HTTPExchangeID) {
        guard self.listing == id, case .list(let isFirstPage)? = self.exchanges[id]?.purpose else { return }
        let page = message.withUnsafeReadableBytes { text -> ToolParameters.Page? in
            guard let envelope = try? EnvelopeScanner.scan(text), envelope.method == nil,
                envelope.result != nil || envelope.error != nil
            else { return nil }
            return self.tools.learn(text, isFirstPage: isFirstPage)
        }
        // Something else may come before the answer, on a stream.
        guard let page else { return }
        self.linger(id)
        if let cursor = page.nextCursor, self.listedPages < Self.maxToolPages {
            self.list(cursor: cursor)
        } else {
            self.toolsFinished(id)
        }
    }

    /// The list has been read, or cannot be: the calls that waited go out.
    mutating func toolsFinished(_ id: HTTPExchangeID) {
        guard self.listing == id else { return }
        self.listing = nil
        let waiting = self.awaitingTools
        self.awaitingTools = []
        for number in waiting { self.send(number) }
    }

    mutating func listOverdue(_ generation: Int) {
        guard generation == self.listGeneration, let id = self.listing else { return }
        self.abort(id)
        self.toolsFinished(id)
    }

    /// The server misses headers that the list, as it was read, does not ask for: reads it again and tries once more.
    mutating func relist(_ number: Int) {
        guard let call = self.calls[number] else { return }
        if let exchange = call.exchange { self.linger(exchange) }
        self.calls[number]?.isRelisted = true
        self.calls[number]?.hasLearned = false
        self.tools.forget()
        self.send(number)
    }

    /// A client's own tools/list is answered: the tools whose marks break the rules are cut out.
    mutating func learnTools(_ message: ByteBuffer, isFirstPage: Bool) -> ByteBuffer {
        let page = message.withUnsafeReadableBytes { self.tools.learn($0, isFirstPage: isFirstPage) }
        for (tool, reason) in page.invalid { self.note(.toolRemoved(tool, reason: reason)) }
        guard !page.removed.isEmpty else { return message }
        return message.withUnsafeReadableBytes { text in
            var output = ByteBuffer()
            output.reserveCapacity(text.count)
            var at = 0
            for range in page.removed {
                output.writeBytes(text[at..<range.lowerBound])
                at = range.upperBound
            }
            output.writeBytes(text[at...])
            return output
        }
    }
}
