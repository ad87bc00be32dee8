// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc

/// What a message from the server is, judged by its JSON: the thorough check, for what is not byte for byte as expected.
package enum AnswerCheck {
    /// What is wrong with an answer.
    package enum Fault: String, Error, Sendable {
        case notJSON = "what came is not JSON"
        case notAnAnswer = "what came is neither a response nor a notification"
        case noID = "a response without an id"
        case idKind = "the id was sent as an integer and came back as something else"
        case notOutstanding = "a response to no outstanding request of this connection"
        case error = "a response with an error"
        case toolError = "a tool result with isError"
        case noText = "a tool result without a text"
        case wrongText = "the text is not the one that was sent on this connection with this id"
        case notTheSame = "the message did not come back as it was sent"
        case initialize = "initialize was not answered with a result"
    }

    package enum Kind: Equatable, Sendable {
        /// A response to request `id`, with a result.
        case result(id: UInt64, idAt: Int, result: Range<Int>)
        /// A notification or a request of the server's own.
        case other
    }

    /// Reads the envelope of a message.
    package static func kind(of message: UnsafeRawBufferPointer) throws(Fault) -> Kind {
        let envelope: Envelope
        do throws(JSONSyntaxError) {
            envelope = try EnvelopeScanner.scan(message)
        } catch {
            throw .notJSON
        }
        guard envelope.isObject, envelope.isVersion2 else { throw .notAnAnswer }
        if envelope.method != nil { return .other }
        guard let value = envelope.id, !envelope.hasDuplicateID else { throw .noID }
        guard value.kind == .integer, let id = Self.number(message, value.range) else { throw .idKind }
        guard envelope.error == nil else { throw .error }
        guard let result = envelope.result else { throw .notAnAnswer }
        return .result(id: id, idAt: value.start, result: result.range)
    }

    /// Finds the text of a tool result and compares it.
    ///
    /// - Parameters:
    ///   - text: the expected bytes, quotes included.
    ///   - result: the value of `result` in the message.
    /// - Returns: the offset of the text's opening quote.
    package static func textPlace(
        _ text: UnsafeRawBufferPointer,
        in message: UnsafeRawBufferPointer,
        result: Range<Int>
    ) throws(Fault) -> Int {
        let object = UnsafeRawBufferPointer(rebasing: message[result])
        if let flag = ObjectMembers.value(of: "isError", in: object), object[flag.lowerBound] == UInt8(ascii: "t") {
            throw .toolError
        }
        guard let content = ObjectMembers.value(of: "content", in: object) else { throw .noText }
        let array = UnsafeRawBufferPointer(rebasing: object[content])
        guard let open = array.firstIndex(of: UInt8(ascii: "{")) else { throw .noText }
        let block = UnsafeRawBufferPointer(rebasing: array[open...])
        guard let found = ObjectMembers.value(of: "text", in: block) else { throw .noText }
        guard found.count == text.count, let expected = text.baseAddress,
            let actual = UnsafeRawBufferPointer(rebasing: block[found]).baseAddress,
            memcmp(expected, actual, text.count) == 0
        else { throw .wrongText }
        return result.lowerBound + content.lowerBound + open + found.lowerBound
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64? {
        guard range.count <= 19 else { return nil }
        var number: UInt64 = 0
        for byte in bytes[range] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
