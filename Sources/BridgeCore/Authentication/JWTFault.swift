// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Why a signed token is refused: a closed set, for the log and for tests. Names no value of the token.
///
/// The client is told less: ``credentialFault``.
package enum JWTFault: Error, Equatable, Sendable {
    /// Not three parts of base64url, or a header or payload that is no JSON object.
    case malformed
    case tooLong
    /// A member of the header or a claim stands twice: two readers could disagree about it.
    case duplicateMember
    /// `alg` is `none`, or there is no signature.
    case unsigned
    /// `alg` is unknown, or not among those that the operator allows.
    case algorithmNotAllowed
    /// `crit`: the issuer says that something must be understood which the bridge does not know (RFC 7515 §4.1.11).
    case criticalExtension
    /// `typ` says that this is something else than an access token (RFC 8725 §3.11).
    case typeNotAllowed
    /// The issuer has no such key, or not any more.
    case unknownKey
    /// The token does not say which of several keys it was signed with.
    case ambiguousKey
    /// The key is for another algorithm.
    case unsuitableKey
    case badSignature
    case missingClaim(String)
    case malformedClaim(String)
    case wrongIssuer
    case wrongAudience
    case expired
    /// `nbf` is in the future.
    case notYetValid
    /// `iat` is in the future.
    case issuedInFuture

    /// The reason as one word, for the log.
    package var word: String {
        switch self {
        case .malformed: "malformed"
        case .tooLong: "too_long"
        case .duplicateMember: "duplicate_member"
        case .unsigned: "unsigned"
        case .algorithmNotAllowed: "algorithm_not_allowed"
        case .criticalExtension: "critical_extension"
        case .typeNotAllowed: "type_not_allowed"
        case .unknownKey: "unknown_key"
        case .ambiguousKey: "ambiguous_key"
        case .unsuitableKey: "unsuitable_key"
        case .badSignature: "bad_signature"
        case .missingClaim(let name): "missing_claim:\(name)"
        case .malformedClaim(let name): "malformed_claim:\(name)"
        case .wrongIssuer: "wrong_issuer"
        case .wrongAudience: "wrong_audience"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .issuedInFuture: "issued_in_future"
        }
    }

    /// What the client is told (RFC 6750 §3.1).
    package var credentialFault: CredentialFault {
        switch self {
        case .malformed, .tooLong, .duplicateMember, .criticalExtension, .typeNotAllowed: .malformed
        case .unsigned, .badSignature: .badSignature
        case .algorithmNotAllowed, .unsuitableKey: .badAlgorithm
        case .unknownKey, .ambiguousKey: .unknownKey
        case .missingClaim, .malformedClaim: .badClaims
        case .wrongIssuer: .wrongIssuer
        case .wrongAudience: .wrongAudience
        case .expired: .expired
        case .notYetValid, .issuedInFuture: .notYetValid
        }
    }
}
