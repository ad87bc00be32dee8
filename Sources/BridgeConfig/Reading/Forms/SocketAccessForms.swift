// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension ValueForm where Value == SocketAccess.Mode {
    /// Octal digits in quotes: a bare number of TOML would be decimal, and `660` then something else than it looks like.
    static var socketMode: Self {
        .text(
            "a string of octal digits such as \"0660\"",
            write: { quoted($0.description) },
            parse: { text throws(BadValue) in
                let isOctal = (3...4).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x37).contains($0) }
                guard isOctal, let bits = UInt32(text, radix: 8), bits <= 0o777 else {
                    throw BadValue("must be octal digits up to \"0777\", such as \"0660\", not \(quoted(text))")
                }
                let mode = SocketAccess.Mode(bits: bits)
                guard mode.letsOwnerConnect || mode.letsGroupConnect || mode.letsOthersConnect else {
                    throw BadValue(
                        "lets nobody connect: that takes the right to write, as in \"0600\", which \(quoted(text)) gives to nobody"
                    )
                }
                return mode
            }
        )
    }
}

extension ValueForm where Value == SocketAccess.Account {
    /// A name or a number. Whether there is such an account is for the machine to tell.
    static func account(example: String) -> Self {
        ValueForm(
            read: { node, key, diagnostics in
                let expected = "a name such as \(quoted(example)), or a number"
                let text: String
                if case .integer(let number) = node.value {
                    text = String(number)
                } else if let name = node.string(key, expected: expected, &diagnostics) {
                    text = name
                } else {
                    return nil
                }
                guard let value = SocketAccess.Account.Value(text) else {
                    diagnostics.report("`\(key)` must be \(expected), not \(quoted(text))", at: node.position)
                    return nil
                }
                return SocketAccess.Account(value, place: diagnostics.place(node.position))
            },
            write: { account in
                switch account.value {
                case .name(let name): quoted(name)
                case .id(let id): "\(id)"
                }
            }
        )
    }
}

extension SocketAccess.Account.Value {
    /// Nil for what can be neither a name nor a number.
    fileprivate init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // The greatest id is kept for "none".
            guard let id = UInt32(text), id < .max else { return nil }
            self = .id(id)
            return
        }
        // Fields of /etc/passwd end with a colon, and its lines with a newline; no name begins with the sign of a number.
        let isName = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }
        guard isName, let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else {
            return nil
        }
        self = .name(text)
    }
}
