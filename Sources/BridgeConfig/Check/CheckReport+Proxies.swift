// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension CheckReport {
    /// Who is believed about where clients are, and in which words; nothing where nobody is.
    static func summary(ofProxies listen: Listen) -> [String] {
        guard !listen.trustedProxies.isEmpty else { return [] }
        let names = listen.trustedProxies.map { "\($0)" }.joined(separator: " and ")
        return [
            "\(names) by \(listen.proxyProtocol ? "the PROXY protocol and " : "")\(listen.forwardedHeader.rawValue)"
        ]
    }

    static func proxyWarnings(_ configuration: Configuration, _ file: String) -> [ConfigurationError.Problem] {
        configuration.listeners.flatMap { proxyWarnings($0, configuration) }
            .map { .init(place: Place(file: file), message: $0) }
    }

    private static func proxyWarnings(_ listen: Listen, _ configuration: Configuration) -> [String] {
        var messages: [String] = []
        for case .network(let network) in listen.trustedProxies where network.prefix == 0 {
            messages.append(
                "`trusted_proxies` has \(quoted("\(network)")): whoever can connect can pretend to be anywhere"
            )
        }
        if configuration.auth?.unix.isUsed == true, listen.trustedProxies.contains(.unix) {
            messages.append(
                "who comes through a proxy on \(listen.address) may be let in as that proxy's user by [auth.unix], without "
                    + "a credential: the kernel sees the proxy alone"
            )
        }
        return messages
    }
}
