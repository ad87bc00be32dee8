// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One of a configuration's listeners, known by its address. Several may have port 0 at one host: they are told apart by
/// their order.
package struct ListenerKey: Sendable, Hashable {
    package let address: ListenAddress
    /// Among those of the same address.
    package let ordinal: Int

    package init(_ address: ListenAddress, ordinal: Int = 0) {
        self.address = address
        self.ordinal = ordinal
    }
}

extension Configuration {
    /// In the order of ``listeners``.
    package var listenerKeys: [ListenerKey] {
        var seen: [ListenAddress: Int] = [:]
        return self.listeners.map { listen in
            let ordinal = seen[listen.address, default: 0]
            seen[listen.address] = ordinal + 1
            return ListenerKey(listen.address, ordinal: ordinal)
        }
    }
}

/// What a configuration that was read again says anew.
package struct ConfigurationChange: Sendable, Equatable {
    /// Things that come, go or are different, by name.
    package struct Names: Sendable, Equatable {
        package var added: [String] = []
        package var removed: [String] = []
        package var changed: [String] = []

        package init() {}

        fileprivate init<Thing: Equatable>(_ old: [(name: String, thing: Thing)], _ new: [(name: String, thing: Thing)])
        {
            let before = Dictionary(old.map { ($0.name, $0.thing) }, uniquingKeysWith: { first, _ in first })
            let after = Set(new.map(\.name))
            self.added = new.map(\.name).filter { before[$0] == nil }
            self.removed = old.map(\.name).filter { !after.contains($0) }
            self.changed = new.filter { before[$0.name] != nil && before[$0.name] != $0.thing }.map(\.name)
        }
    }

    package private(set) var servers: Names
    /// By their addresses.
    package private(set) var listeners: Names
    /// Tables that concern all: `[limits]`, `[auth]`, `[drain]`, and of `[admin]` who is an operator.
    package private(set) var tables: [String] = []
    /// What is different and stays as it was until the daemon is started again.
    package private(set) var needsRestart: [String] = []

    /// Nothing is to be done but to read files again.
    package var isEmpty: Bool {
        self.servers == Names() && self.listeners == Names() && self.tables.isEmpty && self.needsRestart.isEmpty
    }

    /// - Parameters:
    ///   - old: the one in use.
    ///   - new: keeps of `old` what only a restart can change.
    package init(from old: Configuration, to new: inout Configuration) {
        self.needsRestart = new.keepWhatNeedsRestart(of: old)
        self.servers = Names(old.servers.map { ($0.name, $0) }, new.servers.map { ($0.name, $0) })
        self.listeners = Names(
            zip(old.listenerKeys, old.listeners).map { ($0.name, $1) },
            zip(new.listenerKeys, new.listeners).map { ($0.name, $1) }
        )
        if old.limits != new.limits { self.tables.append("[limits]") }
        if old.auth != new.auth { self.tables.append("[auth]") }
        if old.drain != new.drain { self.tables.append("[drain]") }
        if old.admin != new.admin { self.tables.append("[admin]") }
    }
}

extension ListenerKey {
    /// For messages and comparisons.
    fileprivate var name: String { self.ordinal == 0 ? "\(self.address)" : "\(self.address) (\(self.ordinal + 1))" }
}

extension Configuration {
    /// Takes over from the configuration in use what a process has from its start to its end.
    ///
    /// - Returns: what would have been different.
    fileprivate mutating func keepWhatNeedsRestart(of old: Configuration) -> [String] {
        var kept: [String] = []
        if self.eventLoops != old.eventLoops { kept.append("event_loops of [listen]") }
        self.eventLoops = old.eventLoops
        if self.log != old.log { kept.append("[log]") }
        self.log = old.log
        if self.audit != old.audit { kept.append("[audit]") }
        self.audit = old.audit
        if let admin = self.admin, var running = old.admin {
            // Who asks there is another matter than where.
            (running.auth, running.tapRedact) = (admin.auth, admin.tapRedact)
            if running != admin { kept.append("address, mode, owner and group of [admin]") }
            self.admin = running
        } else {
            if self.admin != old.admin { kept.append("[admin]") }
            self.admin = old.admin
        }
        // The file of a socket is made, with its rights, when it is bound.
        let before = Dictionary(zip(old.listenerKeys, old.listeners), uniquingKeysWith: { first, _ in first })
        for (index, key) in self.listenerKeys.enumerated() {
            guard let access = before[key]?.access, access != self.listeners[index].access else { continue }
            kept.append("mode, owner and group of \(key.address)")
            self.listeners[index].access = access
        }
        return kept
    }
}
