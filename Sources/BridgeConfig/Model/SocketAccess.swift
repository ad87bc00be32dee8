// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `mode`, `owner` and `group` of a Unix socket: who may connect to it (R6).
package struct SocketAccess: Sendable, Equatable {
    /// The permission bits of a file, as chmod(2) takes them. Connecting to a socket takes the right to write.
    package struct Mode: Sendable, Equatable {
        /// Within 0777.
        package let bits: UInt32

        package init(bits: UInt32) {
            self.bits = bits
        }

        package var letsOwnerConnect: Bool { self.bits & 0o200 != 0 }
        package var letsGroupConnect: Bool { self.bits & 0o020 != 0 }
        /// Every user of the machine.
        package var letsOthersConnect: Bool { self.bits & 0o002 != 0 }
    }

    /// A user or a group.
    package struct Account: Sendable, Equatable {
        package enum Value: Sendable, Equatable {
            /// As /etc/passwd or /etc/group has it.
            case name(String)
            case id(UInt32)
        }

        package let value: Value
        /// Where it stands, for what can only be told on the machine.
        @NotCompared package var place: Place

        package init(_ value: Value, place: Place) {
            self.value = value
            self.place = place
        }
    }

    package var mode = Mode(bits: 0o600)
    /// Nil for the user that the daemon runs as.
    package var owner: Account?
    /// Nil for the group that the daemon runs as.
    package var group: Account?

    package init() {}
}

extension SocketAccess.Mode: CustomStringConvertible {
    /// Four octal digits, as in a configuration.
    package var description: String {
        let digits = String(self.bits, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension SocketAccess.Account: CustomStringConvertible {
    package var description: String {
        switch self.value {
        case .name(let name): name
        case .id(let id): "\(id)"
        }
    }
}
