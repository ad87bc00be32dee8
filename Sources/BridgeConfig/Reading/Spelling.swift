// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Finds the word that was probably meant.
enum Spelling {
    /// The nearest candidate, or nil when none is near: one edit for short words, a third of the letters for longer ones.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let normalized = normalize(word)
        let allowed = max(1, min(3, normalized.count / 3))
        // A name longer than any key by more than the allowance cannot be near; do not compute its distance.
        let ranked = candidates.compactMap { candidate -> (distance: Int, candidate: String)? in
            let other = normalize(candidate)
            guard abs(other.count - normalized.count) <= allowed else { return nil }
            return (distance(normalized, other), candidate)
        }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= allowed else { return nil }
        return best.candidate
    }

    /// Damerau-Levenshtein distance in its "optimal string alignment" form: insertions, deletions, replacements, and
    /// swaps of neighbours cost 1 each.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in 1...left.count {
            var row = [i] + Array(repeating: 0, count: right.count)
            for j in 1...right.count {
                let isSame = left[i - 1] == right[j - 1]
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1))
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }

    // `maxMessage` and `max-message` are as near to `max_message` as a typing error is.
    private static func normalize(_ word: String) -> [UInt8] {
        word.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
    }
}
