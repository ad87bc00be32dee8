// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable internal import BridgeCore

/// R42, R72: the first line is a text of the operator's, the others are what a client brings. What comes of them is as a
/// reading has it that takes the text byte by byte, and never what a client could have made of it.
func fuzzTemplates(_ bytes: UnsafeRawBufferPointer) {
    guard let all = bytes.text else { return }
    let lines = all.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
    guard let text = lines.first else { return }
    let values = lines.dropFirst().map { $0 }
    let handshake = HandshakeValues(
        headers: values.map { (name: "X", value: $0) },
        principal: Principal(kind: .token, name: "ci"),
        claims: Claims(values.first.map { ["c": $0] } ?? [:]),
        peer: "peer"
    )
    let pieces = Piece.read(Array(text.utf8))
    guard let template = try? ValueTemplate(parsing: text) else {
        return require(pieces == nil, "R72: a template that is refused is none", text)
    }
    guard let pieces else { return require(false, "R72: what is no template is refused", text) }
    let sources = pieces.count { if case .text = $0 { false } else { true } }
    requireEqual(template.sources.count, sources, "R72: every source is known")
    require(ValueTemplate.isTemplate(text) || sources == 0, "a text without braces asks for nothing", text)
    guard sources > 0 else { return requireEqual(template.plainText, Piece.expand(pieces, values), "plain text") }

    let expected = Piece.expand(pieces, values)
    var variables = ServerTemplates()
    variables.add(variable: "V", template)
    let variable = (try? variables.expanded(with: handshake))?.variables.first?.value
    requireEqual(variable, expected, "R72: expanded once, and as it is")
    var arguments = ServerTemplates()
    arguments.add(argument: 1, template)
    if let argument = (try? arguments.expanded(with: handshake))?.arguments.first?.value {
        requireEqual(argument, expected, "R72: an argument is the same text")
        let isOwn = if case .text? = pieces.first { true } else { false }
        require(isOwn || argument.utf8.first != UInt8(ascii: "-"), "R42: no option of the client's", argument)
    }
    var fields = ServerTemplates()
    fields.add(field: "F", template)
    if let field = (try? fields.expanded(with: handshake))?.fields.first?.value {
        requireEqual(field, expected, "R72: a header is the same text")
        require(field.utf8.allSatisfy { 0x20...0x7E ~= $0 || $0 == 9 }, "R72: a header that can be sent", field)
    }
}

/// A template, read one byte after the other.
private enum Piece: Equatable {
    case text([UInt8])
    case header
    case otherHeader
    case claim(String)
    case principal
    case peer

    /// Nil for what is no template.
    static func read(_ text: [UInt8]) -> [Piece]? {
        var pieces: [Piece] = []
        var plain: [UInt8] = []
        func endText() {
            if !plain.isEmpty { pieces.append(.text(plain)) }
            plain = []
        }
        var at = 0
        while at < text.count {
            guard text[at...].starts(with: "{{".utf8) else {
                plain.append(text[at])
                at += 1
                continue
            }
            var end = at + 2
            while end < text.count, !text[end...].starts(with: "}}".utf8) { end += 1 }
            guard end < text.count else { return nil }
            let inside = String(decoding: text[(at + 2)..<end], as: UTF8.self)
            at = end + 2
            if inside == "\"{{\"" || inside == "'{{'" {
                plain += Array("{{".utf8)
                continue
            }
            endText()
            guard let piece = named(inside) else { return nil }
            pieces.append(piece)
        }
        endText()
        return pieces
    }

    private static func named(_ inside: String) -> Piece? {
        if inside == "principal" { return .principal }
        if inside == "peer" { return .peer }
        let bytes = Array(inside.utf8)
        if bytes.starts(with: "header:".utf8) {
            let name = Array(bytes[7...])
            let letters = Array("!#$%&'*+-.^_`|~0123456789".utf8)
            let isToken = name.allSatisfy { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || letters.contains($0) }
            guard isToken, !name.isEmpty else { return nil }
            return name == [0x58] || name == [0x78] ? .header : .otherHeader
        }
        guard bytes.starts(with: "claim:".utf8), bytes.count > 6 else { return nil }
        let name = bytes[6...]
        guard name.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "{") }) else { return nil }
        return .claim(String(decoding: name, as: UTF8.self))
    }

    /// Nil where a value is missing, comes twice or cannot stand there.
    static func expand(_ pieces: [Piece], _ values: [String]) -> String? {
        var text: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .text(let plain): text += plain
            case .principal: text += Array("ci".utf8)
            case .peer: text += Array("peer".utf8)
            case .otherHeader: return nil
            case .header:
                guard values.count == 1 else { return nil }
                var value = Array(values[0].utf8)
                while let last = value.last, last == 0x20 || last == 9 { value.removeLast() }
                while let first = value.first, first == 0x20 || first == 9 { value.removeFirst() }
                guard isFit(value) else { return nil }
                text += value
            case .claim(let name):
                guard name.utf8.elementsEqual("c".utf8), let value = values.first, isFit(Array(value.utf8)) else {
                    return nil
                }
                text += Array(value.utf8)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isFit(_ value: [UInt8]) -> Bool {
        value.allSatisfy { $0 == 9 || ($0 > 0x1F && $0 != 0x7F) }
    }
}
