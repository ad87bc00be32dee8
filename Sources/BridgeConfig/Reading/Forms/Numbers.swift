// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension ValueForm where Value == Bool {
    static var boolean: Self {
        ValueForm(
            read: { node, key, diagnostics in
                guard case .boolean(let value) = node.value else {
                    diagnostics.reportType(of: node, key, expected: "true or false")
                    return nil
                }
                return value
            },
            write: { $0 ? "true" : "false" }
        )
    }
}

extension ValueForm {
    /// A text of numbers with units. A bare integer, the usual mistake, is answered with what to write instead.
    private static func quantity(
        _ expected: String,
        insteadOfInteger example: @escaping @Sendable (Int64) -> String,
        write: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (String) throws(BadValue) -> Value
    ) -> Self {
        let text = text(expected, write: write, parse: parse)
        return ValueForm(
            read: { node, key, diagnostics in
                if case .integer(let number) = node.value {
                    diagnostics.report("`\(key)` needs a unit in quotes: write \(example(number))", at: node.position)
                    return nil
                }
                return text.read(node, key, &diagnostics)
            },
            write: write
        )
    }
}

extension ValueForm where Value == Int {
    /// A bare integer.
    static func count(from least: Int = 1, to most: Int = 1_000_000_000) -> Self {
        ValueForm(
            read: { node, key, diagnostics in
                guard case .integer(let value) = node.value else {
                    diagnostics.reportType(of: node, key, expected: "an integer such as 100")
                    return nil
                }
                guard value >= least, value <= most else {
                    diagnostics.report(
                        "`\(key)` must be between \(least) and \(most), not \(value)",
                        at: node.position
                    )
                    return nil
                }
                return Int(value)
            },
            write: { String($0) }
        )
    }

    /// A number of bytes, such as `"4MiB"`.
    ///
    /// The upper bound keeps every buffer, with its growth to the next power of two, within what a ByteBuffer can hold.
    static func size(from least: Int, to most: Int = 1 << 30) -> Self {
        quantity(
            "a size such as \"4MiB\"",
            insteadOfInteger: { $0 < 0 ? "\"4MiB\"" : "\"\($0)B\"" },
            write: { quoted(Size.text($0)) },
            parse: { (text: String) throws(BadValue) in
                let value = try Size.parse(text)
                guard value >= least, value <= most else {
                    throw BadValue(
                        "must be between \(quoted(Size.text(least))) and \(quoted(Size.text(most))), not \(quoted(text))"
                    )
                }
                return value
            }
        )
    }
}

extension ValueForm where Value == Duration {
    /// A time span, such as `"1h30m"`. A year is the most, so that any clock can add it to now.
    static func duration(mayBeZero: Bool) -> Self {
        quantity(
            "a duration such as \"30s\"",
            insteadOfInteger: { $0 < 0 ? "\"30s\"" : "\"\($0)s\" or \"\($0)ms\"" },
            write: { quoted(TimeSpan.text($0)) },
            parse: { (text: String) throws(BadValue) in
                let value = try TimeSpan.parse(text)
                guard mayBeZero || value > .zero else {
                    throw BadValue("must be longer than zero: a peer that waits for ever would hold its place for ever")
                }
                guard value <= TimeSpan.longest else {
                    throw BadValue("must be at most \(quoted(TimeSpan.text(TimeSpan.longest))), not \(quoted(text))")
                }
                return value
            }
        )
    }
}

extension ValueForm where Value: RawRepresentable<String> & CaseIterable {
    /// One of a few words.
    static var choice: Self {
        let words = Value.allCases.map { quoted($0.rawValue) }.joined(separator: ", ")
        return .text(
            "one of \(words)",
            write: { quoted($0.rawValue) },
            parse: { text throws(BadValue) in
                guard let value = Value(rawValue: text) else {
                    let nearest = Spelling.nearest(to: text, among: Value.allCases.map(\.rawValue))
                    let hint = nearest.map { "; did you mean \(quoted($0))?" } ?? ""
                    throw BadValue("must be one of \(words), not \(quoted(text))\(hint)")
                }
                return value
            }
        )
    }
}
