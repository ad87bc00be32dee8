// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import BridgeCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Asks a bridge for one of its two health paths.
package struct HealthQuestion: Sendable {
    private static let patience = TimeAmount.seconds(5)
    private static let longestAnswer = 1 << 20

    /// As the client of HTTP takes it.
    private let url: String
    /// As it was given.
    private let text: String
    private let takesAnyCertificate: Bool

    /// - Parameter text: `http://`, `https://` or `unix:/path`; without a path of HTTP that is `/readyz`.
    package init(_ text: String, takesAnyCertificate: Bool) throws(OperatorConsole.Fault) {
        self.text = text
        self.takesAnyCertificate = takesAnyCertificate
        if text.hasPrefix("unix:/") {
            self.url = UnixURL.text(socket: String(text.dropFirst("unix:".count)), path: "/readyz")
            return
        }
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            throw OperatorConsole.Fault(description: "`\(text)` is none of http://…, https://… and unix:/path")
        }
        let rest = text.dropFirst(scheme.count)
        guard Authority(String(rest.prefix { $0 != "/" })) != nil else {
            throw OperatorConsole.Fault(
                description: "`\(text)` names no host: write, for example, http://127.0.0.1:8765/readyz"
            )
        }
        self.url = rest.contains("/") ? text : text + "/readyz"
    }

    /// - Throws: what is wrong.
    package func ask() async throws(OperatorConsole.Fault) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        if self.takesAnyCertificate {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateVerification = .none
            configuration.tlsConfiguration = tls
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let problem: String?
        do {
            problem = try await self.ask(client)
        } catch {
            problem = "no bridge answers at \(self.text): \(UpstreamFault.words(error))"
        }
        try? await client.shutdown()
        if let problem { throw OperatorConsole.Fault(description: problem) }
    }

    private func ask(_ client: HTTPClient) async throws -> String? {
        var request = HTTPClientRequest(url: self.url)
        if self.url.hasPrefix("http+unix:") { request.headers.add(name: "host", value: "localhost") }
        let response = try await client.execute(request, timeout: Self.patience)
        guard response.status != .ok else { return nil }
        let body = Array(try await response.body.collect(upTo: Self.longestAnswer).readableBytesView)
        let status = "\(self.text) answered with status \(response.status.code)"
        let reasons = OperatorConsole.reasons(in: body)
        return reasons.isEmpty ? status : "\(status): \(reasons.joined(separator: ", "))"
    }
}
