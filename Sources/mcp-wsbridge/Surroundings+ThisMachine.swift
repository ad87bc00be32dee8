// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Bridge
internal import BridgeConfig
internal import Glibc

extension CheckReport.Surroundings {
    /// What the machine has on which the servers would be started.
    ///
    /// - Parameter auditProblem: what is wrong with the file of `[audit]`.
    static func thisMachine(
        _ listeners: [ServedListener],
        _ servers: [ServedServer],
        auditProblem: FileError? = nil
    ) -> Self {
        var surroundings = Self(
            findsProgram: { server in
                servers.first { $0.configuration.name == server.name }?.findsProgram ?? true
            },
            hasDirectory: { path in
                var status = stat()
                return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            },
            fileProblem: FileContents.problem
        )
        surroundings.hasPath = { access($0, F_OK) == 0 }
        surroundings.sandbox = { server in servers.first { $0.configuration.name == server.name }?.sandbox }
        for listener in listeners {
            guard let path = listener.configuration.tls?.certificate else { continue }
            surroundings.certificates[path] = listener.tls?.period
        }
        surroundings.auditProblem = auditProblem
        surroundings.now = Int64(time(nil))
        return surroundings
    }
}
