// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The part of `/proc/PID/stat` (proc_pid_stat(5)) that tells whose descendant a process is.
package struct ProcessStat: Sendable, Hashable {
    package var pid: Int32
    /// `Z` for a zombie, `X` for one being taken away.
    package var state: UInt8
    package var parent: Int32
    package var group: Int32
    package var session: Int32
    /// In clock ticks since boot: with the pid, the identity of a process.
    package var startTime: UInt64

    package var isDead: Bool { self.state == UInt8(ascii: "Z") || self.state == UInt8(ascii: "X") }

    /// Nil for anything that does not look like the kernel's line.
    package init?(parsing line: UnsafeRawBufferPointer) {
        // The program's name stands in parentheses and may hold blanks and parentheses itself.
        guard let close = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        var reader = FieldReader(bytes: line, position: 0)
        guard let pid = reader.number(), let pid = Int32(exactly: pid) else { return nil }
        reader.position = close + 2
        guard reader.position < line.count else { return nil }
        self.pid = pid
        self.state = line[reader.position]
        reader.position += 2
        guard
            let parent = reader.number(),
            let group = reader.number(),
            let session = reader.number()
        else { return nil }
        self.parent = Int32(truncatingIfNeeded: parent)
        self.group = Int32(truncatingIfNeeded: group)
        self.session = Int32(truncatingIfNeeded: session)
        // Fields 7 to 21: terminal, flags, faults, times, priorities, threads.
        for _ in 7...21 {
            guard reader.skip() else { return nil }
        }
        guard let startTime = reader.number(), startTime >= 0 else { return nil }
        self.startTime = UInt64(startTime)
    }
}

private struct FieldReader {
    let bytes: UnsafeRawBufferPointer
    var position: Int

    mutating func number() -> Int64? {
        var value: Int64 = 0
        var negative = false
        var digits = 0
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            self.position += 1
            switch byte {
            case UInt8(ascii: "-") where digits == 0:
                negative = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
                let (sum, tooBigStill) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
                guard !tooBig, !tooBigStill else { return nil }
                value = sum
                digits += 1
            default:
                guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n"), digits > 0 else { return nil }
                return negative ? -value : value
            }
        }
        return digits > 0 ? (negative ? -value : value) : nil
    }

    mutating func skip() -> Bool {
        while self.position < self.bytes.count {
            self.position += 1
            if self.bytes[self.position - 1] == UInt8(ascii: " ") { return true }
        }
        return false
    }
}
