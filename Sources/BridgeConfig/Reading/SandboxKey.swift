// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Key<Server> {
    /// `[servers.NAME.sandbox]`: without it nothing is done to a child.
    static let sandbox = Key(
        name: "sandbox",
        read: { entry, table, server, diagnostics in
            var sandbox = Sandbox(place: diagnostics.place(entry.keyPosition))
            let before = diagnostics.problems.count
            Sandbox.schema.read(entry.node, name: table.dotted(entry.key), into: &sandbox, &diagnostics)
            sandbox.reportContradictions(in: entry.entries, &diagnostics)
            guard diagnostics.problems.count == before else { return }
            server.sandbox = sandbox
        },
        settings: { server in
            Sandbox.schema.settings(of: server.sandbox ?? Sandbox(place: server.place)).map { $0.under("sandbox") }
        }
    )
}

extension Sandbox {
    static let schema = TableSchema<Sandbox>(keys: [
        // With less no program starts; above, it is a slip of the pen.
        Key(optional: "memory", .size(from: 1 << 20, to: 1 << 40), \.memory),
        // The kernel's own bound.
        Key(optional: "processes", .count(to: 4_194_304), \.processes),
        // Below, a loader cannot open its libraries.
        Key(optional: "files", .count(from: 16, to: 1_048_576), \.files),
        Key("no_new_privileges", .boolean, \.noNewPrivileges),
        Key(optional: "user", .accountName(example: "mcp"), \.user),
        Key(optional: "group", .accountName(example: "mcp"), \.group),
        Key(optional: "umask", .fileMode, \.umask),
        Key(optional: "read_only", .paths(example: "/srv/git"), \.readOnly),
        Key(optional: "read_write", .paths(example: "/srv/git/work"), \.readWrite),
    ])

    fileprivate func reportContradictions(in entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        if let entry = entries["group"], entries["user"] == nil {
            diagnostics.report("`group` needs `user`: a group alone takes no right away", at: entry.keyPosition)
        }
        if let entry = entries["no_new_privileges"], case .boolean(false) = entry.node.value {
            for name in ["read_only", "read_write"] where entries[name] != nil {
                let message =
                    "`\(name)` needs no_new_privileges = true: the kernel lets nobody past restricted paths by a setuid "
                    + "program"
                diagnostics.report(message, at: entry.node.position)
                return
            }
        }
    }
}

extension ValueForm where Value == String {
    /// A user or group. Not a number: what has no name has no groups and no home either.
    fileprivate static func accountName(example: String) -> Self {
        .text("a name such as \(quoted(example))", write: quoted) { text throws(BadValue) in
            let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !":,/".utf8.contains($0) }
            guard !text.isEmpty, isPlain else { throw BadValue("must be a name such as \(quoted(example))") }
            guard !text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw BadValue("must be a name such as \(quoted(example)), not the number \(quoted(text))")
            }
            return text
        }
    }
}

extension ValueForm where Value == [String] {
    fileprivate static func paths(example: String) -> Self {
        .list("an array of absolute paths such as [\(quoted(example))]", of: .absolutePath(example: example))
    }
}

extension ValueForm where Value == Int {
    /// Permissions as everybody writes them: octal digits in quotes, since TOML's 0077 is no integer.
    fileprivate static var fileMode: Self {
        let expected = "octal digits in quotes such as \"0077\""
        return .text(
            expected,
            write: { value in
                let digits = String(value, radix: 8)
                return quoted(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
            },
            parse: { text throws(BadValue) in
                let isOctal = text.utf8.allSatisfy { (0x30...0x37).contains($0) }
                guard isOctal, let value = Int(text, radix: 8), value <= 0o777 else {
                    throw BadValue("must be \(expected), at most \"0777\", not \(quoted(text))")
                }
                return value
            }
        )
    }
}
