// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Knows the tokens of one kind: the static ones of the configuration, the signed ones of an issuer (R8).
///
/// Used by all event loops at once, once per handshake.
package protocol CredentialVerifier: Sendable {
    /// Whether a token may have come in the query of the URL, where proxies and browsers write it down (R10).
    var acceptsQueryTokens: Bool { get }

    /// Judges a token at once: no waiting, no I/O. Called on event loops.
    ///
    /// - Parameter now: seconds since 1970.
    func verify(_ token: BearerToken, now: Int64) -> CredentialVerdict

    /// Fetches what ``CredentialVerdict/undecided`` asked for: the keys of the issuer, say.
    ///
    /// Called on event loops, and must return at once. `done` is called exactly once, on any thread, whether the fetch
    /// succeeded or not, and well within the `handshake_timeout` (10 s by default): the client waits for it. Then
    /// ``verify(_:now:)`` is asked once more, and has to decide: a second ``CredentialVerdict/undecided`` counts as
    /// ``CredentialVerdict/unavailable(retryAfter:)``. Handshakes that ask for the same at the same time are to share
    /// one fetch, and who asks too often is to be answered without one.
    func fetch(_ done: @escaping @Sendable () -> Void)
}

extension CredentialVerifier {
    package var acceptsQueryTokens: Bool { false }

    package func fetch(_ done: @escaping @Sendable () -> Void) { done() }
}

/// What a verifier says of a token.
package enum CredentialVerdict: Sendable, Equatable {
    /// - claims: What the issuer says, for the operator's templates; none for static tokens.
    case valid(Principal, claims: Claims)
    /// Not a token of this kind: the next verifier is asked.
    case notMine
    /// A token of this kind, and no good.
    case invalid(CredentialFault)
    /// It takes a ``CredentialVerifier/fetch(_:)`` to tell.
    case undecided
    /// It cannot be told now, since what it takes cannot be had; the client is to come again after so many seconds.
    case unavailable(retryAfter: Int)
}

/// Why a token is no good. The client is told; that helps who has an old token, and nobody to make a new one.
package enum CredentialFault: String, Sendable, CaseIterable, Error {
    /// No verifier knows it.
    case unknown
    /// It has the form of its kind only at first sight.
    case malformed
    case expired
    case notYetValid = "not_yet_valid"
    /// The signature does not match, or there is none.
    case badSignature = "bad_signature"
    /// Signed with an algorithm that is not allowed, `none` among them.
    case badAlgorithm = "bad_algorithm"
    /// Signed with a key that the issuer does not have.
    case unknownKey = "unknown_key"
    case wrongIssuer = "wrong_issuer"
    case wrongAudience = "wrong_audience"
    /// A claim that is needed is missing or has the wrong type.
    case badClaims = "bad_claims"

    /// For the client, a sentence; quotes nothing of the token.
    package var message: String {
        switch self {
        case .unknown: "The credential is not valid here."
        case .malformed: "The token is malformed."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .badSignature: "The signature of the token is wrong or missing."
        case .badAlgorithm: "The token is signed with an algorithm that is not allowed."
        case .unknownKey: "The token is signed with a key that the issuer does not have."
        case .wrongIssuer: "The token is of another issuer."
        case .wrongAudience: "The token is for another audience."
        case .badClaims: "A claim that the token needs is missing, or is not what it must be."
        }
    }
}

/// A token as a client presented it: visible ASCII of the characters of `token68` (RFC 9110 §11.2), which every JWT and
/// every token of `mcp-wsbridge token new` is made of. Never shown (R73).
package struct BearerToken: Sendable, Equatable {
    /// Longer ones are refused: larger than what issuers make, and no work for who sends megabytes (R74).
    package static let longest = 16 << 10

    package let text: String

    /// Nil for what no token can be: empty, too long, or with other characters.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.longest).contains(bytes.count) else { return nil }
        // The padding stands at the end, and never alone.
        let body = bytes.prefix { $0 != UInt8(ascii: "=") }
        guard !body.isEmpty, body.allSatisfy(\.isToken68Character),
            bytes.dropFirst(body.count).allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return nil }
        self.text = String(text)
    }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "token of \(self.text.utf8.count) bytes" }

    package var debugDescription: String { self.description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension UInt8 {
    /// What a `token68` is made of, but for its padding.
    fileprivate var isToken68Character: Bool { self.isDigit || self.isLetter || "-._~+/".utf8.contains(self) }
}
