// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A fixed distance from UTC, and dates in it (ISO 8601). Named zones need the system's zone files and stay out.
struct UTCOffset {
    /// Minutes east of Greenwich.
    let minutes: Int

    /// `UTC`, `GMT`, `Z`, or `±HH:MM` up to 14 hours.
    init?(parsing text: String) {
        if ["UTC", "GMT", "Z", "Etc/UTC"].contains(text) {
            minutes = 0
            return
        }
        let bytes = Array(text.utf8)
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = Self.number(bytes[1...2]),
            let rest = Self.number(bytes[4...5]), hours <= 14, rest < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): minutes = hours * 60 + rest
        case UInt8(ascii: "-"): minutes = -(hours * 60 + rest)
        default: return nil
        }
    }

    /// `YYYY-MM-DDTHH:MM:SS` and the offset.
    func format(secondsSince1970 seconds: Int) -> String {
        let local = seconds + minutes * 60
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let (year, month, dayOfMonth) = Self.date(daysSince1970: day)
        let time = local - day * 86_400
        let suffix =
            minutes == 0
            ? "Z" : "\(minutes < 0 ? "-" : "+")\(Self.two(abs(minutes) / 60)):\(Self.two(abs(minutes) % 60))"
        return "\(year)-\(Self.two(month))-\(Self.two(dayOfMonth))T"
            + "\(Self.two(time / 3600)):\(Self.two(time / 60 % 60)):\(Self.two(time % 60))\(suffix)"
    }

    /// Gregorian date of a day: counted in eras of 400 years that begin on 1 March, so that leap days come last.
    private static func date(daysSince1970 day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }

    /// Two decimal digits; nil where one is something else, a sign included.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
