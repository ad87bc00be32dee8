// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
package import Logging

/// The daemon's log on standard error: a line an event, as text for people or as JSON for machines.
package struct StandardErrorLogHandler: LogHandler {
    /// How a line looks.
    package enum Format: Sendable {
        case text
        case json
    }

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
        let all = event.metadata.map { self.metadata.merging($0) { $1 } } ?? self.metadata
        let pairs = all.sorted { $0.key < $1.key }
        let time = Timestamp.now()
        switch self.format {
        case .text:
            let fields = pairs.map { " \($0.key)=\(Self.quoted($0.value.description))" }.joined()
            LogWriter.shared.write("\(time) \(event.level) \(event.message)\(fields)")
        case .json:
            var line: [UInt8] = []
            line.append(contentsOf: "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":".utf8)
            JSONString.appendVisible(event.message.description, to: &line)
            for (key, value) in pairs {
                line.append(UInt8(ascii: ","))
                JSONString.appendVisible(key, to: &line)
                line.append(UInt8(ascii: ":"))
                let text = value.description
                // Counts are numbers to whoever reads the log.
                if let number = Int(text), String(number) == text {
                    line.append(contentsOf: text.utf8)
                } else {
                    JSONString.appendVisible(text, to: &line)
                }
            }
            line.append(UInt8(ascii: "}"))
            LogWriter.shared.write(String(decoding: line, as: UTF8.self))
        }
    }

    /// Plain words stay, all else becomes a quoted string on one line.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "\\" && JSONString.isVisible($0) }
        if isPlain { return text }
        var token: [UInt8] = []
        JSONString.appendVisible(text, to: &token)
        return String(decoding: token, as: UTF8.self)
    }
}
