// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Where in a configuration something stands.
package struct Place: Sendable, Equatable, Hashable {
    /// The path of the file as the operator gave it, or the name of a command-line option such as `--listen`.
    package let file: String
    /// Counted from 1; nil where no line is to blame (a file that cannot be read, an option).
    package let line: Int?
    /// Counted from 1 in code points.
    package let column: Int?

    package init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension Place: CustomStringConvertible {
    /// `bridge.toml:12:5`, the form that editors jump to.
    package var description: String {
        var text = file
        if let line {
            text += ":\(line)"
            if let column {
                text += ":\(column)"
            }
        }
        return text
    }
}
