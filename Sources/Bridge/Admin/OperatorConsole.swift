// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
package import BridgeConfig
package import BridgeCore
internal import NIOCore
internal import NIOHTTP1

/// Who asks at the admin address of a bridge that runs: the commands of operators.
package struct OperatorConsole: Sendable {
    /// Why a bridge does not answer, or not as it was asked to.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    private static let patience = TimeAmount.seconds(10)
    private static let longestBody = 64 << 20

    private let address: ListenAddress
    private let token: String?

    /// - Parameter token: one of `[[admin.tokens]]`; a Unix socket takes none.
    package init(_ address: ListenAddress, token: String? = nil) {
        self.address = address
        self.token = token
    }

    /// The connections that there are.
    package func connections() async throws(Fault) -> [ListedConnection] {
        let body = try await self.ask("GET", "/connections").body
        guard let connections = ListedConnection.all(in: body) else {
            throw Fault(description: "what answers at \(self.address) is no mcp-wsbridge")
        }
        return connections
    }

    /// The list of connections as it comes: JSON.
    package func connectionList() async throws(Fault) -> String {
        String(decoding: try await self.ask("GET", "/connections").body, as: UTF8.self)
    }

    /// Why nobody should be sent to the bridge; empty where all is well.
    package func reasonsAgainstReadiness() async throws(Fault) -> [String] {
        Self.reasons(in: try await self.ask("GET", "/readyz", accepting: 503).body)
    }

    /// What the answer to `/readyz` names; nothing for any other body.
    static func reasons(in body: [UInt8]) -> [String] {
        body.withUnsafeBytes { bytes in
            guard (try? EnvelopeScanner.scan(bytes)) != nil, let array = ObjectMembers.text(of: "reasons", in: bytes),
                array.first == UInt8(ascii: "[")
            else { return [] }
            return ArrayElements(array).compactMap { ObjectMembers.string(UnsafeRawBufferPointer(rebasing: array[$0])) }
        }
    }

    /// Gives an order: `/drain`, `/reload`, `/connections/ID/close`.
    package func order(_ path: String) async throws(Fault) {
        _ = try await self.ask("POST", path)
    }

    /// Passes on the messages of a connection, a line of JSON for each, until it ends.
    ///
    /// - Parameter body: called with what comes, as it comes; returns whether it wants more.
    package func tap(_ connection: String, _ body: ([UInt8]) -> Bool) async throws(Fault) {
        do {
            let request = self.request("GET", "/connections/\(connection)/tap")
            let response = try await HTTPClient.shared.execute(request, timeout: .hours(24 * 365))
            guard response.status == .ok else {
                let text = Array(try await response.body.collect(upTo: Self.longestBody).readableBytesView)
                throw Fault(description: Self.message(of: text) ?? "the bridge answered with \(response.status)")
            }
            for try await piece in response.body where !body(Array(piece.readableBytesView)) { return }
        } catch let fault as Fault {
            throw fault
        } catch {
            throw self.unanswered(error)
        }
    }

    private func request(_ method: String, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: self.url(path))
        request.method = .RAW(value: method)
        request.headers.add(name: "host", value: self.host)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private func unanswered(_ error: any Error) -> Fault {
        let reason = UpstreamFault.words(error)
        return Fault(description: "no bridge answers at \(self.address): \(reason); is [admin] in its configuration?")
    }

    private func ask(
        _ method: String,
        _ path: String,
        accepting other: Int = 200
    ) async throws(Fault) -> (status: Int, body: [UInt8]) {
        let status: Int
        let body: [UInt8]
        do {
            let response = try await HTTPClient.shared.execute(self.request(method, path), timeout: Self.patience)
            status = Int(response.status.code)
            body = Array(try await response.body.collect(upTo: Self.longestBody).readableBytesView)
        } catch {
            throw self.unanswered(error)
        }
        guard (200..<300).contains(status) || status == other else {
            throw Fault(
                description: Self.message(of: body) ?? "the bridge at \(self.address) answered with status \(status)"
            )
        }
        return (status, body)
    }

    /// What the body of a refusal says.
    private static func message(of body: [UInt8]) -> String? {
        body.withUnsafeBytes { bytes in
            guard (try? EnvelopeScanner.scan(bytes)) != nil else { return nil }
            return ObjectMembers.string(of: "error", in: bytes)
        }
    }

    private var host: String {
        if case .tcp = self.address { "\(self.address)" } else { "localhost" }
    }

    private func url(_ path: String) -> String {
        guard case .unix(let socket) = self.address else { return "http://\(self.address)\(path)" }
        return UnixURL.text(socket: socket, path: path)
    }
}
