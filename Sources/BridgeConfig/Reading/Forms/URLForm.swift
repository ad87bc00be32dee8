// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension ValueForm where Value == HTTPURL {
    /// Where a server is dialled. No message quotes the URL: its user information and its query may be secrets.
    static var url: Self {
        .text(
            "a string such as \"http://127.0.0.1:9000/mcp\"",
            write: { quoted($0.withoutQuery) },
            parse: { text throws(BadValue) in try HTTPURL(parsing: text) }
        )
    }
}

extension ValueForm where Value == HTTPURL {
    /// What clients call this bridge: scheme, host and port alone.
    static var publicURL: Self {
        .text(
            "a string such as \"https://bridge.example\"",
            write: { quoted($0.origin) },
            parse: { text throws(BadValue) in
                let url = try HTTPURL(parsing: text)
                guard url.target == "/" else {
                    throw BadValue("must be scheme, host and port alone: the paths are those of the servers")
                }
                return url
            }
        )
    }
}

extension HTTPURL {
    /// Reads an absolute URL of `http` or `https`, RFC 3986 to the letter; ``HTTPURL/init(_:)`` is more lenient.
    init(parsing text: String) throws(BadValue) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw BadValue("must not hold blanks or control characters: write %20 for a blank")
        }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw BadValue("must be ASCII: percent-encode what is not, and write host names in their xn-- form")
        }
        try Self.checkScheme(of: text)
        guard !text.contains("#") else {
            throw BadValue("must not hold a fragment, a part after `#`: servers never get to see it")
        }
        let authority = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)[2]
            .prefix { !"/?".contains($0) }
        guard !authority.contains("@") else {
            throw BadValue(
                "must not hold a user name or password: credentials go into `headers`, such as "
                    + "headers = { Authorization = { file = \"/run/secrets/token\", prefix = \"Basic \" } }"
            )
        }
        guard let url = HTTPURL(text), url.hasValidHost else {
            throw BadValue("has no valid host after its ://, or its port is not between 1 and 65535")
        }
        guard Self.isEscaped(url.target) else {
            throw BadValue("holds a character that has to be percent-encoded, or a `%` without two hex digits after it")
        }
        self = url
    }

    private static func checkScheme(of text: String) throws(BadValue) {
        guard let end = text.firstRange(of: "://") else {
            throw BadValue("must be an absolute URL, one that starts with http:// or https://")
        }
        switch text[..<end.lowerBound].lowercased() {
        case "http", "https": return
        case "ws", "wss":
            throw BadValue(
                "must start with http:// or https://, not ws:// or wss://: the bridge speaks WebSocket to clients and "
                    + "HTTP to servers"
            )
        default: throw BadValue("must start with http:// or https://: no other scheme can be dialled")
        }
    }

    private var hasValidHost: Bool {
        if host.hasPrefix("[") { return HostSyntax.ipv6(hostWithoutBrackets) != nil }
        // A trailing dot says that the name is complete (RFC 1034 §3.1).
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        return HostSyntax.ipv4(host) != nil || HostSyntax.isName(name)
    }

    /// The host as resolvers take it.
    var hostWithoutBrackets: String {
        host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }

    /// RFC 3986 §3.3 and §3.4: `pchar`, `/` and, from the query on, `?`.
    private static func isEscaped(_ target: String) -> Bool {
        var digitsDue = 0
        for byte in target.utf8 {
            if digitsDue > 0 {
                guard isHexDigit(byte) else { return false }
                digitsDue -= 1
            } else if byte == UInt8(ascii: "%") {
                digitsDue = 2
            } else {
                guard isLetterOrDigit(byte) || "-._~!$&'()*+,;=:@/?".utf8.contains(byte) else { return false }
            }
        }
        return digitsDue == 0
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
