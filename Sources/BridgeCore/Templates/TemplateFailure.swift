// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Why a handshake does not bring what a template wants. Never holds a value (R73).
package struct TemplateFailure: Error, Equatable {
    package enum Reason: Sendable, CaseIterable {
        case missing
        case repeated
        case controlCharacter
        /// More than a server can be given.
        case tooLong
        /// No value of a header field that goes upstream (RFC 9110 §5.5).
        case noFieldValue
        /// At the beginning of an argument, where it would be taken for an option.
        case option
    }

    package let source: ValueTemplate.Source
    package let reason: Reason

    init(_ source: ValueTemplate.Source, _ reason: Reason) {
        self.source = source
        self.reason = reason
    }

    /// A 400 that names what is wrong, for the client.
    package var rejection: HandshakeRejection {
        switch self.reason {
        case .missing: .malformed("This server needs \(self.source).")
        case .repeated: .malformed("There is more than one of \(self.source).")
        case .controlCharacter: .malformed("There is a control character in \(self.source).")
        case .tooLong: .malformed("This server cannot be given as much as there is in \(self.source).")
        case .noFieldValue:
            .malformed("This server takes visible ASCII only, without blanks around it, in \(self.source).")
        case .option: .malformed("This server takes nothing that begins with a hyphen in \(self.source).")
        }
    }
}

extension TemplateFailure: CustomStringConvertible {
    /// For the log.
    package var description: String {
        switch self.reason {
        case .missing: "missing: \(self.source)"
        case .repeated: "more than one: \(self.source)"
        case .controlCharacter: "a control character in \(self.source)"
        case .tooLong: "too much in \(self.source)"
        case .noFieldValue: "no value for a header in \(self.source)"
        case .option: "a hyphen at the beginning of \(self.source)"
        }
    }
}
