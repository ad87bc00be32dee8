// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Base64 as tokens have it.
@Suite struct Base64URLTests {
    private func decode(_ text: String) -> [UInt8]? { Base64URL.decode(text.utf8) }

    @Test("R8: base64url is read as RFC 4648 §10 and RFC 7515 appendix C write it")
    func examples() {
        let texts = ["": "", "Zg": "f", "Zm8": "fo", "Zm9v": "foo", "Zm9vYg": "foob", "Zm9vYmE": "fooba"]
        for (encoded, text) in texts { #expect(self.decode(encoded) == Array(text.utf8), "\(encoded)") }
        #expect(self.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test(
        "R8: nothing but the one spelling is read: no padding, no other alphabet, no white space, no stray bits",
        arguments: ["Zg==", "Zm8=", "A+z/4ME", "Zm 9v", "Zm9v\n", "Zh", "Zm9", "Zm9vY", "A", "Zm9v.", "Zm\u{E9}9v"]
    )
    func refused(_ text: String) {
        #expect(self.decode(text) == nil)
    }

    @Test("R8: every run of bytes has one spelling that is read, and no other of the same length")
    func onlyOne() {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for byte in UInt8.min...UInt8.max {
            let spellings = alphabet.flatMap { first in alphabet.map { "\(first)\($0)" } }
                .filter { self.decode($0) == [byte] }
            #expect(spellings.count == 1, "\(byte)")
        }
    }
}
