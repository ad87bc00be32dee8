// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One entry of `client_names`: which clients may connect, by a name of their certificate (R76).
///
/// - `spiffe://cluster.example/ns/agents/sa/ci`: this URI, letter by letter;
/// - `spiffe://cluster.example/ns/agents/*`: every URI below it, at any depth;
/// - `agent.example`: this host name, in any case;
/// - `*.agents.example`: one label more than that, neither none nor two, as with certificates of servers (RFC 6125 §6.4.3).
package struct ClientNamePattern: Sendable, Hashable {
    private enum Form: Sendable, Hashable {
        case exact(CertificateName)
        /// Ends with a slash.
        case uriBelow(String)
        /// Begins with a dot, in lower case.
        case hostBelow(String)
    }

    /// Why a text is no pattern.
    package enum Fault: Error, Sendable {
        /// `*`, which would be everybody.
        case everybody
        /// An asterisk elsewhere than as the first label of a host name or the last segment of a URI.
        case wildcard
        /// Neither host name nor URI.
        case form
    }

    /// As the operator wrote it.
    package let text: String
    private let form: Form

    package init(_ text: String) throws(Fault) {
        self.text = text
        guard text != "*" else { throw .everybody }
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            self.form = try Self.uriForm(bytes)
        } else {
            self.form = try Self.hostForm(bytes)
        }
    }

    private static func uriForm(_ bytes: [UInt8]) throws(Fault) -> Form {
        // `agent.example:443` would be one too, by its form.
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("://") || text.hasPrefix("urn:") else { throw .form }
        guard bytes.contains(UInt8(ascii: "*")) else {
            guard let name = CertificateName.uri(bytes: bytes) else { throw .form }
            return .exact(name)
        }
        let prefix = bytes.dropLast()
        guard bytes.last == UInt8(ascii: "*"), prefix.last == UInt8(ascii: "/"), !prefix.contains(UInt8(ascii: "*"))
        else { throw .wildcard }
        guard case .uri(let text)? = CertificateName.uri(bytes: prefix) else { throw .form }
        // Of a URI below another, the authority at least is certain.
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].hasSuffix(":"), parts[1].isEmpty, !parts[2].isEmpty else { throw .wildcard }
        return .uriBelow(text)
    }

    private static func hostForm(_ bytes: [UInt8]) throws(Fault) -> Form {
        if bytes.starts(with: "*.".utf8), case .dns(let host)? = CertificateName.dns(bytes: bytes.dropFirst(2)) {
            return .hostBelow(".\(host)")
        }
        guard !bytes.contains(UInt8(ascii: "*")) else { throw .wildcard }
        // All digits and dots would be an address, which no name of a certificate is compared with.
        guard let name = CertificateName.dns(bytes: bytes), !bytes.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") })
        else { throw .form }
        return .exact(name)
    }

    /// Whether a name of a certificate is one of those that this stands for.
    package func matches(_ name: CertificateName) -> Bool {
        switch (self.form, name) {
        case (.exact(let own), _): return own == name
        case (.uriBelow(let prefix), .uri(let uri)):
            guard uri.utf8.starts(with: prefix.utf8) else { return false }
            return Self.staysBelow(uri.utf8.dropFirst(prefix.utf8.count))
        case (.hostBelow(let suffix), .dns(let host)):
            let label = host.utf8.dropLast(suffix.utf8.count)
            return !label.isEmpty && host.hasSuffix(suffix) && !label.contains(UInt8(ascii: "."))
        default: return false
        }
    }

    /// Whether a rest of a path leads nowhere else when somebody takes it apart: no `.`, `..`, escapes, empty segments.
    private static func staysBelow(_ rest: some Collection<UInt8>) -> Bool {
        guard !rest.contains(where: { "%?#\\".utf8.contains($0) }) else { return false }
        return rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
        }
    }
}
