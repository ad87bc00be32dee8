// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// The sets of keys that issuers publish.
@Suite struct JSONWebKeyTests {
    private static let x32 = base64URL([UInt8](repeating: 7, count: 32))
    private static let x48 = base64URL([UInt8](repeating: 7, count: 48))
    private static let modulus: [UInt8] = [0x80] + [UInt8](repeating: 3, count: 255)

    private static func ec(_ more: String = "") -> String {
        #"{"kty":"EC","crv":"P-256","x":"\#(x32)","y":"\#(x32)"\#(more)}"#
    }
    private static func rsa(_ n: [UInt8] = modulus, e: String = "AQAB", _ more: String = "") -> String {
        #"{"kty":"RSA","n":"\#(base64URL(n))","e":"\#(e)"\#(more)}"#
    }
    private static func ed(_ more: String = "") -> String { #"{"kty":"OKP","crv":"Ed25519","x":"\#(x32)"\#(more)}"# }

    private func read(_ keys: String...) throws -> JSONWebKeySet {
        try JSONWebKeySet(Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8))
    }

    /// Why a key is left out; nil if it is not.
    private func fault(_ key: String) -> JSONWebKey.Fault? {
        do throws(JSONWebKey.Fault) {
            _ = try JSONWebKey(Array(key.utf8))
            return nil
        } catch {
            return error
        }
    }

    private func index(_ set: JSONWebKeySet, _ header: String) -> Result<Int, JWTFault> {
        var rules = issuerRules
        rules.algorithms = Set(JWTAlgorithm.allCases)
        return Result { () throws(JWTFault) in try set.key(for: try rules.parse(jwt(header: header))) }
    }

    @Test("R8: RSA, P-256, P-384 and Ed25519 keys are read, each for its own algorithms")
    func kinds() throws {
        let p384 = #"{"kty":"EC","crv":"P-384","x":"\#(Self.x48)","y":"\#(Self.x48)"}"#
        let set = try self.read(Self.rsa(), Self.ec(), p384, Self.ed(#","kid":"é""#))
        #expect(set.keys.map(\.algorithms) == [[.rs256, .ps256], [.es256], [.es384], [.edDSA]])
        #expect(set.keys.map(\.id) == [nil, nil, nil, Array("é".utf8)])
        #expect(set.keys[0].material == .rsa(n: Self.modulus, e: [1, 0, 1]))
        #expect(set.refused == 0)
    }

    @Test("R8: alg, use and key_ops of a key narrow what it is for")
    func narrowed() {
        #expect(self.fault(Self.rsa(Self.modulus, #","alg":"RS256","use":"sig","key_ops":["verify","x"]"#)) == nil)
        #expect((try? JSONWebKey(Array(Self.rsa(Self.modulus, #","alg":"PS256""#).utf8)))?.algorithms == [.ps256])
        #expect((try? JSONWebKey(Array(Self.ed(#","alg":"Ed25519""#).utf8)))?.algorithms == [.edDSA])
        for more in [
            #","use":"enc""#, #","use":null"#, #","key_ops":["sign"]"#, #","alg":"RSA-OAEP""#, #","alg":"ES384""#,
        ] {
            #expect(self.fault(Self.ec(more)) == .otherKind, "\(more)")
        }
        #expect(self.fault(Self.rsa(Self.modulus, #","alg":"HS256""#)) == .otherKind, "no key is ever a shared secret")
    }

    @Test(
        "R8: keys of other kinds are passed over without a complaint",
        arguments: [
            #"{"kty":"oct","k":"AAAA","alg":"HS256"}"#, #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
            #"{"kty":"OKP","crv":"X25519","x":"AA"}"#, #"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, #"{"kty":"AKP"}"#,
        ]
    )
    func otherKinds(_ key: String) throws {
        #expect(self.fault(key) == .otherKind)
        let set = try self.read(key, Self.ed())
        #expect(set.keys.count == 1 && set.refused == 0)
    }

    @Test("R8: RSA keys of less than 2048 bits, with an exponent that proves nothing, or beyond bounds are left out")
    func weak() throws {
        let n1024 = [0x80] + [UInt8](repeating: 3, count: 127)
        let n2047 = [0x40] + [UInt8](repeating: 3, count: 255)
        let n9000 = [0x80] + [UInt8](repeating: 3, count: 1200)
        let even = Self.modulus.dropLast() + [4]
        for n in [n1024, n2047, n9000, Array(even), [0] + n2047] { #expect(self.fault(Self.rsa(n)) == .weak) }
        for e in ["AQ", "AAE", "Ag", "AQAA", "AQAAAAE", "", "AAAA"] {
            #expect(self.fault(Self.rsa(Self.modulus, e: e)) == .weak, "\(e)")
        }
        #expect(self.fault(Self.rsa([0] + Self.modulus, e: "Aw")) == nil, "3 is odd, and a sign byte no fault")
        let set = try self.read(Self.rsa(n1024), Self.rsa(), Self.ec(#","x":"AA""#))
        #expect(set.keys.count == 1 && set.refused == 2)
    }

    @Test(
        "R8: a key with a member that is missing, doubled, of the wrong length or not canonical is left out",
        arguments: [
            "{}", #"{"kty":"RSA"}"#, #"{"kty":1}"#,
            #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, ec(#","kid":1"#), ec(#","alg":1"#), ec(#","kty":"EC""#),
            ec(#","key_ops":"verify""#), #"{"kty":"EC","crv":"P-384","x":"\#(x32)","y":"\#(x32)"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"\#(x32)="}"#, #"{"kty":"OKP","crv":"Ed25519","x":["\#(x32)"]}"#,
            rsa([]), rsa([0, 0]),
        ]
    )
    func malformedKeys(_ key: String) {
        #expect(self.fault(key) == .malformed)
    }

    @Test("R8: what is no set, is too large, or has nothing to verify with is refused as a whole")
    func sets() {
        func fault(_ text: String) -> JSONWebKeySet.Fault? {
            do throws(JSONWebKeySet.Fault) {
                _ = try JSONWebKeySet(Array(text.utf8))
                return nil
            } catch {
                return error
            }
        }
        let good = #"{"keys":[\#(Self.ed())]}"#
        #expect(fault(good) == nil)
        #expect(
            fault(#"{"x":{"keys":1},"keys":[1,null,"a",\#(Self.ed()) , []]}"#) == nil,
            "what is no key is passed over"
        )
        for text in ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":"a"}"#, good + "x", "<html>", String(good.dropLast())] {
            #expect(fault(text) == .malformed, "\(text)")
        }
        #expect(fault(#"{"keys":[\#(Self.ed())],"keys":[\#(Self.ed())]}"#) == .malformed)
        #expect(fault(#"{"keys":[]}"#) == .noUsableKey)
        #expect(fault(#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#) == .noUsableKey)
        let many = { (count: Int) in
            #"{"keys":["# + Array(repeating: Self.ed(), count: count).joined(separator: ",") + "]}"
        }
        #expect(fault(many(JSONWebKeySet.maxKeys)) == nil)
        #expect(fault(many(JSONWebKeySet.maxKeys + 1)) == .tooManyKeys)
        #expect(fault(good + String(repeating: " ", count: JSONWebKeySet.maxLength)) == .tooLong)
    }

    @Test("R8: the kid chooses the key, and the key's kind must fit the algorithm")
    func choice() throws {
        let set = try self.read(
            Self.rsa(Self.modulus, #","kid":"r""#),
            Self.ec(#","kid":"e""#),
            Self.ed(#","kid":"d""#)
        )
        #expect(self.index(set, #"{"alg":"RS256","kid":"r"}"#) == .success(0))
        #expect(self.index(set, #"{"alg":"PS256","kid":"r"}"#) == .success(0))
        #expect(self.index(set, #"{"alg":"ES256","kid":"e"}"#) == .success(1))
        #expect(self.index(set, #"{"alg":"EdDSA","kid":"d"}"#) == .success(2))
        #expect(self.index(set, #"{"alg":"ES256","kid":"r"}"#) == .failure(.unsuitableKey))
        #expect(self.index(set, #"{"alg":"RS256","kid":"e"}"#) == .failure(.unsuitableKey))
        #expect(self.index(set, #"{"alg":"ES384","kid":"e"}"#) == .failure(.unsuitableKey))
        for kid in ["x", "", "R", "r "] {
            #expect(self.index(set, #"{"alg":"RS256","kid":"\#(kid)"}"#) == .failure(.unknownKey))
        }
    }

    @Test("R8: without a kid there must be exactly one key that fits; a key without a kid is no named one")
    func unnamed() throws {
        let one = try self.read(Self.ec(#","kid":"e""#), Self.ed())
        #expect(self.index(one, #"{"alg":"ES256"}"#) == .success(0))
        #expect(self.index(one, #"{"alg":"EdDSA"}"#) == .success(1))
        #expect(self.index(one, #"{"alg":"RS256"}"#) == .failure(.unsuitableKey))
        #expect(self.index(one, #"{"alg":"EdDSA","kid":""}"#) == .failure(.unknownKey))
        let two = try self.read(Self.ec(#","kid":"e""#), Self.ec(#","kid":"f""#))
        #expect(self.index(two, #"{"alg":"ES256"}"#) == .failure(.ambiguousKey))
        let same = try self.read(Self.ec(#","kid":"e""#), Self.ec(#","kid":"e""#))
        #expect(self.index(same, #"{"alg":"ES256","kid":"e"}"#) == .failure(.ambiguousKey))
    }
}
