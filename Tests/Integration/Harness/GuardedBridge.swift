// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A bridge that asks for tokens: `/fixture` is a process, `/echo` is inside the bridge, `/open` is open to everybody.
struct GuardedBridge {
    /// Opens every server.
    static let ci = "ci-token-canary-5d1e8f90"
    /// Opens `/echo` alone.
    static let narrow = "narrow-token-canary-77aa01"
    static let wrong = "wrong-token-canary-0badc0de"

    let bridge: BridgeProcess

    /// - Parameters:
    ///   - listen: lines of `[listen]` besides the address; likewise `auth`.
    ///   - server: lines of `[servers.fixture]`.
    init(listen: String = "", auth: String = "", server: String = "", folder: TemporaryFolder? = nil) throws {
        let folder = try folder ?? TemporaryFolder()
        try folder.write(Self.ci + "\n", to: "ci")
        try folder.write(Self.narrow, to: "narrow")
        bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                \(listen)
                [log]
                level = "trace"
                [auth]
                \(auth)
                [[auth.tokens]]
                name = "ci"
                token = { file = "@FOLDER@/ci" }
                [[auth.tokens]]
                name = "narrow"
                token = { file = "@FOLDER@/narrow" }
                servers = ["echo"]
                [servers.fixture]
                command = \(BridgeProcess.command(["pidfile=@FOLDER@/pids"]))
                \(server)
                [servers.echo]
                builtin = "echo"
                [servers.open]
                builtin = "echo"
                auth = "none"
                """,
            folder: folder
        )
    }

    /// A handshake with the token in one of the carriers.
    struct Carrier: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let path: @Sendable (_ path: String, _ token: String) -> String
        let headers: @Sendable (_ token: String) -> [String]

        init(
            _ name: String,
            path: @escaping @Sendable (_ path: String, _ token: String) -> String = { path, _ in path },
            headers: @escaping @Sendable (_ token: String) -> [String] = { _ in [] }
        ) {
            testDescription = name
            self.path = path
            self.headers = headers
        }
    }

    static func basic(_ text: String) -> String {
        "Authorization: Basic " + Data(text.utf8).base64EncodedString()
    }

    /// All that need nobody's leave.
    static let carriers = [
        Carrier("bearer", headers: { ["Authorization: Bearer \($0)"] }),
        Carrier("basic", headers: { [basic("me:\($0)")] }),
        Carrier("subprotocol", headers: { ["Sec-WebSocket-Protocol: mcp, mcp.auth.\($0)"] }),
    ]

    static let query = Carrier("query", path: { "\($0)?a=b&token=\($1)" })

    func handshake(_ path: String, _ carrier: Carrier, _ token: String) throws -> HTTPAnswer {
        try bridge.handshake(carrier.path(path, token), headers: carrier.headers(token))
    }

    func connect(_ path: String, _ carrier: Carrier = carriers[0], _ token: String = ci) throws -> RawWebSocket {
        try RawWebSocket(port: bridge.port, path: carrier.path(path, token), headers: carrier.headers(token))
    }
}
