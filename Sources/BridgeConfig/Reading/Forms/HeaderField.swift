// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Names and values of the headers that go upstream, RFC 9110 §5.1 and §5.5. No message quotes a value.
enum HeaderField {
    /// A file with a credential; servers take no more than this in all their headers together.
    static let longestValue = 16 << 10

    /// Names that an operator cannot set, in lower case, and why.
    private static let owned: [(names: [String], reason: String)] = [
        (["host"], "is made from `url`"),
        (
            ["content-length", "content-type", "content-encoding", "accept", "accept-encoding", "expect"],
            "is set by the bridge, which makes the request and reads the answer"
        ),
        (
            ["transfer-encoding", "connection", "proxy-connection", "upgrade", "te", "trailer", "keep-alive"],
            "belongs to the HTTP connection, which the bridge keeps itself"
        ),
        (
            ["mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id"],
            "is set by the bridge for each message, as MCP has it"
        ),
    ]

    /// Names that are credentials by definition, wherever their value stands.
    private static let credentials: Set<String> = ["authorization", "proxy-authorization", "cookie"]

    /// Whether a header of this name holds a secret, even as a plain text of the configuration.
    static func isCredential(_ name: String) -> Bool {
        credentials.contains(name.lowercased())
    }

    /// Whether a text is a `token`, RFC 9110 §5.6.2.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Refuses what is no name, and names that are not the operator's to set.
    static func checkName(_ name: String) throws(BadValue) {
        // The name is not quoted before it is known to be one: `"Authorization: Bearer secret"` is a usual mistake.
        guard !name.isEmpty else { throw BadValue("holds an empty name: give the name of a header") }
        guard isName(name) else {
            throw BadValue("takes names of headers, of letters, digits and hyphens, without blanks and colons")
        }
        let lowercased = name.lowercased()
        if let reason = owned.first(where: { $0.names.contains(lowercased) })?.reason {
            throw BadValue("must not set `\(name)`: it \(reason)")
        }
        if lowercased.hasPrefix("mcp-param-") {
            throw BadValue("must not set `\(name)`: it is made by the bridge from the arguments of a call")
        }
    }

    /// Refuses what would not arrive as it is, or would end the header.
    ///
    /// - Parameter isPrefix: a prefix may end with a blank, since a value follows.
    static func checkValue(_ value: String, isPrefix: Bool = false) throws(BadValue) {
        // Bytes: CR LF is one Character.
        let bytes = value.utf8
        guard !bytes.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else {
            throw BadValue("holds a line break or NUL, which no header can carry")
        }
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw BadValue("holds a character that is not visible ASCII, which not every server would understand")
        }
        guard !isBlank(bytes.first), isPrefix || !isBlank(bytes.last) else {
            throw BadValue("holds a blank at its start or end, which servers would strip")
        }
    }

    private static func isBlank(_ byte: UInt8?) -> Bool {
        byte == 0x20 || byte == 0x09
    }
}
