// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a handshake presents to say who asks: one token, by one carrier or by several (R2, R10).
package struct Credential: Sendable, Equatable {
    package struct Carriers: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `Authorization: Bearer` (RFC 6750 §2.1).
        package static let bearer = Carriers(rawValue: 1)
        /// The password of `Authorization: Basic` (RFC 7617), for clients that can only say `ws://user:token@host`.
        package static let basic = Carriers(rawValue: 2)
        /// An offered subprotocol `mcp.auth.TOKEN`: all that a page in a browser can set.
        package static let subprotocol = Carriers(rawValue: 4)
        /// `?token=` (R10).
        package static let query = Carriers(rawValue: 8)
    }

    /// What stands before the token in an offered subprotocol.
    package static let subprotocolPrefix = "mcp.auth."

    package let token: BearerToken
    package private(set) var carriers: Carriers
}

extension Credential {
    /// Finds the credential of a handshake.
    ///
    /// - Parameters:
    ///   - authorizations: the values of all Authorization headers. A scheme that is not spoken here is no credential.
    ///   - subprotocols: all that are offered.
    ///   - query: what follows the `?` of the target, where tokens may stand there.
    /// - Returns: nil where nothing is presented.
    /// - Throws: 400 for what is malformed, and for carriers that disagree. Quotes nothing.
    static func presented(
        authorizations: [Substring],
        subprotocols: [String],
        query: Substring?
    ) throws(HandshakeRejection) -> Credential? {
        var credential: Credential?
        func add(_ text: some StringProtocol, by carrier: Carriers, _ what: String) throws(HandshakeRejection) {
            guard let token = BearerToken(text) else {
                throw .malformedCredential(
                    "\(what) must be 1 to \(BearerToken.longest) letters, digits and the marks -._~+/, with = at the end only."
                )
            }
            guard let known = credential else {
                credential = Credential(token: token, carriers: carrier)
                return
            }
            // Two readers of the request could each believe another one.
            guard known.token == token else { throw .malformedCredential("The request has two different tokens.") }
            credential?.carriers.insert(carrier)
        }
        guard authorizations.count <= 1 else {
            throw .malformedCredential("There is more than one Authorization header.")
        }
        if let value = authorizations.first, let (text, carrier) = try token(ofAuthorization: value) {
            try add(text, by: carrier, "The token of the Authorization header")
        }
        for element in subprotocols where element.utf8.starts(with: Self.subprotocolPrefix.utf8) {
            let text = element.utf8.dropFirst(Self.subprotocolPrefix.utf8.count)
            try add(Substring(text), by: .subprotocol, "The token of the subprotocol \(Self.subprotocolPrefix)TOKEN")
        }
        for parameter in query?.utf8.split(separator: UInt8(ascii: "&")) ?? [] {
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            guard name.elementsEqual("token".utf8) else { continue }
            // What cannot be decoded can be no token either.
            let text = percentDecoded(Substring(parameter.dropFirst(name.count + 1))) ?? ""
            try add(text, by: .query, "The token of the query")
        }
        return credential
    }

    /// `credentials` of RFC 9110 §11.4; nil for schemes other than Bearer and Basic.
    private static func token(
        ofAuthorization value: Substring
    ) throws(HandshakeRejection) -> (text: Substring, carrier: Carriers)? {
        let scheme = value.utf8.prefix { $0 != 0x20 }
        guard !scheme.isEmpty, scheme.allSatisfy(\.isTokenCharacter) else {
            throw .malformedCredential("The Authorization header has no scheme.")
        }
        let rest = Substring(value.utf8.dropFirst(scheme.count).drop { $0 == 0x20 })
        if equalIgnoringCase(Substring(scheme), "bearer") { return (rest, .bearer) }
        guard equalIgnoringCase(Substring(scheme), "basic") else { return nil }
        guard rest.utf8.count <= 2 * BearerToken.longest, let bytes = Base64.decode(rest.utf8),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else {
            throw .malformedCredential("The Authorization header is not Basic with user:token in base64.")
        }
        return (Substring(password), .basic)
    }

    /// Nil for a `%` without two hex digits, and for what is no ASCII then. `+` is itself.
    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(JSONString.hexDigit),
                let low = rest.popFirst().flatMap(JSONString.hexDigit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
