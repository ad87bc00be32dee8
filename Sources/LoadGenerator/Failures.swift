// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What went wrong in a run, by kind, and the first of it in words.
package struct Failures: Sendable, Equatable {
    package enum Kind: Sendable {
        /// An answer that is not the one to an outstanding request of its connection.
        case mismatched
        /// A request without an answer.
        case lost
        /// Anything else, of the protocol or of the system.
        case error
        /// A connect that was refused, by the kernel or with a status.
        case refused
        /// A connection that the peer ended before its time.
        case closedEarly
    }

    package private(set) var mismatched = 0
    package private(set) var lost = 0
    package private(set) var errors = 0
    package private(set) var refused = 0
    package private(set) var closedEarly = 0
    /// Empty where nothing went wrong.
    package private(set) var first = ""

    package init() {}

    package var areNone: Bool {
        self.mismatched == 0 && self.lost == 0 && self.errors == 0 && self.refused == 0 && self.closedEarly == 0
    }

    /// Counts a failure. The words are made only for the first.
    package mutating func count(_ kind: Kind, times number: Int = 1, _ words: @autoclosure () -> String) {
        guard number > 0 else { return }
        if self.first.isEmpty { self.first = words() }
        switch kind {
        case .mismatched: self.mismatched += number
        case .lost: self.lost += number
        case .error: self.errors += number
        case .refused: self.refused += number
        case .closedEarly: self.closedEarly += number
        }
    }
}
