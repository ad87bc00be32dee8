// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The envelope of a request that the bridge makes itself")
struct BorrowedMetadataTests {
    @Test(
        "R58: the client's envelope without its progress token",
        arguments: [
            (#"{"a":1}"#, #"{"a":1}"#), ("{}", "{}"), (#"{"progressToken":1}"#, "{}"),
            (#"{"progressToken":"x","a":1}"#, #"{"a":1}"#), (#"{"a":1,"progressToken":"x"}"#, #"{"a":1}"#),
            (#"{"a":1,"progressToken":"x","b":2}"#, #"{"a":1,"b":2}"#),
            (
                #"{ "a" : 1 , "progressToken" : 7 , "b" : {"progressToken":8} }"#,
                #"{ "a" : 1 , "b" : {"progressToken":8} }"#
            ),
            (#"{"progress\u0054oken":1,"a":"\u00e9","b":1.0}"#, #"{"a":"\u00e9","b":1.0}"#),
            (#"{"progressToken":1,"a":2,"progressToken":3,"progressToken":4}"#, #"{"a":2}"#),
            ("[]", nil), ("null", nil), ("\"x\"", nil),
        ] as [(String, String?)]
    )
    func metadata(_ metadata: String, _ expected: String?) {
        let text = #"{"id":1,"_meta":{"no":1},"params":{"name":"x","_meta": \#(metadata) }}"#
        let borrowed = Array(text.utf8).withUnsafeBytes { BorrowedMetadata.metadata(of: $0) }
        #expect(borrowed.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test(
        "R58: no envelope, none to borrow",
        arguments: ["{}", #"{"params":{}}"#, #"{"params":[]}"#, #"{"_meta":{}}"#]
    )
    func none(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { BorrowedMetadata.metadata(of: $0) } == nil)
    }
}
