// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Key<Configuration> {
    /// `[audit]`.
    static let audit = Key("audit", table: TableSchema<Audit>(keys: [.to]), \.audit)
}

extension Key<Audit> {
    /// `to`: one key, so that there cannot be two answers.
    fileprivate static let to = Key(
        name: "to",
        read: { entry, _, audit, diagnostics in
            if let read = form.read(entry.node, "to", &diagnostics) { audit = read }
        },
        settings: { [Setting(path: "to", value: form.write($0))] }
    )

    private static let form = ValueForm<Audit>(
        read: { node, key, diagnostics in
            let expected = "\"off\", \"log\" or the absolute path of a file"
            guard let text = node.string(key, expected: expected, &diagnostics) else { return nil }
            switch text {
            case "off": return .off
            case "log": return .log
            case _ where text.hasPrefix("/") && !text.utf8.contains(0):
                return .file(path: text, place: diagnostics.place(node.position))
            default:
                diagnostics.report(
                    "`\(key)` must be \(expected), not \(quoted(text))",
                    at: node.position,
                    suggestion: Spelling.nearest(to: text, among: ["off", "log"])
                )
                return nil
            }
        },
        write: { audit in
            switch audit {
            case .off: quoted("off")
            case .log: quoted("log")
            case .file(let path, _): quoted(path)
            }
        }
    )
}
