// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Serialized origins, RFC 6454 §6.2: `scheme://host[:port]`.
enum Origin {
    private static let defaultPorts = ["http": "80", "https": "443", "ws": "80", "wss": "443"]

    /// Refuses everything that no browser would send, since it could never match.
    static func check(_ text: String) throws(BadValue) {
        guard text != "null" else {
            throw BadValue("must not allow \"null\": every sandboxed page and local file has that origin")
        }
        guard !text.contains("*") else {
            throw BadValue("takes no wildcards: list each origin, not \(quoted(text))")
        }
        guard let (scheme, rest) = split(text), isScheme(scheme), let parts = HostAndPort(rest), parts.isValid else {
            throw BadValue(
                "takes origins of the form \"scheme://host\" or \"scheme://host:port\", without a path, not \(quoted(text))"
            )
        }
        if let port = parts.port {
            guard let number = HostAndPort.portNumber(port), number > 0, String(number) == port else {
                throw BadValue("must have ports between 1 and 65535, not \(quoted(port))")
            }
        }
        let isDefaultPort = parts.port != nil && parts.port == defaultPorts[scheme.lowercased()]
        let authority = isDefaultPort ? String(rest.dropLast(1 + (parts.port?.count ?? 0))) : rest
        let canonical = "\(scheme)://\(authority)".lowercased()
        guard canonical == text else {
            throw BadValue("must be spelled as browsers send it: write \(quoted(canonical)), not \(quoted(text))")
        }
    }

    private static func split(_ text: String) -> (scheme: String, rest: String)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { return nil }
        return (String(text[..<colon]), String(rest.dropFirst(2)))
    }

    // RFC 3986 §3.1.
    private static func isScheme(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    }
}
