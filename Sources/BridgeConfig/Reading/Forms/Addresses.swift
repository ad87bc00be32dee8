// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension ValueForm where Value == ListenAddress {
    static var address: Self {
        .text(
            "a string such as \"127.0.0.1:8765\"",
            write: { quoted($0.description) },
            parse: { text throws(BadValue) in try ListenAddress(parsing: text) }
        )
    }
}

extension ValueForm where Value == String {
    /// An element of `allowed_origins` (R4): what a browser sends, to the letter, so that matching is plain equality.
    static var origin: Self {
        .text("an array of strings such as \"https://app.example\"", write: quoted) { text throws(BadValue) in
            try Origin.check(text)
            return text
        }
    }

    /// An element of `allowed_hosts` (R5).
    static var host: Self {
        .text("an array of host names such as \"bridge.example\"", write: quoted) { text throws(BadValue) in
            guard !text.contains("://"), !text.contains("/") else {
                throw BadValue(
                    "takes host names without scheme or path, such as \"bridge.example\", not \(quoted(text))"
                )
            }
            guard let host = HostAndPort(text), host.port == nil, host.isValid else {
                throw BadValue(
                    "takes host names without a port, such as \"bridge.example\" or \"[::1]\", not \(quoted(text))"
                )
            }
            return text.lowercased()
        }
    }
}

extension ListenAddress {
    /// sockaddr_un has 108 bytes for the path and its NUL.
    private static let longestSocketPath = 107

    /// As systemd takes `FileDescriptorName=` (systemd.socket(5)).
    private static let longestName = 255

    /// Reads `HOST:PORT`, `[IPv6]:PORT`, `unix:/path` or `systemd:NAME`.
    init(parsing text: String) throws(BadValue) {
        if text.hasPrefix("systemd:") {
            let name = String(text.dropFirst("systemd:".count))
            guard (1...Self.longestName).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw BadValue(
                    "must name a socket as FileDescriptorName= of its unit does, such as \"systemd:bridge\", not "
                        + quoted(text)
                )
            }
            self = .passed(name: name)
            return
        }
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard path.hasPrefix("/"), !path.hasSuffix("/") else {
                throw BadValue("must name an absolute path for its socket, such as \"unix:/run/bridge.sock\"")
            }
            // The URL of a socket is printed for clients to copy, where nothing can be escaped.
            let isVisible = path.unicodeScalars.allSatisfy { visible($0) == String($0) }
            guard path.utf8.count <= Self.longestSocketPath, isVisible else {
                throw BadValue(
                    "names a socket path that is longer than \(Self.longestSocketPath) bytes or has control characters"
                )
            }
            self = .unix(path: path)
            return
        }
        guard !text.contains("://") else {
            throw BadValue(
                "takes no URL: write \"127.0.0.1:8765\", \"[::1]:8765\" or \"unix:/path\", not \(quoted(text))"
            )
        }
        if HostSyntax.ipv6(text) != nil {
            throw BadValue("needs brackets round an IPv6 address and a port: write \"[\(text)]:8765\"")
        }
        guard let parts = HostAndPort(text) else {
            throw BadValue("must be \"HOST:PORT\", \"[::1]:PORT\" or \"unix:/path\", not \(quoted(text))")
        }
        guard let portText = parts.port else {
            throw BadValue("needs a port: write \(quoted("\(text):8765"))")
        }
        guard !parts.host.isEmpty, parts.host != "*" else {
            let port = HostAndPort.portNumber(portText) ?? 8765
            throw BadValue(
                "needs a host: write \"127.0.0.1:\(port)\" for this machine only, or \"0.0.0.0:\(port)\" for all"
            )
        }
        guard parts.isValid else {
            throw BadValue("has no valid host name or address before the port: \(quoted(text))")
        }
        guard let port = HostAndPort.portNumber(portText) else {
            throw BadValue("must have a port between 0 and 65535, not \(quoted(portText))")
        }
        self = .tcp(host: parts.host, port: port)
    }

    /// Reads an address of the command line.
    ///
    /// - Parameter option: which one it is the value of.
    /// - Throws: what is wrong with it.
    package init(option: String, _ text: String) throws(ConfigurationError) {
        do throws(BadValue) {
            self = try ListenAddress(parsing: text)
        } catch {
            throw ConfigurationError("the address \(error.message)", at: Place(file: option))
        }
    }

    /// What is wrong with listening here without authentication; nil when nothing is (R6).
    ///
    /// - Parameter remedy: how to say that it is meant, where the address came from.
    func exposureProblem(insecurePublic: Bool, remedy: String) -> String? {
        guard !isLocal, !insecurePublic else { return nil }
        return
            "\(quoted(description)) can be reached from other machines, and without authentication anyone there could "
            + "use every configured server: listen on 127.0.0.1, [::1] or unix:/path, or \(remedy)"
    }
}

/// `host[:port]`, an IPv6 host in brackets (RFC 3986 §3.2.2); only split, see ``isValid``.
struct HostAndPort {
    /// Without brackets.
    let host: String
    let port: String?
    private let isBracketed: Bool

    init?(_ text: String) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<end])
            port = rest.isEmpty ? nil : String(rest.dropFirst())
            isBracketed = true
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        host = String(parts[0])
        port = parts.count == 2 ? String(parts[1]) : nil
        isBracketed = false
    }

    var isValid: Bool {
        isBracketed ? HostSyntax.ipv6(host) != nil : HostSyntax.ipv4(host) != nil || HostSyntax.isName(host)
    }

    static func portNumber(_ text: String) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text).flatMap { $0 <= 65_535 ? $0 : nil }
    }
}
