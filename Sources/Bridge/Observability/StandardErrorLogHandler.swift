// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc
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
        let time = Self.timestamp()
        switch self.format {
        case .text:
            let fields = pairs.map { " \($0.key)=\(Self.quoted($0.value.description))" }.joined()
            LogWriter.shared.write("\(time) \(event.level) \(event.message)\(fields)")
        case .json:
            var line: [UInt8] = []
            line.append(contentsOf: "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":".utf8)
            JSONString.append(event.message.description.utf8, to: &line)
            for (key, value) in pairs {
                line.append(UInt8(ascii: ","))
                JSONString.append(key.utf8, to: &line)
                line.append(UInt8(ascii: ":"))
                let text = value.description
                // Counts are numbers to whoever reads the log.
                if let number = Int(text), String(number) == text {
                    line.append(contentsOf: text.utf8)
                } else {
                    JSONString.append(text.utf8, to: &line)
                }
            }
            line.append(UInt8(ascii: "}"))
            LogWriter.shared.write(String(decoding: line, as: UTF8.self))
        }
    }

    /// Plain words stay, all else becomes a quoted string on one line.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }
        if isPlain { return text }
        var token: [UInt8] = []
        JSONString.append(text.utf8, to: &token)
        return String(decoding: token, as: UTF8.self)
    }

    /// RFC 3339 with milliseconds, in UTC.
    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func padded(_ number: some BinaryInteger, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(clock).\(padded(now.tv_nsec / 1_000_000, 3))Z"
    }
}
