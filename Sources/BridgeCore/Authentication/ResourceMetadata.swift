// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What clients of OAuth are told about a server's path (RFC 9728): where its tokens come from.
///
/// A function of the path that was asked for, whether a server lives there or not, so that nobody learns which do.
package struct ResourceMetadata: Sendable, Equatable {
    /// What stands before the path of the server (RFC 9728 §3.1).
    static let prefix = "/.well-known/oauth-protected-resource"

    /// `scheme://host[:port]` of `public_url`.
    package let origin: String
    /// The issuers of tokens.
    package let authorizationServers: [String]

    package init(origin: String, authorizationServers: [String]) {
        self.origin = origin
        self.authorizationServers = authorizationServers
    }

    /// Where the metadata of the server at a path is.
    ///
    /// - Parameter path: as in a request target, visible ASCII; what no URL may hold of it is escaped.
    func url(ofServerAt path: String) -> String {
        self.origin + Self.prefix + Self.escaped(path == "/" ? "" : path)
    }

    /// The metadata of the server at a path: one line of JSON.
    func document(forServerAt path: String) -> String {
        var json: [UInt8] = Array("{\"resource\":".utf8)
        JSONString.append((self.origin + Self.escaped(path)).utf8, to: &json)
        json += Array(",\"authorization_servers\":[".utf8)
        for (index, issuer) in self.authorizationServers.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONString.append(issuer.utf8, to: &json)
        }
        json += Array("],\"bearer_methods_supported\":[\"header\"]}\n".utf8)
        return String(decoding: json, as: UTF8.self)
    }

    /// The server's path of a target that asks for metadata; nil for other targets.
    static func serverPath(ofTarget path: String) -> String? {
        guard path.utf8.starts(with: Self.prefix.utf8) else { return nil }
        let rest = Substring(path.utf8.dropFirst(Self.prefix.utf8.count))
        return rest.isEmpty || rest.utf8.first == UInt8(ascii: "/") ? String(rest) : nil
    }

    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            if byte.isRegisteredNameCharacter || "/:@".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
