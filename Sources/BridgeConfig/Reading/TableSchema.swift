// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A key that a table knows: its name, and the way between its value and the model. Declared once, in a ``TableSchema``.
struct Key<Owner: Sendable>: Sendable {
    let name: String
    /// Reads the value into the model. The string is the dotted name of the table that holds the key.
    let read: @Sendable (TOMLEntry, String, inout Owner, inout Diagnostics) -> Void
    /// What the model holds under this key; several settings where the key is a table.
    let settings: @Sendable (Owner) -> [Setting]
}

/// A key with the value it has in a model, written as TOML.
struct Setting: Sendable, Equatable {
    /// Dotted, relative to the owner.
    let path: String
    /// Nil where the key is optional and absent.
    let value: String?

    func under(_ table: String) -> Setting {
        Setting(path: "\(table).\(path)", value: value)
    }
}

extension Key {
    /// A key with a value.
    init<Value>(_ name: String, _ form: ValueForm<Value>, _ path: any WritableKeyPath<Owner, Value> & Sendable) {
        self.name = name
        read = { entry, _, owner, diagnostics in
            if let value = form.read(entry.node, name, &diagnostics) {
                owner[keyPath: path] = value
            }
        }
        settings = { [Setting(path: name, value: form.write($0[keyPath: path]))] }
    }

    /// A key whose absence means something of its own.
    init<Value>(
        optional name: String,
        _ form: ValueForm<Value>,
        _ path: any WritableKeyPath<Owner, Value?> & Sendable
    ) {
        self.name = name
        read = { entry, _, owner, diagnostics in
            if let value = form.read(entry.node, name, &diagnostics) {
                owner[keyPath: path] = value
            }
        }
        settings = { [Setting(path: name, value: $0[keyPath: path].map(form.write))] }
    }

    /// A key that holds a table of further keys.
    init<Part>(
        _ name: String,
        table schema: TableSchema<Part>,
        _ path: any WritableKeyPath<Owner, Part> & Sendable
    ) {
        self.name = name
        read = { entry, table, owner, diagnostics in
            schema.read(entry.node, name: table.dotted(name), into: &owner[keyPath: path], &diagnostics)
        }
        settings = { owner in schema.settings(of: owner[keyPath: path]).map { $0.under(name) } }
    }

    /// The same key for the owner of its owner.
    func lifted<Whole>(_ path: any WritableKeyPath<Whole, Owner> & Sendable) -> Key<Whole> {
        Key<Whole>(
            name: name,
            read: { entry, table, whole, diagnostics in read(entry, table, &whole[keyPath: path], &diagnostics) },
            settings: { settings($0[keyPath: path]) }
        )
    }
}

/// The keys of one table.
struct TableSchema<Owner: Sendable>: Sendable {
    /// Read in this order, whatever the order of the file.
    let keys: [Key<Owner>]
    /// Keys that exist elsewhere or will later: name and what to say about it.
    var refused: [String: String] = [:]

    /// - Parameter name: the dotted name of the table; empty for the root.
    func read(_ node: TOMLNode, name: String, into owner: inout Owner, _ diagnostics: inout Diagnostics) {
        guard case .table(let entries) = node.value else {
            let message = "`\(name)` must be a table, written [\(name)] with single brackets, not \(node.kind)"
            diagnostics.report(message, at: node.position)
            return
        }
        read(entries, name: name, into: &owner, &diagnostics)
    }

    func read(_ entries: [TOMLEntry], name: String, into owner: inout Owner, _ diagnostics: inout Diagnostics) {
        for key in keys {
            if let entry = entries[key.name] {
                key.read(entry, name, &owner, &diagnostics)
            }
        }
        for entry in entries where !keys.contains(where: { $0.name == entry.key }) {
            reportUnknown(entry, in: name, &diagnostics)
        }
    }

    /// Every setting of a model, in the order of the schema.
    func settings(of owner: Owner) -> [Setting] {
        keys.flatMap { $0.settings(owner) }
    }

    /// The same table without some keys, each of which is answered with advice. It need not have had them.
    func refusing(_ names: [KindKey]) -> TableSchema {
        let advice = names.map { ($0.path, $0.advice) }
        return TableSchema(
            keys: keys.filter { key in !names.contains { $0.path == key.name } },
            refused: refused.merging(advice) { _, new in new }
        )
    }

    private func reportUnknown(_ entry: TOMLEntry, in table: String, _ diagnostics: inout Diagnostics) {
        if let advice = refused[entry.key] {
            diagnostics.report("`\(entry.key)` \(advice)", at: entry.keyPosition)
            return
        }
        // Only a name is shown, never a value; a quoted key may hold anything, so that it is escaped.
        let shown = quoted(entry.key).dropFirst().dropLast()
        let place = table.isEmpty ? "at the top level" : "in [\(table)]"
        let message = "unknown key `\(shown)` \(place)"
        if let home = KnownKeys.home(of: entry.key, in: table) {
            diagnostics.report("\(message); it belongs in [\(home)]", at: entry.keyPosition)
        } else {
            let nearest = Spelling.nearest(to: entry.key, among: keys.map(\.name))
            diagnostics.report(message, at: entry.keyPosition, suggestion: nearest)
        }
    }
}

extension [TOMLEntry] {
    subscript(key: String) -> TOMLEntry? {
        first { $0.key == key }
    }
}

extension TOMLEntry {
    /// The entries of a table; none where this is no table.
    var entries: [TOMLEntry] {
        if case .table(let entries) = node.value { entries } else { [] }
    }
}

extension String {
    /// The dotted name of a key in the table of this name; empty is the root.
    func dotted(_ name: String) -> String {
        isEmpty ? name : "\(self).\(name)"
    }
}
