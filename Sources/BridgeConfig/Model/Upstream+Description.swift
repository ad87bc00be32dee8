// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

extension HTTPURL {
    /// Origin and path, for reports and logs; a query is only hinted at, since it may hold a secret (R73).
    package var withoutQuery: String {
        let path = target.prefix { $0 != "?" }
        return origin + path + (path.endIndex == target.endIndex ? "" : "?…")
    }
}

extension Upstream: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where the server is, without what may be secret.
    package var description: String { "upstream \(url.withoutQuery)" }

    package var debugDescription: String { description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the query and the headers.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension UpstreamHeader: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name and where the value comes from; neither prefix nor text.
    package var description: String {
        switch value {
        case .text: name
        case .template, .file, .environment, .credential: "\(name) (\(value))"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
