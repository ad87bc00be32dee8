// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
package import Logging

/// The daemon's log: a line an event on standard error, as text for people or as JSON for machines, or an entry in the journal.
package struct DaemonLogHandler: LogHandler {
    /// How a line looks.
    package enum Format: Sendable {
        case text
        case json
        /// No line at all, but what ``JournalEntry`` has.
        case journal
    }

    /// The most of a value that a line holds, in bytes: a net below the limits that each value has where it comes from.
    static let valueLimit = 16 << 10

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: Format

    package init(label: String, format: Format, level: Logger.Level) {
        self.label = label
        self.format = format
        self.logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        if case .journal = self.format {
            LogWriter.shared.write(self.entry(event.level, "\(event.message)", event.metadata))
        } else {
            LogWriter.shared.write(self.line(event.level, "\(event.message)", event.metadata, at: .now()))
        }
    }

    /// The entry of an event. Its text is no more visible and endless than a line.
    func entry(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata?) -> JournalEntry {
        let pairs = self.pairs(metadata)
        return JournalEntry(
            .init(level),
            message: message,
            text: Self.visible(message) + Self.text(pairs),
            values: pairs.map { ($0.key, Self.visible($0.value.description)) }
        )
    }

    private func pairs(_ metadata: Logger.Metadata?) -> [(key: String, value: Logger.MetadataValue)] {
        let all = metadata.map { self.metadata.merging($0) { $1 } } ?? self.metadata
        return all.sorted { $0.key < $1.key }
    }

    private static func text(_ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        pairs.map { " \($0.key)=\(Self.quoted($0.value.description))" }.joined()
    }

    /// The line of an event, without its LF: whatever the values hold, nothing in it is invisible or endless (R73).
    func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata?, at time: Timestamp) -> String {
        let pairs = self.pairs(metadata)
        switch self.format {
        case .text, .journal: return "\(time) \(level) \(Self.visible(message))\(Self.text(pairs))"
        case .json:
            var line: [UInt8] = []
            line.append(contentsOf: "{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":".utf8)
            JSONString.appendVisible(message, atMost: Self.valueLimit, to: &line)
            for (key, value) in pairs {
                line.append(UInt8(ascii: ","))
                JSONString.appendVisible(key, to: &line)
                line.append(UInt8(ascii: ":"))
                let text = value.description
                // Counts are numbers to whoever reads the log.
                if let number = Int(text), String(number) == text {
                    line.append(contentsOf: text.utf8)
                } else {
                    JSONString.appendVisible(text, atMost: Self.valueLimit, to: &line)
                }
            }
            line.append(UInt8(ascii: "}"))
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// Sentences stay as they are, unless there is something in them that does not show.
    private static func visible(_ text: String) -> String {
        let isPlain = text.utf8.count <= Self.valueLimit && text.unicodeScalars.allSatisfy { JSONString.isVisible($0) }
        return isPlain ? text : Self.token(text)
    }

    /// Plain words stay, all else becomes a quoted string on one line.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            (1...Self.valueLimit).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "\\" && JSONString.isVisible($0) }
        return isPlain ? text : Self.token(text)
    }

    private static func token(_ text: String) -> String {
        var token: [UInt8] = []
        JSONString.appendVisible(text, atMost: Self.valueLimit, to: &token)
        return String(decoding: token, as: UTF8.self)
    }
}

extension JournalEntry.Priority {
    fileprivate init(_ level: Logger.Level) {
        switch level {
        case .trace, .debug: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        case .critical: self = .critical
        }
    }
}
