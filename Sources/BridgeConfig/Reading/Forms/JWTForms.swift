// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension ValueForm where Value == String {
    /// What stands in a claim, or names one. Compared letter by letter, so that nothing is trimmed.
    static func claimText(_ expected: String) -> Self {
        .text(expected, write: quoted) { text throws(BadValue) in
            guard !text.isEmpty else { throw BadValue("must not be empty: write \(expected)") }
            guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
                throw BadValue("must not hold blanks or control characters: \(quoted(text))")
            }
            return text
        }
    }
}

extension ValueForm where Value == [String] {
    /// One audience, or several, each of which will do.
    static var audience: Self {
        let expected = "a string such as \"https://bridge.example\", or an array of them"
        let one = ValueForm<String>.claimText(expected)
        let many = list(expected, of: one)
        return ValueForm(
            read: { node, key, diagnostics in
                guard case .array(let nodes) = node.value else {
                    return one.read(node, key, &diagnostics).map { [$0] }
                }
                guard !nodes.isEmpty else {
                    let message =
                        "`\(key)` must be \(expected), not an array of nothing: a token for anybody is a token for nobody"
                    diagnostics.report(message, at: node.position)
                    return nil
                }
                return many.read(node, key, &diagnostics)
            },
            write: many.write
        )
    }
}

extension ValueForm where Value == [JWTAlgorithm] {
    /// The signatures that are taken. `none` and keyed hashes are no algorithms of the bridge.
    static var algorithms: Self {
        let words = JWTAlgorithm.allCases.map { quoted($0.rawValue) }.joined(separator: ", ")
        let expected = "an array of some of \(words)"
        let algorithm = ValueForm<JWTAlgorithm>.text(
            expected,
            write: { quoted($0.rawValue) },
            parse: { text throws(BadValue) in try JWTAlgorithm(parsing: text, known: words) }
        )
        let some = list(expected, of: algorithm)
        return ValueForm(
            read: { node, key, diagnostics in
                guard let algorithms = some.read(node, key, &diagnostics) else { return nil }
                guard !algorithms.isEmpty else {
                    diagnostics.report("`\(key)` must be \(expected), not an array of nothing", at: node.position)
                    return nil
                }
                return algorithms
            },
            write: some.write
        )
    }
}

extension JWTAlgorithm {
    /// - Parameter words: all algorithms, for messages.
    fileprivate init(parsing text: String, known words: String) throws(BadValue) {
        if let algorithm = JWTAlgorithm(rawValue: text) {
            self = algorithm
            return
        }
        if text.lowercased() == "none" {
            throw BadValue("must not hold \(quoted(text)): everybody could write such a token; known are \(words)")
        }
        if text.uppercased().hasPrefix("HS") {
            let why = "the bridge would have to know the issuer's secret, and could write tokens itself"
            throw BadValue("must not hold \(quoted(text)): \(why); known are \(words)")
        }
        let nearest = Spelling.nearest(to: text, among: JWTAlgorithm.allCases.map(\.rawValue))
        let hint = nearest.map { "; did you mean \(quoted($0))?" } ?? ""
        throw BadValue("must hold only some of \(words), not \(quoted(text))\(hint)")
    }
}

extension ValueForm where Value == JWTAuthentication.KeySource {
    /// A URL, or the absolute path of a file.
    static var keySource: Self {
        .text(
            "a string such as \"https://id.example/.well-known/jwks.json\" or \"/etc/mcp-wsbridge/jwks.json\"",
            write: { source in
                switch source {
                case .url(let url): quoted(url.withoutQuery)
                case .file(let path): quoted(path)
                }
            },
            parse: { text throws(BadValue) in
                if text.hasPrefix("/") { return .file(path: try text.withoutNUL()) }
                guard text.contains("://") else {
                    throw BadValue("must be an absolute path, or a URL that starts with https://, not \(quoted(text))")
                }
                let url = try HTTPURL(parsing: text)
                guard url.scheme == .https || ListenAddress.isLoopback(host: url.hostWithoutBrackets) else {
                    throw BadValue(
                        "must start with https:// unless it is on this machine: whoever can change the keys on their "
                            + "way can let everybody in"
                    )
                }
                return .url(url)
            }
        )
    }
}

extension ValueForm where Value == Duration {
    /// How far two clocks may be apart.
    static var leeway: Self {
        let form = duration(mayBeZero: true)
        return ValueForm(
            read: { node, key, diagnostics in
                guard let value = form.read(node, key, &diagnostics) else { return nil }
                guard value <= .seconds(300), value.components.attoseconds == 0 else {
                    let message = "`\(key)` must be whole seconds, five minutes at the most: set the clocks instead"
                    diagnostics.report(message, at: node.position)
                    return nil
                }
                return value
            },
            write: form.write
        )
    }
}
