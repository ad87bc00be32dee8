// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Upstream {
    /// The files that ``resolveHeaders(server:reading:environment:)`` reads, each once: to be looked at for changes.
    package var headerFiles: [String] {
        var paths: [String] = []
        for case .file(let path) in headers.map(\.value) where !paths.contains(path) {
            paths.append(path)
        }
        return paths
    }

    /// Makes the operator's headers, but for templates. Reads every file: for the start, and for when one of ``headerFiles`` changed.
    ///
    /// An empty file is an error: it is one that is just being written.
    ///
    /// - Parameters:
    ///   - server: the name of the server, for messages.
    ///   - reading: gives the contents of a file, at most so many bytes; in production
    ///     ``FileContents/read(path:atMost:)``, which blocks.
    ///   - environment: a variable of the daemon's own environment.
    /// - Throws: every problem at once; they name server, header and path, never a value.
    package func resolveHeaders(
        server: String,
        reading: (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: (_ name: String) -> String?
    ) throws(ConfigurationError) -> ResolvedHeaders {
        var fields: [(name: String, value: String)] = []
        var secrets: [String] = []
        var problems: [ConfigurationError.Problem] = []
        for header in headers {
            if case .template = header.value { continue }
            do throws(BadValue) {
                let value = try header.resolve(reading: reading, environment: environment)
                fields.append((header.name, header.prefix + value))
                if header.value.isSecret {
                    secrets += redactable(value)
                } else if HeaderField.isCredential(header.name) {
                    secrets += credentials(value)
                }
            } catch {
                let message = "server `\(server)`: header `\(header.name)`: \(error.message)"
                problems.append(.init(place: header.place, message: message))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return ResolvedHeaders(fields: fields, secrets: secrets)
    }

    /// A text such as `Bearer abc`, and what follows its scheme: servers repeat the one or the other.
    private func credentials(_ value: String) -> [String] {
        let parts = value.split(separator: " ", maxSplits: 1)
        return redactable(value) + (parts.count == 2 ? [String(parts[1])] : [])
    }
}

extension UpstreamHeader {
    /// Whether the value is kept outside the configuration, or is a credential by its name.
    var isSecret: Bool { value.isSecret || HeaderField.isCredential(name) }

    /// The value without its prefix.
    fileprivate func resolve(
        reading: (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: (_ name: String) -> String?
    ) throws(BadValue) -> String {
        let source: String
        switch value {
        // Judged when it was read.
        case .text(let text): return text
        // Each client brings its own.
        case .template: return ""
        case .file(let path): source = "the file \(path)"
        case .environment(let name): source = "the variable `\(name)`"
        case .credential(let name): source = "the credential `\(name)`"
        }
        let text = try value.resolve(atMost: HeaderField.longestValue, reading: reading, environment: environment)
        guard !text.isEmpty else { throw BadValue("\(source) is empty") }
        do throws(BadValue) {
            try HeaderField.checkValue(text)
        } catch {
            throw BadValue("\(source) \(error.message)")
        }
        return text
    }
}
