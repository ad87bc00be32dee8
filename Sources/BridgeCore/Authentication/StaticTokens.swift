// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 of a token: what is kept of it.
package struct TokenDigest: Sendable, Hashable {
    package static let byteCount = 32

    fileprivate let words: (UInt64, UInt64, UInt64, UInt64)

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// From 64 hexadecimal digits, in either case.
    package init?(hex: String) {
        let digits = hex.utf8.compactMap(JSONString.hexDigit)
        guard digits.count == 2 * Self.byteCount, hex.utf8.count == digits.count else { return nil }
        self.init(stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    /// All bits set if the two are the same, else none. Takes the same time whichever bytes differ (R8).
    fileprivate func mask(ifSameAs other: TokenDigest) -> Int {
        let difference =
            (self.words.0 ^ other.words.0) | (self.words.1 ^ other.words.1)
            | (self.words.2 ^ other.words.2) | (self.words.3 ^ other.words.3)
        // The top bit of `difference | -difference` is set for all but 0.
        return Int(truncatingIfNeeded: (difference | (0 &- difference)) >> 63) - 1
    }

    package static func == (left: Self, right: Self) -> Bool { left.mask(ifSameAs: right) != 0 }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.words.0) }
}

extension TokenDigest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Not the digest: where somebody made the token up, it can be guessed from that.
    package var description: String { "sha256 …" }

    package var debugDescription: String { self.description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Knows the static tokens of the configuration by their digests (R8).
package struct StaticTokens: CredentialVerifier {
    package struct Entry: Sendable, Equatable {
        package let digest: TokenDigest
        package let principal: Principal

        package init(digest: TokenDigest, principal: Principal) {
            self.digest = digest
            self.principal = principal
        }
    }

    package let entries: [Entry]
    /// SHA-256; nil where the library cannot.
    private let digest: @Sendable (_ text: [UInt8]) -> TokenDigest?

    package init(_ entries: [Entry], digest: @escaping @Sendable (_ text: [UInt8]) -> TokenDigest?) {
        self.entries = entries
        self.digest = digest
    }

    package var acceptsQueryTokens: Bool { true }

    /// Compares the token with every entry, whichever of them it is: the time tells nothing about them.
    package func verify(_ token: BearerToken, now: Int64) -> CredentialVerdict {
        guard let digest = self.digest(Array(token.text.utf8)) else { return .unavailable(retryAfter: 1) }
        guard let index = self.index(of: digest) else { return .notMine }
        return .valid(self.entries[index].principal, claims: Claims())
    }

    private func index(of digest: TokenDigest) -> Int? {
        var found = -1
        for index in self.entries.indices {
            let mask = self.entries[index].digest.mask(ifSameAs: digest)
            found = (found & ~mask) | (index & mask)
        }
        return found < 0 ? nil : found
    }
}
