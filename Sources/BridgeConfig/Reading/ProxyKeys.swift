// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension ValueForm where Value == [TrustedProxy] {
    /// `trusted_proxies`.
    static var trustedProxies: Self {
        let expected = "an array of networks such as [\"10.0.0.0/8\", \"fd00::/8\"], or \"unix\""
        return list(
            expected,
            of: .text(
                expected,
                write: { quoted("\($0)") },
                parse: { text throws(BadValue) in
                    if text == "unix" { return .unix }
                    do throws(IPNetwork.Fault) {
                        return .network(try IPNetwork(text))
                    } catch {
                        throw BadValue(error, text)
                    }
                }
            )
        )
    }
}

extension BadValue {
    fileprivate init(_ fault: IPNetwork.Fault, _ text: String) {
        switch fault {
        case .form:
            self.init(
                "takes networks such as \"10.0.0.0/8\" and \"fd00::/8\", addresses such as \"192.0.2.1\", and \"unix\" for "
                    + "whoever connects through a Unix socket, not \(quoted(text)); names can be taken over and are not taken"
            )
        case .prefix(let longest):
            self.init("takes a number between 0 and \(longest) behind the slash, not \(quoted(text))")
        case .hostBits(let network):
            self.init(
                "has \(quoted(text)), an address with the length of a network: write \(quoted("\(network)")) for the network, "
                    + "or leave the slash out for the address"
            )
        }
    }
}

extension Key<Listen> {
    /// `trusted_proxies`; read after `address`.
    static let trustedProxies = checked(Key("trusted_proxies", .trustedProxies, \.trustedProxies)) { listen in
        switch listen.address {
        case .tcp where listen.trustedProxies.contains(.unix):
            "`trusted_proxies` has \"unix\", but \(listen.address) is no Unix socket"
        case .unix where !listen.trustedProxies.isEmpty && !listen.trustedProxies.contains(.unix):
            "`trusted_proxies` has no effect without \"unix\": nobody else connects to \(listen.address)"
        default: nil
        }
    }

    /// `proxy_protocol`; read after `trusted_proxies`.
    static let proxyProtocol = checked(Key("proxy_protocol", .boolean, \.proxyProtocol)) { listen in
        guard listen.proxyProtocol, listen.trustedProxies.isEmpty else { return nil }
        return
            "`proxy_protocol` needs `trusted_proxies`: only who is named there may say where a client is, so that nobody "
            + "could connect"
    }

    /// A key that says what is wrong with its value in the light of those before it; not where something is wrong with
    /// `trusted_proxies` already.
    private static func checked(
        _ key: Key<Listen>,
        _ problem: @escaping @Sendable (Listen) -> String?
    ) -> Key<Listen> {
        Key(
            name: key.name,
            read: { entry, table, listen, diagnostics in
                key.read(entry, table, &listen, &diagnostics)
                let isReported = diagnostics.problems.contains { $0.message.hasPrefix("`trusted_proxies`") }
                guard !isReported, let problem = problem(listen) else { return }
                diagnostics.report(problem, at: entry.node.position)
            },
            settings: key.settings
        )
    }
}
