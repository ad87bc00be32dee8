// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Cutting elements out of JSON text")
struct JSONTextTests {
    @Test("R22: whatever elements are cut out, the others stay as they were and the text stays JSON")
    func cuts() throws {
        let items = ["1", #"{"a":[2,"]"]}"#, #""x,y""#, "null", "[]"]
        for space in ["", " ", "\n\t"] {
            for count in 0...items.count {
                let text = "[" + items.prefix(count).map { space + $0 + space }.joined(separator: ",") + "]"
                for mask in 0..<1 << count {
                    var bytes = Array(text.utf8)
                    let cuts = bytes.withUnsafeBytes { raw in
                        JSONText.cuts(
                            ArrayElements(raw).enumerated().map { index, range in
                                let end = JSONText.skipValue(raw, range.lowerBound)
                                return (range: range.lowerBound..<end, isCut: mask >> index & 1 == 1)
                            }
                        )
                    }
                    #expect(zip(cuts, cuts.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
                    #expect(cuts.isEmpty == (mask == 0))
                    for cut in cuts.reversed() { bytes.removeSubrange(cut) }
                    let rest = try JSONSerialization.jsonObject(with: Data(bytes)) as? NSArray
                    let kept = items.indices.filter { $0 < count && mask >> $0 & 1 == 0 }.map { items[$0] }
                    let wanted = "[" + kept.joined(separator: ",") + "]"
                    #expect(rest == (try JSONSerialization.jsonObject(with: Data(wanted.utf8)) as? NSArray))
                    for item in kept { #expect(String(decoding: bytes, as: UTF8.self).contains(item)) }
                }
            }
        }
    }
}
