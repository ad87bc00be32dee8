// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Looks values up in JSON text without decoding it: what a fixture gives back must be the bytes it got.
///
/// Trusts its input to be JSON; on anything else it finds nothing or nonsense, but stays within the text.
struct JSONText {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    init(_ text: String) { bytes = Array(text.utf8)[...] }

    /// The text as it was spelled.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The value of a top-level member, by its key as spelled without escapes.
    subscript(key: String) -> JSONText? {
        var position = skipSpace(bytes.startIndex)
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "{") else { return nil }
        position += 1
        while true {
            position = skipSpace(position)
            guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") else { return nil }
            let keyEnd = skipValue(position)
            let isKey = bytes[position..<keyEnd].dropFirst().dropLast().elementsEqual(key.utf8)
            position = skipSpace(keyEnd)
            guard position < bytes.endIndex, bytes[position] == UInt8(ascii: ":") else { return nil }
            position = skipSpace(position + 1)
            let end = skipValue(position)
            if isKey { return JSONText(bytes[position..<end]) }
            position = skipSpace(end)
            guard position < bytes.endIndex, bytes[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
    }

    /// The decimal number, or 0.
    var number: Int { Int(text) ?? 0 }

    /// The text between the quotes of a string, escapes left alone.
    var unquoted: String { String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self) }

    /// `text` as a JSON string; bytes that are no UTF-8 become U+FFFD.
    static func quote(_ text: some Sequence<UInt8>) -> String {
        var out = "\""
        for scalar in String(decoding: Array(text), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{0}"..<" ": out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    private func skipSpace(_ start: Int) -> Int {
        var position = start
        while position < bytes.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position
    }

    /// The index after the value that begins at `start`.
    private func skipValue(_ start: Int) -> Int {
        var position = start
        var depth = 0
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "\""): position = skipString(position)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position }
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return position }
                position += 1
                continue
            default:
                position += 1
                if depth > 0 { continue }
                // A number or a word goes on to the next delimiter.
                while position < bytes.endIndex, !Array(",]}: \t\r\n".utf8).contains(bytes[position]) { position += 1 }
            }
            if depth == 0 { return position }
        }
        return bytes.endIndex
    }

    private func skipString(_ start: Int) -> Int {
        bytes.withUnsafeBufferPointer { buffer in
            var position = start - bytes.startIndex + 1
            while position < buffer.count, buffer[position] != UInt8(ascii: "\"") {
                position += buffer[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            return min(position + 1, buffer.count) + bytes.startIndex
        }
    }
}
