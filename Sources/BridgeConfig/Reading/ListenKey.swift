// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Key<Configuration> {
    /// `[listen]`, or `[[listen]]` once for each listener.
    static let listen = Key(
        name: "listen",
        read: { entry, table, configuration, diagnostics in
            let name = table.dotted("listen")
            var first = FirstListen()
            guard case .array(let nodes) = entry.node.value else {
                FirstListen.schema.read(entry.node, name: name, into: &first, &diagnostics)
                configuration.listeners = [first.listen]
                configuration.eventLoops = first.eventLoops
                return
            }
            let tables = entry.listenTables
            guard !tables.isEmpty, tables.count == nodes.count else {
                diagnostics.report(
                    "`\(name)` must be one table, written [\(name)], or several, each written [[\(name)]]; for the "
                        + "default address leave it out",
                    at: entry.node.position
                )
                return
            }
            FirstListen.schema.read(tables[0].entries, name: name, into: &first, &diagnostics)
            configuration.eventLoops = first.eventLoops
            configuration.listeners = [first.listen]
            for table in tables.dropFirst() {
                var listen = Listen()
                Listen.furtherSchema.read(table.entries, name: name, into: &listen, &diagnostics)
                configuration.listeners.append(listen)
            }
            reportSharedAddresses(tables, &diagnostics)
        },
        settings: { configuration in
            let further = configuration.listeners.dropFirst().flatMap { Listen.schema.settings(of: $0) }
            let first = configuration.listeners.first.map {
                FirstListen.schema.settings(of: FirstListen(listen: $0, eventLoops: configuration.eventLoops))
            }
            return ((first ?? []) + further).map { $0.under("listen") }
        }
    )

    /// Judged on the document, not on the model, so that a listener with another fault still counts.
    private static func reportSharedAddresses(_ tables: [ListenTable], _ diagnostics: inout Diagnostics) {
        var taken: [(address: ListenAddress, line: Int)] = []
        for table in tables {
            guard let address = table.address else { continue }
            let position = table.addressPosition
            if let other = taken.first(where: { $0.address.overlaps(address) }) {
                let isSame = other.address == address
                let owner = isSame ? "already that of" : "in the way of \(quoted("\(other.address)")), that of"
                diagnostics.report(
                    "`address` \(quoted("\(address)")) is \(owner) the listener in line \(other.line): give each "
                        + "[[listen]] an address of its own",
                    at: position
                )
            } else {
                taken.append((address, position.line))
            }
        }
    }
}

/// `[listen]`, or the first `[[listen]]`, while it is read: there stands, beside the listener, what is the daemon's.
private struct FirstListen: Sendable {
    var listen = Listen()
    var eventLoops = 0

    static let schema = TableSchema<FirstListen>(
        keys: Listen.schema.keys.map { $0.lifted(\.listen) } + [
            Key("event_loops", .count(from: 0, to: 1024), \.eventLoops)
        ]
    )
}

extension Listen {
    /// The second `[[listen]]` and those behind it.
    fileprivate static let furtherSchema = TableSchema<Listen>(
        keys: schema.keys,
        refused: [
            "event_loops": "belongs in the first [[listen]]: the event loops are the daemon's, and serve all listeners"
        ]
    )
}

/// One table of `listen` in the document.
struct ListenTable {
    let entries: [TOMLEntry]
    let position: TOMLPosition

    /// The default where there is none; nil where what stands there is no address.
    var address: ListenAddress? {
        guard let entry = entries["address"] else { return Listen().address }
        guard case .string(let text) = entry.node.value else { return nil }
        return try? ListenAddress(parsing: text)
    }

    /// Where the address stands, or else the table.
    var addressPosition: TOMLPosition { entries["address"]?.node.position ?? position }
}

extension TOMLEntry {
    /// The tables of `[listen]` or `[[listen]]`, in their order.
    var listenTables: [ListenTable] {
        switch node.value {
        case .table(let entries): [ListenTable(entries: entries, position: keyPosition)]
        case .array(let nodes):
            nodes.compactMap { node in
                guard case .table(let entries) = node.value else { return nil }
                return ListenTable(entries: entries, position: node.position)
            }
        default: []
        }
    }
}
