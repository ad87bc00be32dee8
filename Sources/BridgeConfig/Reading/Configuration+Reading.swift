// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// Reads and checks the text of a configuration file.
    ///
    /// - Parameters:
    ///   - file: how the file is called in messages.
    ///   - sockets: those that the service manager passed; nil where the configuration is not to be served.
    /// - Throws: every problem of the file at once; where the text is no TOML, the first place where it goes wrong.
    package static func parse(
        _ bytes: [UInt8],
        file: String,
        sockets: [PassedSocket]? = nil
    ) throws(ConfigurationError) -> Configuration {
        var diagnostics = Diagnostics(file: file)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("the file is not valid UTF-8: save it as UTF-8", at: firstInvalidLine(bytes, file))
        }
        let entries: [TOMLEntry]
        do throws(TOMLSyntaxError) {
            entries = try TOMLDocument.parse(text)
        } catch {
            throw ConfigurationError("not valid TOML: \(error.message)", at: diagnostics.place(error.position))
        }
        var configuration = Configuration()
        schema.read(entries, name: "", into: &configuration, &diagnostics)
        configuration.take(sockets, entries, &diagnostics)
        configuration.reportExposure(entries, &diagnostics)
        configuration.reportAuth(entries, &diagnostics)
        configuration.reportTemplates(entries, &diagnostics)
        reportAbsence(of: entries["servers"], &diagnostics)
        try diagnostics.throwProblems()
        return configuration
    }

    private static func reportAbsence(of servers: TOMLEntry?, _ diagnostics: inout Diagnostics) {
        switch servers?.node.value {
        case nil: break
        case .table(let entries)? where entries.isEmpty: break
        // Some server, or no table at all, which has been reported as such.
        default: return
        }
        diagnostics.report(
            "no server is configured: add [servers.NAME] and below it, for example, "
                + "command = [\"uvx\", \"mcp-server-time\"]",
            at: servers?.keyPosition ?? TOMLPosition(line: 1, column: 1)
        )
    }

    private static func firstInvalidLine(_ bytes: [UInt8], _ file: String) -> Place {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return Place(file: file, line: index.map { $0 + 1 })
    }
}
