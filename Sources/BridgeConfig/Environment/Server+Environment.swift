// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Server {
    /// What every child gets from the daemon where the daemon has it (R42).
    package static let basicVariables = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "TZ", "TMPDIR"]

    /// The largest string that Linux lets into an environment (MAX_ARG_STRLEN), less some room for the name.
    private static let longestSecret = 120 << 10

    /// Makes the environment of a child: the basic variables, then `inherit_env`, then `env`, the later before the earlier.
    ///
    /// Variables of `inherit_env` that the daemon lacks are left out; a missing file or variable of `env` is an error.
    ///
    /// - Parameters:
    ///   - reading: gives the contents of a file, at most so many bytes; ``FileContents/read(path:atMost:)`` in production.
    ///   - environment: a variable of the daemon's own environment.
    /// - Throws: every problem at once; they name server, variable and path, never a value.
    package func resolveEnvironment(
        reading: (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: (_ name: String) -> String?
    ) throws(ConfigurationError) -> ResolvedEnvironment {
        var names: [String] = []
        var values: [String: String] = [:]
        func set(_ name: String, _ value: String) {
            if values.updateValue(value, forKey: name) == nil { names.append(name) }
        }
        for name in Self.basicVariables + inheritEnv {
            if let value = environment(name) { set(name, value) }
        }
        var secrets: [String] = []
        var problems: [ConfigurationError.Problem] = []
        for entry in env {
            do throws(BadValue) {
                let value = try Self.resolve(entry.value, reading: reading, environment: environment)
                set(entry.name, value)
                if entry.value.isSecret { secrets += Self.redactable(value) }
            } catch {
                let message = "server `\(name)`: env `\(entry.name)`: \(error.message)"
                problems.append(.init(place: entry.place, message: message))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return ResolvedEnvironment(variables: names.map { ($0, values[$0] ?? "") }, secrets: secrets)
    }

    /// The value, and of one with several lines each line that is long enough to be no common word.
    private static func redactable(_ value: String) -> [String] {
        let lines = value.split(whereSeparator: \.isNewline).map(String.init)
        let longLines = lines.count > 1 ? lines.filter { $0.utf8.count >= 8 } : []
        return value.isEmpty ? [] : [value] + longLines
    }

    private static func resolve(
        _ value: EnvironmentValue,
        reading: (String, Int) throws(FileError) -> [UInt8],
        environment: (String) -> String?
    ) throws(BadValue) -> String {
        switch value {
        case .text(let text):
            return text
        case .environment(let name):
            guard let text = environment(name) else {
                throw BadValue("the daemon's environment has no variable `\(name)`: set it or take the line out")
            }
            return text
        case .file(let path):
            return try secret(at: path, reading: reading)
        }
    }

    private static func secret(
        at path: String,
        reading: (String, Int) throws(FileError) -> [UInt8]
    ) throws(BadValue) -> String {
        var bytes: [UInt8]
        do throws(FileError) {
            bytes = try reading(path, longestSecret)
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

extension EnvironmentValue {
    /// Whether the value is kept outside the configuration because it is a secret.
    fileprivate var isSecret: Bool {
        switch self {
        case .text: false
        case .file, .environment: true
        }
    }
}
