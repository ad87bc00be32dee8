// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import BridgeCore
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

extension UpstreamFault {
    /// What an error of the HTTP client means, in words that name neither host nor header.
    ///
    /// - Parameter isConnected: the request was on its way, so that the server may have processed it.
    init(_ error: any Error, isConnected: Bool) {
        let words = Self.words(error)
        self = isConnected ? .broken(words) : .unreachable(words)
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return Self.words(first.error) }
            return error.dnsAError == nil && error.dnsAAAAError == nil
                ? "no connection" : "its host name cannot be resolved"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        case let error as HTTPClientError: return Self.words(error)
        case let error as ChannelError:
            if case .connectTimeout = error { return "connecting took too long" }
            return "the connection was closed"
        case is HTTPParserError: return "its answer is not HTTP"
        case is NIOSSLError, is BoringSSLError: return "TLS failed: \(error)"
        default: return "the connection failed"
        }
    }

    private static func words(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "connecting took too long"
        case .remoteConnectionClosed: "the server closed the connection"
        case .tlsHandshakeTimeout: "the TLS handshake took too long"
        case .readTimeout, .deadlineExceeded: "it took too long"
        case .getConnectionFromPoolTimeout: "no connection was free"
        default: "the HTTP client gave up: \(error.shortDescription)"
        }
    }
}
