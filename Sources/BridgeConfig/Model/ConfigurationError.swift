// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Why a configuration is not usable: every problem at once, in the order of the file.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// One thing to put right.
    package struct Problem: Sendable, Equatable {
        package let place: Place
        /// Plain English, no final full stop; says what is wrong and what to do.
        package let message: String
        /// The known name nearest to an unknown one.
        package let suggestion: String?

        package init(place: Place, message: String, suggestion: String? = nil) {
            self.place = place
            self.message = message
            self.suggestion = suggestion
        }
    }

    /// Never empty.
    package let problems: [Problem]

    package init(problems: [Problem]) {
        self.problems = problems
    }

    init(_ message: String, at place: Place) {
        self.init(problems: [Problem(place: place, message: message)])
    }
}

extension ConfigurationError.Problem: CustomStringConvertible {
    package var description: String {
        var text = "\(place): \(message)"
        if let suggestion {
            text += "; did you mean `\(suggestion)`?"
        }
        return text
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// One problem a line.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
