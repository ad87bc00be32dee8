// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Testing

@testable import BridgeCore

/// A session with its two buffers as a shell would hold them: both have been written and read before.
final class SessionRig {
    enum FromClient: Equatable {
        case forwarded
        case consumed
        case flood
    }

    enum FromServer: Equatable {
        /// What the client gets, spliced.
        case forward(String)
        case elements([String])
        case dropped
        case skipped
        case replaced
        case rewritten
    }

    static let connection = "c-1"
    var session: Session
    /// For the server: something stands in it already.
    private(set) var lines = ByteBuffer(string: "??earlier\n")
    private(set) var replies = ByteBuffer(string: "??")

    init(
        framing: Session.Framing = .mcp,
        maxInvalid: Int = 100,
        oversizeResponse: Int = 0,
        policy: AccessPolicy? = nil,
        meter: RequestMeter? = nil,
        logsRequests: Bool = false
    ) {
        session = Session(
            .init(
                framing: framing,
                maxInvalid: maxInvalid,
                oversizeResponse: oversizeResponse,
                connection: Self.connection,
                policy: policy
            ),
            meter: meter,
            logsRequests: logsRequests
        )
        lines.moveReaderIndex(forwardBy: 2)
        replies.moveReaderIndex(forwardBy: 2)
    }

    // MARK: Client

    @discardableResult
    func client(_ text: String) -> FromClient { client(Array(text.utf8)) }

    func client(_ bytes: [UInt8]) -> FromClient {
        let start = lines.writerIndex
        lines.writeBytes(bytes)
        switch session.receivedFromClient(&lines, from: start, replies: &replies) {
        case .forwarded: return .forwarded
        case .consumed: return .consumed
        case .flood: return .flood
        }
    }

    /// A request of the client's with this id token.
    @discardableResult
    func request(_ id: String, method: String = "tools/call", params: String = "{}") -> FromClient {
        client(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    }

    /// What stands before the server, the earlier line left out.
    var toServer: String {
        let text = String(buffer: lines)
        #expect(text.hasPrefix("earlier\n"), "an earlier line was touched")
        return String(text.unicodeScalars.dropFirst("earlier\n".unicodeScalars.count))
    }

    /// Takes the bytes that stand before the server.
    func takeToServer() -> [UInt8] {
        let bytes = Array(toServer.utf8)
        lines = ByteBuffer(string: "earlier\n")
        return bytes
    }

    /// Lets the server answer `initialize` with a revision.
    func negotiate(_ version: String) {
        #expect(request(#""init""#, method: "initialize") == .forwarded)
        _ = server(#"{"jsonrpc":"2.0","id":"init","result":{"protocolVersion":"\#(version)","capabilities":{}}}"#)
        _ = takeToServer()
    }

    // MARK: Server

    @discardableResult
    func server(_ text: String) -> FromServer { server(Array(text.utf8)) }

    func server(_ bytes: [UInt8]) -> FromServer {
        let page = GuardedPage(atLeast: bytes.count)
        let line = page.place(bytes)
        return withExtendedLifetime(page) {
            switch session.receivedFromServer(line, replies: &replies) {
            case .forward(let range, let splice):
                var text = Array(line[range])
                if let splice {
                    #expect(splice.range.lowerBound >= range.lowerBound && splice.range.upperBound <= range.upperBound)
                    let place = splice.range.lowerBound - range.lowerBound..<splice.range.upperBound - range.lowerBound
                    text.replaceSubrange(place, with: splice.replacement)
                }
                return .forward(String(decoding: text, as: UTF8.self))
            case .elements(let ranges): return .elements(ranges.map { String(decoding: line[$0], as: UTF8.self) })
            case .dropped: return .dropped
            case .skipped(let reason):
                #expect(!reason.isEmpty)
                return .skipped
            case .replaced(let reason):
                #expect(!reason.isEmpty)
                return .replaced
            case .rewritten: return .rewritten
            }
        }
    }

    /// The server is over, and another takes its place.
    func replaceServer(_ reply: BridgeReply?) {
        session.serverReplaced(reply, into: &replies)
    }

    func serverTooLong(_ prefix: String, limit: Int = 64) -> Bool {
        let page = GuardedPage(atLeast: prefix.utf8.count)
        let bytes = page.place(Array(prefix.utf8))
        return withExtendedLifetime(page) { session.receivedTooLong(bytes, limit: limit, replies: &replies) }
    }

    // MARK: Answers of the bridge's own

    /// An answer of the bridge's own, taken from its frame.
    struct Reply: Equatable {
        /// The id's token.
        var id: String
        var code: Int
        var cause: String
    }

    /// Ends the session; what goes to the server then.
    @discardableResult
    func finish(_ reply: BridgeReply?) -> String { String(buffer: session.finish(reply, into: &replies)) }

    /// Takes the text of all frames that stand before the client.
    func takeFrames() throws -> [String] {
        defer { replies.clear() }
        var texts: [String] = []
        var rest = Array(replies.readableBytesView)
        while !rest.isEmpty {
            try #require(rest[0] == 0x81, "not one whole text frame, unmasked")
            var header = 2
            var count = Int(rest[1])
            if rest[1] == 126 {
                header = 4
                count = Int(rest[2]) << 8 | Int(rest[3])
            }
            try #require(rest[1] < 127 && rest.count >= header + count)
            texts.append(String(decoding: rest[header..<header + count], as: UTF8.self))
            rest.removeFirst(header + count)
        }
        return texts
    }

    /// Takes all answers of the bridge's own that stand before the client.
    func takeReplies() throws -> [Reply] {
        var answers: [Reply] = []
        for text in try takeFrames() {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(Set(object.keys) == ["jsonrpc", "id", "error"] && object["jsonrpc"] as? String == "2.0")
            let error = try #require(object["error"] as? [String: Any])
            let data = try #require(error["data"] as? [String: Any])
            #expect(data["origin"] as? String == "mcp-wsbridge" && data["connection"] as? String == Self.connection)
            #expect((error["message"] as? String)?.isEmpty == false)
            let id = try #require(try scanned(text).id)
            answers.append(
                Reply(
                    id: text[bytes: id.range],
                    code: try #require(error["code"] as? Int),
                    cause: try #require(data["cause"] as? String)
                )
            )
        }
        return answers
    }
}
