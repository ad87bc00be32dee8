// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Something that a test waited for did not come in time.
struct DeadlineExceeded: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) { description = "waited in vain for " + what }
}

/// A moment by which something must have happened, on the monotonic clock.
struct Deadline {
    /// How long a test waits for what must come.
    static let patience = 20.0

    private let end: UInt64

    init(seconds: Double = Deadline.patience) {
        end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
    }

    var hasPassed: Bool { DispatchTime.now().uptimeNanoseconds >= end }

    /// What is left, for poll(2); at least 1 before the end, so that a wait never spins.
    var milliseconds: CInt {
        let now = DispatchTime.now().uptimeNanoseconds
        return now >= end ? 0 : CInt(clamping: (end - now) / 1_000_000 + 1)
    }

    var date: Date { Date(timeIntervalSinceNow: Double(milliseconds) / 1000) }
}

/// Waits until `condition` holds; for what no descriptor tells, such as a process table.
func eventually(
    _ what: @autoclosure () -> String,
    within seconds: Double = Deadline.patience,
    _ condition: () throws -> Bool
) throws {
    let deadline = Deadline(seconds: seconds)
    while try !condition() {
        if deadline.hasPassed { throw DeadlineExceeded(what()) }
        poll(nil, 0, 5)
    }
}
