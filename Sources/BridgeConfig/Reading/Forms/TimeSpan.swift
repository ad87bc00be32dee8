// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Time spans as people write them: `250ms`, `30s`, `1h30m`.
enum TimeSpan {
    static let longest: Duration = .seconds(365 * 24 * 3600)

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads pairs of a whole number and a unit, each unit at most once, the larger before the smaller.
    static func parse(_ text: String) throws(BadValue) -> Duration {
        let malformed = BadValue(
            "must be whole numbers with the units h, m, s, ms, such as \"30s\" or \"1h30m\", not \(quoted(text))"
        )
        var rest = Substring(text)
        var allowed = units[...]
        var milliseconds: Int64 = 0
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard !digits.isEmpty, let index = allowed.firstIndex(where: { $0.name == name }) else { throw malformed }
            let factor = allowed[index].milliseconds
            allowed = allowed[(index + 1)...]
            let (part, partOverflows) = (Int64(digits) ?? .max).multipliedReportingOverflow(by: factor)
            let (sum, sumOverflows) = milliseconds.addingReportingOverflow(part)
            guard Int64(digits) != nil, !partOverflows, !sumOverflows else {
                throw BadValue("is too long: \(quoted(text))")
            }
            milliseconds = sum
        } while !rest.isEmpty
        return .milliseconds(milliseconds)
    }

    /// The shortest exact spelling; finer than a millisecond is cut off.
    static func text(_ duration: Duration) -> String {
        var rest = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}
