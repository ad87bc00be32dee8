// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension EnvironmentValue {
    /// Whether the value is kept outside the configuration because it is a secret, or may be one that a client brings.
    var isSecret: Bool {
        switch self {
        case .text: false
        case .template(let template): template.sources.contains(where: \.isSecret)
        case .file, .environment, .credential: true
        }
    }

    /// The value itself; the description of a template, which has none before a client comes.
    ///
    /// - Parameters:
    ///   - limit: a file with more bytes is refused.
    ///   - reading: gives the contents of a file, at most so many bytes.
    ///   - environment: a variable of the daemon's own environment.
    /// - Throws: a sentence that names path or variable, never a value.
    func resolve(
        atMost limit: Int,
        reading: (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: (_ name: String) -> String?
    ) throws(BadValue) -> String {
        switch self {
        case .text(let text):
            return text
        case .template(let template):
            return template.description
        case .environment(let name):
            guard let text = environment(name) else {
                throw BadValue("the daemon's environment has no variable `\(name)`: set it or take the line out")
            }
            return text
        case .credential(let name):
            guard let folder = environment("CREDENTIALS_DIRECTORY") else {
                throw BadValue(
                    "there is no credential `\(name)`: the service manager gives them to a service, with LoadCredential= in its "
                        + "unit; where there is none, use `file`"
                )
            }
            return try Self.secret(at: "\(folder)/\(name)", atMost: limit, reading: reading)
        case .file(let path):
            return try Self.secret(at: path, atMost: limit, reading: reading)
        }
    }

    private static func secret(
        at path: String,
        atMost limit: Int,
        reading: (String, Int) throws(FileError) -> [UInt8]
    ) throws(BadValue) -> String {
        var bytes: [UInt8]
        do throws(FileError) {
            bytes = try reading(path, limit)
        } catch {
            throw BadValue("the file \(path) cannot be read: \(error.reason)")
        }
        if bytes.last == UInt8(ascii: "\n") {
            bytes.removeLast()
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw BadValue("the file \(path) holds NUL or is not valid UTF-8")
        }
        return text
    }
}

/// What to redact of a secret: the value, and of one with several lines each that is long enough to be no common word.
func redactable(_ value: String) -> [String] {
    let lines = value.split(whereSeparator: \.isNewline).map(String.init)
    let longLines = lines.count > 1 ? lines.filter { $0.utf8.count >= 8 } : []
    return value.isEmpty ? [] : [value] + longLines
}
