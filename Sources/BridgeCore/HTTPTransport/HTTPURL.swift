// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// An absolute `http` or `https` URL (RFC 9110 §4.2) without user information and fragment.
///
/// ASCII only: what is not has to be percent-encoded by whoever writes the URL.
package struct HTTPURL: Sendable, Hashable {
    package enum Scheme: String, Sendable {
        case http
        case https

        fileprivate var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// Lower case; an IPv6 address stands in brackets.
    package let host: String
    package let port: Int
    /// Path and query as they are sent in a request line, `/` at least.
    package let target: String

    /// Nil for anything else than an absolute URL of the two schemes.
    package init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let scheme = Scheme(rawValue: text[..<colon].lowercased()),
            text[colon...].hasPrefix("://"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let rest = text[text.utf8.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end]) else { return nil }
        self.init(scheme: scheme, host: host, port: port ?? scheme.defaultPort, reference: rest[end...])
    }

    fileprivate init(scheme: Scheme, host: String, port: Int, reference: Substring) {
        let target = reference.prefix { $0 != "#" }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// Host and port of an authority component (RFC 3986 §3.2); user information is refused.
    private static func authority(_ text: Substring) -> (host: String, port: Int?)? {
        guard !text.contains("@"), !text.isEmpty else { return nil }
        var host = text
        var port: Int?
        let afterBracket = text.hasPrefix("[") ? text.firstIndex(of: "]") : text.startIndex
        guard let afterBracket else { return nil }
        if let colon = text[afterBracket...].firstIndex(of: ":") {
            host = text[..<colon]
            let digits = text[text.index(after: colon)...]
            if !digits.isEmpty {
                guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                    let number = Int(digits), (1...65_535).contains(number)
                else { return nil }
                port = number
            }
        }
        guard Self.isHost(host) else { return nil }
        return (host.lowercased(), port)
    }

    /// A name or an IPv4 address without percent-encoding, which readers of URLs undo at different times, or an IPv6
    /// address in brackets.
    private static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let address = text.dropFirst().dropLast().utf8
            return address.contains(UInt8(ascii: ":"))
                && address.allSatisfy { $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        }
        return !text.isEmpty
            && text.utf8.allSatisfy { $0.isRegisteredNameCharacter && $0 != UInt8(ascii: "%") }
    }

    /// Scheme, host and port are the same (RFC 6454 §5): credentials for the one may go to the other (R55).
    package func hasSameOrigin(as other: HTTPURL) -> Bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }
}

extension HTTPURL: CustomStringConvertible {
    /// The URL without a default port.
    package var description: String { self.origin + self.target }

    /// The value of a `Host` header; also how the URL is named without what its path and query may give away.
    package var authority: String {
        self.port == self.scheme.defaultPort ? self.host : "\(self.host):\(self.port)"
    }

    /// `scheme://host:port`, for logs.
    package var origin: String { "\(self.scheme.rawValue)://\(self.authority)" }
}
