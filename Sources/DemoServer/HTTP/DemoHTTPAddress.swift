// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// Where the demo server listens over HTTP: on this machine only, since it asks nobody who they are.
package struct DemoHTTPAddress: Equatable, Sendable {
    /// In lower case; an IPv6 address in brackets.
    let host: String
    /// 0 lets the kernel pick one.
    let port: Int

    /// Why a text is no such address.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Reads `127.0.0.1:PORT`, `localhost:PORT` or `[::1]:PORT`.
    package init(parsing text: String) throws(Problem) {
        guard let authority = Authority(text), let port = authority.port else {
            throw Problem(description: "it takes HOST:PORT, such as 127.0.0.1:9000")
        }
        guard authority.isLoopback else {
            throw Problem(
                description: "this address can be reached from other machines, and the demo server asks nobody for "
                    + "credentials; use 127.0.0.1:\(port), localhost:\(port) or [::1]:\(port)"
            )
        }
        self.host = authority.host
        self.port = Int(port)
    }

    /// The host as the resolver takes it.
    var bare: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }
}
