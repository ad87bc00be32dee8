// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The public keys of an issuer (RFC 7517 §5), as far as they are of use.
package struct JSONWebKeySet: Sendable, Equatable {
    /// A longer text is refused, bytes.
    package static let maxLength = 262_144
    /// More keys are refused.
    package static let maxKeys = 100

    /// Why a text is no set of keys that could be used.
    package enum Fault: Error, Sendable, Equatable {
        case tooLong
        /// No JSON object with an array `keys`, or `keys` stands twice.
        case malformed
        case tooManyKeys
        /// Not one of its keys can verify anything.
        case noUsableKey

        /// What is wrong, to follow the name of the set.
        package var explanation: String {
            switch self {
            case .tooLong: "is larger than 256 KiB"
            case .malformed: "is no JSON object with an array `keys`"
            case .tooManyKeys: "has more than \(JSONWebKeySet.maxKeys) keys"
            case .noUsableKey:
                "has no key that can be used: RSA of at least 2048 bits, P-256, P-384 or Ed25519, for signatures"
            }
        }
    }

    /// Never empty.
    package let keys: [JSONWebKey]
    /// How many keys were left out because something is wrong with them, those of other kinds not counted.
    package let refused: Int

    package init(_ text: [UInt8]) throws(Fault) {
        guard text.count <= Self.maxLength else { throw .tooLong }
        let members: JWTMembers
        do throws(JWTFault) { members = try JWTMembers(text) } catch { throw .malformed }
        guard let objects = members.objects("keys") else { throw .malformed }
        guard objects.count <= Self.maxKeys else { throw .tooManyKeys }
        var keys: [JSONWebKey] = []
        var refused = 0
        for object in objects {
            do throws(JSONWebKey.Fault) {
                keys.append(try JSONWebKey(object))
            } catch {
                if error != .otherKind { refused += 1 }
            }
        }
        guard !keys.isEmpty else { throw .noUsableKey }
        self.keys = keys
        self.refused = refused
    }

    /// The keys of another set that have been found good by who can do mathematics.
    ///
    /// - Throws: `noUsableKey` where there are none.
    package init(_ keys: [JSONWebKey], refused: Int) throws(Fault) {
        guard !keys.isEmpty else { throw .noUsableKey }
        self.keys = keys
        self.refused = refused
    }

    /// The index of the one key that a token can have been signed with.
    ///
    /// - Throws: `unknownKey`, which new keys may change, or what no new keys will.
    package func key(for token: JWTToken) throws(JWTFault) -> Int {
        let named = self.keys.indices.filter { token.keyID == nil || self.keys[$0].id == token.keyID }
        guard !named.isEmpty else { throw .unknownKey }
        let suitable = named.filter { self.keys[$0].algorithms.contains(token.algorithm) }
        guard let key = suitable.first else { throw .unsuitableKey }
        guard suitable.count == 1 else { throw .ambiguousKey }
        return key
    }
}
