// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Testing

/// An issuer of signed tokens, with one key that was made for this test.
struct Issuer {
    static let name = "https://id.example"
    static let audience = "https://bridge.example"

    let key = P256.Signing.PrivateKey()
    let keyID: String

    init(keyID: String = "1") { self.keyID = keyID }

    /// The public key.
    var jwk: String {
        let point = [UInt8](key.publicKey.rawRepresentation)
        let (x, y) = (Self.base64URL(point[..<32]), Self.base64URL(point[32...]))
        return #"{"kty":"EC","crv":"P-256","kid":"\#(keyID)","x":"\#(x)","y":"\#(y)"}"#
    }

    var jwks: String { Self.set(jwk) }

    static func set(_ keys: String...) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }

    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    static var now: Int { Int(Date().timeIntervalSince1970) }

    /// The header of a good token.
    ///
    /// - Parameter more: further members, each behind its comma.
    func header(_ more: String = "") -> String { #"{"alg":"ES256","kid":"\#(keyID)"\#(more)}"# }

    /// The claims of a good token.
    ///
    /// - Parameter changes: claims as JSON text, by their names; nil takes one out.
    static func claims(_ changes: [String: String?] = [:]) -> String {
        var claims: [String: String?] = [
            "iss": "\"\(name)\"", "aud": "\"\(audience)\"", "sub": #""alice""#, "exp": "\(now + 600)",
        ]
        claims.merge(changes) { _, new in new }
        let members = claims.sorted { $0.key < $1.key }.compactMap { name, value in value.map { #""\#(name)":\#($0)"# }
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// A token that is signed with the key, whatever it says.
    ///
    /// - Parameters:
    ///   - changes: of the claims.
    ///   - header: what stands in the place of a good header.
    func token(_ changes: [String: String?] = [:], header: String? = nil) throws -> String {
        try token(header: header ?? self.header(), claims: Self.claims(changes))
    }

    func token(header: String, claims: String) throws -> String {
        try Self.token(header: header, claims: claims) { try [UInt8](sign($0).rawRepresentation) }
    }

    func sign(_ input: [UInt8]) throws -> P256.Signing.ECDSASignature {
        try key.signature(for: SHA256.hash(data: Data(input)))
    }

    /// A token whose signature `sign` makes of the bytes before it.
    static func token(header: String, claims: String, sign: ([UInt8]) throws -> [UInt8]) rethrows -> String {
        let input = "\(base64URL(header.utf8)).\(base64URL(claims.utf8))"
        return "\(input).\(base64URL(try sign(Array(input.utf8))))"
    }
}

/// A bridge that takes the tokens of one issuer: `/fixture` is a process, `/echo` is inside the bridge.
struct IssuerBridge {
    let issuer: Issuer
    /// Where the bridge has its keys from.
    let keys: ScriptedHTTPServer
    let bridge: BridgeProcess

    /// - Parameters:
    ///   - keys: what the issuer answers; nil stands for its key.
    ///   - auth: lines of `[auth]`.
    ///   - jwt: lines of `[auth.jwt]`.
    init(
        issuer: Issuer = Issuer(),
        keys: HTTPHandler? = nil,
        auth: String = "",
        jwt: String = "",
        server: String = ""
    ) throws {
        self.issuer = issuer
        self.keys = try ScriptedHTTPServer(keys ?? { [jwks = issuer.jwks] _, reply in try reply.json(jwks) })
        bridge = try Self.start(jwks: self.keys.origin + "/keys", auth: auth, jwt: jwt, server: server)
    }

    /// - Parameter jwks: the place of the issuer's keys.
    static func start(
        jwks: String,
        auth: String = "",
        jwt: String = "",
        server: String = "",
        folder: TemporaryFolder? = nil
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                public_url = "https://bridge.example"
                [log]
                level = "trace"
                [auth]
                \(auth)
                [auth.jwt]
                issuer = "\(Issuer.name)"
                audience = "\(Issuer.audience)"
                jwks = "\(jwks)"
                \(jwt)
                [servers.fixture]
                command = \(BridgeProcess.command(["pidfile=@FOLDER@/pids"]))
                \(server)
                [servers.echo]
                builtin = "echo"
                """,
            folder: folder
        )
    }

    func answer(_ token: String, _ path: String = "/fixture") throws -> HTTPAnswer {
        try bridge.handshake(path, headers: ["Authorization: Bearer \(token)"])
    }

    /// Presents each token by every carrier. All must be 401 with their fault in the log and start nothing, and a good one
    /// must get in afterwards. Ends the bridge.
    func expectRefused(_ attacks: [(token: String, fault: String)]) throws {
        for (token, fault) in attacks {
            for carrier in GuardedBridge.carriers {
                let answer = try bridge.handshake(carrier.path("/fixture", token), headers: carrier.headers(token))
                #expect(answer.status == 401, "\(fault) by \(carrier.testDescription): \(answer.body)")
                #expect(answer.json?["error"] as? String == "credential_invalid")
                #expect(answer["WWW-Authenticate"]?.contains(#"error="invalid_token""#) == true)
                #expect(answer["Sec-WebSocket-Protocol"] == nil)
            }
        }
        #expect(try answer(issuer.token(), "/echo").status == 101)
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        #expect(bridge.folder.read("pids") == nil)
        let faults = bridge.program.errors.lines.compactMap { LogRecord($0) }
            .filter { $0.message == "handshake refused" }.map { $0["fault"] ?? "" }
        #expect(faults == attacks.flatMap { Array(repeating: $0.fault, count: GuardedBridge.carriers.count) })
    }
}
