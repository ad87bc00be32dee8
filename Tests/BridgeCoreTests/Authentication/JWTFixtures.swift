// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable import BridgeCore

/// Base64url without padding.
func base64URL(_ bytes: some Collection<UInt8>) -> String {
    String(Base64.encode(Array(bytes)).filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
}

/// A token with a signature that means nothing: the core does not look at it.
func jwt(
    _ payload: String = #"{"iss":"https://id.example","aud":"https://bridge.example","sub":"alice","exp":2000}"#,
    header: String = #"{"alg":"ES256","kid":"a"}"#,
    signature: String = "c2ln"
) -> [UInt8] {
    Array("\(base64URL(header.utf8)).\(base64URL(payload.utf8)).\(signature)".utf8)
}

/// The claims that every token must have, and more.
func claims(_ more: String = "") -> String {
    #"{"iss":"https://id.example","aud":"https://bridge.example","sub":"alice","exp":2000"# + more + "}"
}

let issuerRules = JWTRules(issuer: "https://id.example", audiences: ["https://bridge.example", "urn:bridge"])

extension JWTRules {
    /// What becomes of a token whose signature is good.
    func judge(_ token: [UInt8], now: Int64 = 1000) throws(JWTFault) -> (Principal, Claims) {
        try self.principal(of: try self.parse(token), now: now)
    }

    /// Why a token is refused; nil if it is not.
    func fault(_ token: [UInt8], now: Int64 = 1000) -> JWTFault? {
        do throws(JWTFault) {
            _ = try self.judge(token, now: now)
            return nil
        } catch {
            return error
        }
    }
}
