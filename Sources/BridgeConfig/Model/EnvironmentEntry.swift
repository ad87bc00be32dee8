// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// One variable of `[servers.NAME.env]`.
package struct EnvironmentEntry: Sendable, Equatable {
    package let name: String
    package let value: EnvironmentValue
    @NotCompared package var place: Place

    package init(name: String, value: EnvironmentValue, place: Place) {
        self.name = name
        self.value = value
        self.place = place
    }
}

/// Where the value of a variable comes from.
///
/// Its descriptions never show a literal text: operators do put secrets there, and configurations get logged (R73).
package enum EnvironmentValue: Sendable, Equatable {
    case text(String)
    /// What a client brings in its handshake, within a text of the configuration (R72).
    case template(ValueTemplate)
    /// The contents of a file, its trailing newline stripped. The path is absolute.
    case file(path: String)
    /// A variable of the daemon's own environment.
    case environment(name: String)
    /// What the service manager was told to give the daemon under this name (systemd.exec(5), `LoadCredential=`).
    case credential(name: String)
}

extension EnvironmentValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .text: "text"
        case .template(let template): template.description
        case .file(let path): "file \(path)"
        case .environment(let name): "variable \(name)"
        case .credential(let name): "credential \(name)"
        }
    }

    package var debugDescription: String { description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
