// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Collects the problems of one file, so that all are reported at once.
struct Diagnostics {
    let file: String
    private(set) var problems: [ConfigurationError.Problem] = []

    init(file: String) {
        self.file = file
    }

    mutating func report(_ message: String, at position: TOMLPosition, suggestion: String? = nil) {
        problems.append(.init(place: place(position), message: message, suggestion: suggestion))
    }

    mutating func report(_ message: String, at place: Place) {
        problems.append(.init(place: place, message: message))
    }

    func place(_ position: TOMLPosition) -> Place {
        Place(file: file, line: position.line, column: position.column)
    }

    /// Throws everything reported so far, in the order of the file; does nothing when all is well.
    func throwProblems() throws(ConfigurationError) {
        guard !problems.isEmpty else { return }
        let ordered = problems.enumerated().sorted { left, right in
            let (a, b) = (left.element.place, right.element.place)
            return (a.line ?? 0, a.column ?? 0, left.offset) < (b.line ?? 0, b.column ?? 0, right.offset)
        }
        throw ConfigurationError(problems: ordered.map(\.element))
    }
}

/// Why a value is refused: a predicate that follows the name of the key, as in "`path` must start with a slash".
struct BadValue: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
