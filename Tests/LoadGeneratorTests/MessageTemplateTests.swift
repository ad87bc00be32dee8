// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LoadGenerator

@Suite("Messages that differ by digits only")
struct MessageTemplateTests {
    @Test("A request is of about the size asked for, and says what it has to", arguments: [1, 200, 1024, 100_000])
    func requests(_ size: Int) throws {
        var template = MessageTemplate.request(.call, size: size)
        template.set(connection: 42)
        template.set(id: 1_234_567_890)
        let bytes = Array(template.bytes)
        #expect(bytes.count == max(size, 122))
        let message = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(message["id"] as? Int == 1_234_567_890)
        #expect(message["jsonrpc"] as? String == "2.0")
        #expect(message["method"] as? String == "tools/call")
        let params = try #require(message["params"] as? [String: Any])
        #expect(params["name"] as? String == "echo")
        let text = try #require((params["arguments"] as? [String: Any])?["text"] as? String)
        #expect(text.hasPrefix("c00042-1234567890-"))
        let quoted = template.text.map { String(decoding: $0, as: UTF8.self) }
        #expect(quoted == "\"\(text)\"")
    }

    @Test("A ping has an id and no text")
    func ping() {
        let template = MessageTemplate.request(.ping, size: 200)
        template.set(id: MessageTemplate.firstID + MessageTemplate.idMask)
        let text = String(decoding: template.bytes, as: UTF8.self)
        #expect(text == "{\"jsonrpc\":\"2.0\",\"id\":9589934591,\"method\":\"ping\"}")
        let hasText = template.text != nil
        #expect(!hasText)
    }

    @Test("Each number of a connection and each id comes back as it was put in")
    func numbers() {
        var template = MessageTemplate.request(.call, size: 1)
        for number in [0, 1, 9, 10, 99_999, 12_345] {
            for id in [1_000_000_000, 1_000_000_009, 9_999_999_999, 5_050_505_050] as [UInt64] {
                template.set(connection: number)
                template.set(id: id)
                let copy = Array(template.bytes)
                template.set(id: MessageTemplate.firstID)
                let isSame = copy.withUnsafeBytes { template.id(in: $0) == id && template.matches($0) }
                if !isSame { Issue.record("\(number), \(id)") }
            }
        }
    }

    @Test("A message that differs in any one byte, or is of another connection, does not match")
    func differences() {
        var template = MessageTemplate.request(.call, size: 150)
        template.set(connection: 7)
        template.set(id: 1_000_000_123)
        let right = Array(template.bytes)
        for index in right.indices {
            var wrong = right
            wrong[index] ^= 1
            let matches = wrong.withUnsafeBytes { template.id(in: $0) == 1_000_000_123 && template.matches($0) }
            if matches { Issue.record("byte \(index)") }
        }
        template.set(connection: 8)
        let others = right.withUnsafeBytes { template.matches($0) }
        #expect(!others)
        for length in [Array(right.dropLast()), right + [0x20]] {
            let id = length.withUnsafeBytes { template.id(in: $0) }
            #expect(id == nil)
        }
    }
}
