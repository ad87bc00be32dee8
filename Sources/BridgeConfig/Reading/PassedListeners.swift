// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// Has each listener take the socket that the service manager passed for it: the one that it names, or the one that is
    /// bound to its address already.
    ///
    /// - Parameter sockets: those that were passed; nil where that is not known, as when a file is only checked.
    mutating func take(_ sockets: [PassedSocket]?, _ entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        guard let sockets else { return }
        let tables = entries["listen"]?.listenTables ?? []
        var free = sockets
        for index in listeners.indices {
            do throws(BadValue) {
                try listeners[index].take(from: &free, all: sockets)
            } catch {
                // Without a table there is the default address, which needs none.
                guard tables.indices.contains(index) else { continue }
                diagnostics.report("`address` \(error.message)", at: tables[index].addressPosition)
            }
        }
    }
}

extension Listen {
    /// Uses a socket of `free`, and takes it out.
    ///
    /// - Parameter all: those that were passed, for the message.
    mutating func take(from free: inout [PassedSocket], all: [PassedSocket]) throws(BadValue) {
        let index =
            if case .passed(let name) = address {
                free.firstIndex { $0.name == name }
            } else {
                free.firstIndex { $0.address == address }
            }
        guard let index else {
            guard case .passed = address else { return }
            let names = all.map { quoted("systemd:\($0.name)") }.joined(separator: ", ")
            throw BadValue(
                "\(quoted("\(address)")): the service manager passed "
                    + (all.isEmpty
                        ? "no socket: start the bridge as a service whose socket unit has that name in "
                            + "FileDescriptorName="
                        : "no further socket of that name, but \(names): FileDescriptorName= of the socket unit says the "
                            + "name")
            )
        }
        let socket = free.remove(at: index)
        passed = socket
        address = socket.address
        if let mode = socket.mode { access.mode = mode }
    }
}
