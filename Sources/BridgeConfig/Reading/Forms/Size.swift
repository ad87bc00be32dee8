// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Numbers of bytes as people write them: `512B`, `64KiB`, `10MB`.
enum Size {
    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1),
    ]

    /// Reads digits and one unit, nothing else.
    static func parse(_ text: String) throws(BadValue) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty, let bytes = units.first(where: { $0.name == unit })?.bytes else {
            throw BadValue(
                "must be a whole number and one of the units B, KiB, MiB, GiB, KB, MB, GB, such as \"4MiB\", "
                    + "not \(quoted(text))"
            )
        }
        let (product, overflows) = (Int(digits) ?? .max).multipliedReportingOverflow(by: bytes)
        guard !overflows, Int(digits) != nil else { throw BadValue("is too large: \(quoted(text))") }
        return product
    }

    /// The shortest exact spelling, binary units first.
    static func text(_ bytes: Int) -> String {
        for unit in units.prefix(3) where bytes > 0 && bytes.isMultiple(of: unit.bytes) {
            return "\(bytes / unit.bytes)\(unit.name)"
        }
        return "\(bytes)B"
    }
}
