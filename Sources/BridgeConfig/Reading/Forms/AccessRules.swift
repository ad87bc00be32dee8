// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension AccessRule {
    /// `tools`, `prompts` and `resources` of a server.
    static let schema = TableSchema<AccessRule>(keys: [
        Key(optional: "allow", .namePatterns, \.allow),
        Key("deny", .namePatterns, \.deny),
    ])
}

extension ValueForm where Value == [NamePattern] {
    /// Names with `*` for any run of characters.
    static var namePatterns: Self {
        let expected = "an array of names such as [\"git_*\"], where * stands for any characters"
        return list(
            expected,
            of: .text(expected, write: { quoted($0.text) }) { text throws(BadValue) in
                guard !text.isEmpty else {
                    throw BadValue("holds an empty name, which nothing has: write \"*\" for every name")
                }
                guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                    throw BadValue("must not hold control characters: names with one are denied anyway")
                }
                return NamePattern(text)
            }
        )
    }
}

extension Server {
    /// A policy for messages that nobody looks at would be a false promise.
    func reportUnheededRules(_ entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        guard protocolKind == .lines else { return }
        for name in ["tools", "prompts", "resources"] {
            guard let entry = entries[name] else { continue }
            let message = "`\(name)` needs protocol = \"mcp\": with \"lines\" no message is looked at"
            diagnostics.report(message, at: entry.keyPosition)
        }
        if restart != .never, let entry = entries["restart"] {
            let message =
                "`restart` needs protocol = \"mcp\": with \"lines\" nobody knows what a connection has to lose"
            diagnostics.report(message, at: entry.node.position)
        }
    }
}
