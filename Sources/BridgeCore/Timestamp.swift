// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A moment of the wall clock.
package struct Timestamp: Sendable, Equatable {
    /// Since 1970, without leap seconds.
    package let seconds: Int64
    /// 0 to 999.
    package let milliseconds: Int

    package init(seconds: Int64, milliseconds: Int = 0) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 with milliseconds, in UTC: `2026-11-23T03:12:49.057Z`.
    package var description: String {
        let (days, second) = Self.division(self.seconds, by: 86_400)
        // Days from 1 March of a year that four centuries divide: the leap day is the last one of its year.
        let (era, day) = Self.division(days + 719_468, by: 146_097)
        let yearOfEra = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        let date = [Self.padded(year, 4), Self.padded(month, 2), Self.padded(dayOfMonth, 2)]
        let clock = [second / 3_600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }
        let fraction = Self.padded(Int64(self.milliseconds), 3)
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(fraction)Z"
    }

    private static func division(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
