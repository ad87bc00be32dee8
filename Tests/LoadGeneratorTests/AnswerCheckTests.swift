// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

@Suite("What an answer has to be")
struct AnswerCheckTests {
    private static let text = "\"c00001-1000000005-xyz\""

    private static func textPlace(_ message: String) throws(AnswerCheck.Fault) -> (id: UInt64, text: Int, idAt: Int)? {
        let bytes = Array(message.utf8)
        let expected = Array(Self.text.utf8)
        let outcome = bytes.withUnsafeBytes { bytes in
            expected.withUnsafeBytes { expected -> Result<(id: UInt64, text: Int, idAt: Int)?, AnswerCheck.Fault> in
                do throws(AnswerCheck.Fault) {
                    guard case .result(let id, let idAt, let result) = try AnswerCheck.kind(of: bytes) else {
                        return .success(nil)
                    }
                    return .success((id, try AnswerCheck.textPlace(expected, in: bytes, result: result), idAt))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try outcome.get()
    }

    @Test(
        "Members stand in any order, with any white space and others among them",
        arguments: [
            #"{"jsonrpc":"2.0","id":1000000005,"result":{"content":[{"type":"text","text":TEXT}],"isError":false}}"#,
            #"{ "result" : { "isError": false, "content" : [ { "text" : TEXT , "type":"text" } ] }, "id" : 1000000005 ,"#
                + #""jsonrpc":"2.0" }"#,
            #"{"jsonrpc":"2.0","id":1000000005,"result":{"a":{"text":"no","content":[]},"content":[{"text":TEXT}]}}"#,
        ]
    )
    func right(_ form: String) throws {
        let message = form.replacing("TEXT", with: Self.text)
        let found = try #require(try Self.textPlace(message))
        #expect(found.id == 1_000_000_005)
        #expect(message.utf8.dropFirst(found.text).starts(with: Self.text.utf8))
        #expect(message.utf8.dropFirst(found.idAt).starts(with: "1000000005".utf8))
    }

    @Test(
        "What is wrong is told apart",
        arguments: [
            ("{", .notJSON), ("[]", .notAnAnswer), (#"{"id":1000000005,"result":{}}"#, .notAnAnswer),
            (#"{"jsonrpc":"2.0","id":1000000005}"#, .notAnAnswer), (#"{"jsonrpc":"2.0","result":{}}"#, .noID),
            (#"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#, .noID),
            (#"{"jsonrpc":"2.0","id":"1000000005","result":{}}"#, .idKind),
            (#"{"jsonrpc":"2.0","id":1000000005.0,"result":{}}"#, .idKind),
            (#"{"jsonrpc":"2.0","id":-5,"result":{}}"#, .idKind),
            (#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#, .idKind),
            (#"{"jsonrpc":"2.0","id":1000000005,"error":{"code":1,"message":""}}"#, .error),
            (#"{"jsonrpc":"2.0","id":1000000005,"result":{"content":[{"text":"c"}],"isError":true}}"#, .toolError),
            (#"{"jsonrpc":"2.0","id":1000000005,"result":{}}"#, .noText),
            (#"{"jsonrpc":"2.0","id":1000000005,"result":{"content":[]}}"#, .noText),
            (#"{"jsonrpc":"2.0","id":1000000005,"result":{"content":[{"type":"text"}]}}"#, .noText),
            (#"{"jsonrpc":"2.0","id":1000000005,"result":{"content":[{"text":"c00002-1000000005-xyz"}]}}"#, .wrongText),
            (#"{"jsonrpc":"2.0","id":1000000005,"result":{"content":[{"text":"c00001-1000000005-xy"}]}}"#, .wrongText),
        ] as [(String, AnswerCheck.Fault)]
    )
    func wrong(_ message: String, _ fault: AnswerCheck.Fault) {
        #expect(throws: fault) { try Self.textPlace(message) }
    }

    @Test("Notifications and requests of the server's are no answers")
    func others() throws {
        #expect(try Self.textPlace(#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#) == nil)
        #expect(try Self.textPlace(#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#) == nil)
    }
}
