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
    /// Variables of `inherit_env` that the daemon lacks are left out, and those whose value is a template, which each client
    /// brings; a missing file or variable of `env` is an error.
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
        func remove(_ name: String) {
            if values.removeValue(forKey: name) != nil { names.removeAll { $0 == name } }
        }
        for name in Self.basicVariables + inheritEnv {
            if let value = environment(name) { set(name, value) }
        }
        var secrets: [String] = []
        var problems: [ConfigurationError.Problem] = []
        for entry in env {
            if case .template = entry.value {
                remove(entry.name)
                continue
            }
            do throws(BadValue) {
                let value = try entry.value.resolve(
                    atMost: Self.longestSecret,
                    reading: reading,
                    environment: environment
                )
                set(entry.name, value)
                if entry.value.isSecret { secrets += redactable(value) }
            } catch {
                let message = "server `\(name)`: env `\(entry.name)`: \(error.message)"
                problems.append(.init(place: entry.place, message: message))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return ResolvedEnvironment(variables: names.map { ($0, values[$0] ?? "") }, secrets: secrets)
    }
}
