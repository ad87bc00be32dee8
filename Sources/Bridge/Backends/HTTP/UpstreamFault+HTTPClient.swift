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

    /// The same without the server: also for what is no MCP server.
    static func words(_ error: any Error) -> String {
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
        default: return Self.wordsOnTLS(error).map { "TLS failed: \($0)" } ?? "the connection failed"
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

    // MARK: TLS (R55)

    /// What a failure of TLS means, in words of the bridge's own: those of the libraries name types, certificates and
    /// source files. Nil for what is no failure of TLS.
    private static func wordsOnTLS(_ error: any Error) -> String? {
        switch error {
        case NIOSSLError.handshakeFailed(let error), NIOSSLError.shutdownFailed(let error):
            return Self.wordsOnTLS(error)
        case BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack):
            return stack.first.map { Self.wordsOnTLS($0) } ?? "no reason was given"
        case NIOSSLError.uncleanShutdown, BoringSSLError.syscallError, BoringSSLError.zeroReturn:
            return "the server closed the connection"
        case NIOSSLError.noCertificateToValidate, NIOSSLError.unableToValidateCertificate:
            return "its certificate cannot be verified"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "its certificate is for another name"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: return "no reason was given"
        default: return nil
        }
    }

    private static func wordsOnTLS(_ error: BoringSSLInternalError) -> String {
        if error == .eofDuringHandshake || error == .eofDuringAdditionalCertficiateChainValidation {
            return "the server closed the connection"
        }
        guard let reason = error.reason else { return "no reason was given" }
        switch reason {
        case "CERTIFICATE_VERIFY_FAILED":
            return "its certificate is not trusted: it has expired, or comes from an authority that is not known here"
        case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST": return "it does not speak TLS"
        case "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION": return "no version of TLS is common to both sides"
        case "TLSV1_ALERT_CERTIFICATE_REQUIRED": return "it wants a client certificate"
        // Up to TLS 1.2 there is no better word for a certificate that is missing.
        case "SSLV3_ALERT_HANDSHAKE_FAILURE": return "it refuses the handshake; it may want a client certificate"
        case "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_REVOKED",
            "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "TLSV1_ALERT_UNKNOWN_CA",
            "TLSV1_ALERT_ACCESS_DENIED":
            return "it refuses the client certificate"
        default: return BoringSSLInternalError.words(for: reason)
        }
    }
}
