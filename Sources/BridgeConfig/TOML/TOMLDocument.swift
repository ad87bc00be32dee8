// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import CToml

/// Reads TOML 1.0 text into values that own their storage; toml++'s own tree lives only during the call.
enum TOMLDocument {
    /// The entries of the root table.
    ///
    /// - Parameter text: the document; a byte order mark is skipped.
    static func parse(_ text: String) throws(TOMLSyntaxError) -> [TOMLEntry] {
        var text = text
        let document = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { ctoml_parse($0.baseAddress, $0.count) }
        }
        guard let document else {
            throw TOMLSyntaxError(message: "not enough memory to read it", position: TOMLPosition(line: 1, column: 1))
        }
        defer { ctoml_free(document) }
        guard let root = ctoml_root(document) else {
            throw TOMLSyntaxError(
                // It quotes what it saw, and escapes no more of it than ASCII.
                message: String(ctoml_error_message(document)).unicodeScalars.map(visible).joined(),
                position: TOMLPosition(ctoml_error_position(document))
            )
        }
        return entries(of: root.pointee)
    }

    private static func entries(of table: ctoml_node) -> [TOMLEntry] {
        UnsafeBufferPointer(start: table.children, count: table.child_count).map { child in
            TOMLEntry(
                key: String(child.key),
                keyPosition: TOMLPosition(child.key_position),
                node: node(child)
            )
        }
    }

    private static func node(_ source: ctoml_node) -> TOMLNode {
        TOMLNode(value: value(source), position: TOMLPosition(source.position))
    }

    private static func value(_ source: ctoml_node) -> TOMLNode.Value {
        switch source.kind {
        case CTOML_TABLE: .table(entries(of: source))
        case CTOML_ARRAY: .array(UnsafeBufferPointer(start: source.children, count: source.child_count).map(node))
        case CTOML_STRING: .string(String(source.string))
        case CTOML_INTEGER: .integer(source.integer)
        case CTOML_FLOAT: .float(source.floating)
        case CTOML_BOOLEAN: .boolean(source.boolean)
        default: .dateOrTime
        }
    }
}

extension String {
    fileprivate init(_ text: ctoml_text) {
        let bytes = UnsafeRawBufferPointer(start: text.bytes, count: text.length)
        self.init(decoding: bytes, as: UTF8.self)
    }
}

extension TOMLPosition {
    // toml++ leaves a position at 0 where it knows none; "line 0" would only confuse.
    fileprivate init(_ position: ctoml_position) {
        self.init(line: max(1, Int(position.line)), column: max(1, Int(position.column)))
    }
}
