// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Key<Server> {
    private static let expected =
        "an array of strings such as [\"uvx\", \"mcp-server-time\"], one per argument (no shell is involved)"

    /// `command`: program and arguments, the latter with templates.
    static let command = Key(
        name: "command",
        read: { entry, _, server, diagnostics in
            guard case .array(let nodes) = entry.node.value else {
                return diagnostics.reportType(of: entry.node, "command", expected: expected)
            }
            let words = nodes.map { node in
                TemplateText.read(node, "command", expected: expected, &diagnostics) { text throws(BadValue) in
                    _ = try text.withoutNUL()
                }.map { (value: $0, position: node.position) }
            }
            guard !words.contains(where: { $0 == nil }) else { return }
            let command = words.compactMap(\.self)
            guard let program = command.first, program.value != .text("") else {
                return diagnostics.report("`command` must name a program: write \(expected)", at: entry.node.position)
            }
            if case .template = program.value {
                let message = "`command` holds `{{` in its program, which no client may choose: \(TemplateText.places)"
                return diagnostics.report(message, at: program.position)
            }
            server.command = command.map(\.value.shown)
            for (index, word) in command.enumerated() {
                guard case .template(let template) = word.value else { continue }
                let place = diagnostics.place(word.position)
                server.argumentTemplates.append(ArgumentTemplate(index: index, template: template, place: place))
                server.reportScript(at: index, word.position, &diagnostics)
            }
        },
        settings: { [Setting(path: "command", value: "[" + $0.command.map(quoted).joined(separator: ", ") + "]")] }
    )
}

extension Server {
    /// Programs that take a script as an argument.
    private static let interpreters: Set<Substring> = [
        "sh", "ash", "bash", "dash", "fish", "ksh", "zsh", "bun", "deno", "node", "nodejs", "perl", "php", "python",
        "python3", "ruby",
    ]

    /// What a client brings must not run as code because it stands within a script (R42).
    fileprivate func reportScript(at index: Int, _ position: TOMLPosition, _ diagnostics: inout Diagnostics) {
        let name = command[0].split(separator: "/").last ?? ""
        guard index > 1, Self.interpreters.contains(name), Self.announcesScript(command[index - 1]) else { return }
        diagnostics.report(
            "`command` holds a template within a script for `\(name)`, where what a client brings would run as code: give "
                + "it to the script as an argument of its own, or in `env`",
            at: position
        )
    }

    /// `-c`, `-lc`, `-e`, `--eval` and the like.
    private static func announcesScript(_ argument: String) -> Bool {
        if ["--eval", "--print", "--command", "eval", "-r", "-p"].contains(argument) { return true }
        let letters = argument.utf8.dropFirst()
        let isFlags = argument.hasPrefix("-") && letters.allSatisfy { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 }
        return isFlags && (letters.last == UInt8(ascii: "c") || letters.last == UInt8(ascii: "e"))
    }
}

extension EnvironmentValue {
    /// The text of an argument, and of a template its description.
    fileprivate var shown: String {
        if case .text(let text) = self { text } else { description }
    }
}
