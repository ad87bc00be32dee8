// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Bridge
internal import BridgeConfig
internal import Glibc

extension CheckReport.Surroundings {
    /// What the machine has on which the servers would be started.
    static func thisMachine(_ listeners: [ServedListener], _ servers: [ServedServer]) -> Self {
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
        for listener in listeners {
            guard let path = listener.configuration.tls?.certificate else { continue }
            surroundings.certificates[path] = listener.tls?.period
        }
        surroundings.now = Int64(time(nil))
        return surroundings
    }
}
