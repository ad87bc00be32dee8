// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension JSONString {
    /// Appends `text` as a string token in which nothing is invisible or disturbs a line or a terminal: controls of
    /// every kind, marks of direction and format, unassigned and private characters are escaped. A reader gets the text
    /// back as it was.
    ///
    /// - Parameter limit: a longer text is cut behind so many bytes of UTF-8, at a character, and ends in `…`.
    package static func appendVisible(_ text: some StringProtocol, atMost limit: Int = .max, to output: inout [UInt8]) {
        var left = limit
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            let size = UTF8.width(scalar)
            guard size <= left else {
                output.append(contentsOf: "…".utf8)
                break
            }
            left -= size
            switch scalar {
            case "\"", "\\": output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: scalar)])
            case "\n": output.append(contentsOf: "\\n".utf8)
            case "\r": output.append(contentsOf: "\\r".utf8)
            case "\t": output.append(contentsOf: "\\t".utf8)
            case _ where Self.isVisible(scalar): output.append(contentsOf: UTF8.encode(scalar) ?? .init())
            default: for unit in UTF16.encode(scalar) ?? .init() { Self.appendEscape(unit, to: &output) }
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Whether a character shows as itself wherever it is printed.
    package static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }

    private static func appendEscape(_ unit: UInt16, to output: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        output.append(contentsOf: "\\u".utf8)
        for shift in [12, 8, 4, 0] { output.append(digits[Int(unit >> UInt16(shift)) & 15]) }
    }
}
