// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// An HTTP answer in place of the upgrade (R3). Its body is one line of JSON that says what is wrong.
package struct HandshakeRejection: Error, Sendable {
    /// What was wrong, as it stands in the body's `error`.
    package enum Code: String, Sendable, CaseIterable {
        case malformedRequest = "malformed_request"
        case upgradeRequired = "upgrade_required"
        case unsupportedVersion = "unsupported_websocket_version"
        case hostNotAllowed = "host_not_allowed"
        case originNotAllowed = "origin_not_allowed"
        /// What should be a credential is none, or there are two different ones.
        case malformedCredential = "malformed_credential"
        case credentialRequired = "credential_required"
        case credentialInvalid = "credential_invalid"
        case noSuchPath = "no_such_path"
        /// Who asks is known, and may not use this server.
        case serverNotAllowed = "server_not_allowed"
        /// Handshakes come too fast from the client's address.
        case rateLimited = "rate_limited"
        /// The client holds as many connections or children as one may.
        case quotaExceeded = "quota_exceeded"
        /// A limit on connections, children or their rate is reached.
        case atCapacity = "at_capacity"
        case draining = "draining"
        /// The server behind the path could not be started or reached (R39).
        case backendUnavailable = "backend_unavailable"
        /// What it takes to verify a credential cannot be had.
        case authenticationUnavailable = "authentication_unavailable"

        /// The status of the answer.
        package var status: Int {
            switch self {
            case .malformedRequest, .malformedCredential: 400
            case .credentialRequired, .credentialInvalid: 401
            case .originNotAllowed, .serverNotAllowed: 403
            case .noSuchPath: 404
            case .hostNotAllowed: 421
            case .upgradeRequired, .unsupportedVersion: 426
            case .rateLimited, .quotaExceeded: 429
            case .atCapacity, .draining, .backendUnavailable, .authenticationUnavailable: 503
            }
        }

        /// It answers an attempt to find out a credential or a path. Malformed requests and those from elsewhere are none:
        /// nothing of the kind was looked at.
        package var answersGuess: Bool {
            switch self {
            case .malformedCredential, .credentialRequired, .credentialInvalid, .noSuchPath, .serverNotAllowed: true
            case .malformedRequest, .upgradeRequired, .unsupportedVersion, .hostNotAllowed, .originNotAllowed,
                .rateLimited, .quotaExceeded, .atCapacity, .draining, .backendUnavailable, .authenticationUnavailable:
                false
            }
        }
    }

    package let code: Code
    /// For humans. May quote the Host and Origin header; never path, query, key or subprotocols, which may hold secrets.
    package let message: String
    /// The headers that the answer needs, the content type included; length and the end of the connection are added by
    /// who sends it. A `Connection: Upgrade` among them is to be kept beside `Connection: close`.
    package let headers: [(name: String, value: String)]
    /// What is wrong with the credential, for the log; nil where that is not the matter.
    package private(set) var fault: CredentialFault?
    /// Who was refused, for the log, where that is known.
    package private(set) var principal: Principal?

    package var status: Int { code.status }

    private init(_ code: Code, _ message: String, _ headers: [(name: String, value: String)] = []) {
        self.code = code
        self.message = message
        self.headers = [("Content-Type", "application/json")] + headers
    }

    /// 503, with the time in seconds after which to try again (RFC 9110 §10.2.3).
    package static func unavailable(_ code: Code, _ message: String, retryAfter seconds: Int) -> Self {
        Self(code, message, [("Retry-After", String(max(0, seconds)))])
    }

    /// 429 (RFC 6585 section 4): the address has made too many handshakes.
    package static func tooFast(retryAfter seconds: Int) -> Self {
        Self(.rateLimited, "Too many handshakes come from this address.", [("Retry-After", String(max(0, seconds)))])
    }

    /// 429, not 503: what is exhausted is the client's own share, so that no load balancer takes the bridge for full.
    ///
    /// - Parameter principal: whose share it is.
    package static func quotaExceeded(_ message: String, by principal: Principal, retryAfter seconds: Int) -> Self {
        var rejection = Self(.quotaExceeded, message, [("Retry-After", String(max(0, seconds)))])
        if principal.kind != .anonymous { rejection.principal = principal }
        return rejection
    }

    /// The body: one line of JSON with its newline.
    package var body: String {
        "{\"error\":\"\(code.rawValue)\",\"message\":\"\(Self.escaped(message))\"}\n"
    }

    package static func malformed(_ message: String) -> Self {
        Self(.malformedRequest, message)
    }

    /// 426 for who does not speak WebSocket: most likely a client of Streamable HTTP that was pointed here.
    static func upgradeRequired(_ hint: String? = nil) -> Self {
        let message =
            "An MCP server lives here behind WebSocket, not behind Streamable HTTP or SSE. Connect a WebSocket client "
            + "to this address with the scheme ws:// (wss:// behind TLS) and the subprotocol \"mcp\"; each text message "
            + "is one JSON-RPC message." + (hint.map { " " + $0 } ?? "")
        return Self(.upgradeRequired, message, [("Upgrade", "websocket"), ("Connection", "Upgrade")])
    }

    static func unsupportedVersion() -> Self {
        Self(
            .unsupportedVersion,
            "Sec-WebSocket-Version must be 13.",
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
        )
    }

    static func hostNotAllowed(_ message: String) -> Self { Self(.hostNotAllowed, message) }
    static func originNotAllowed(_ message: String) -> Self { Self(.originNotAllowed, message) }
    static func noSuchPath(for principal: Principal? = nil) -> Self {
        var rejection = Self(.noSuchPath, "No server has this path.")
        rejection.principal = principal
        return rejection
    }

    static func malformedCredential(_ message: String) -> Self { Self(.malformedCredential, message) }

    /// 401, with what it asks for (RFC 9110 §11.6.1).
    ///
    /// - Parameter fault: what is wrong with the credential; nil where there is none.
    static func unauthorized(_ fault: CredentialFault?, challenge: String) -> Self {
        let advice =
            "A credential is needed here: send \"Authorization: Bearer TOKEN\"; where that cannot be set, as in browsers, "
            + "offer the subprotocol \"\(Credential.subprotocolPrefix)TOKEN\" beside \"mcp\"."
        var rejection = Self(
            fault == nil ? .credentialRequired : .credentialInvalid,
            fault?.message ?? advice,
            [("WWW-Authenticate", challenge)]
        )
        rejection.fault = fault
        return rejection
    }

    static func serverNotAllowed(to principal: Principal) -> Self {
        var rejection = Self(.serverNotAllowed, "The credential is valid, but not for this server.")
        rejection.principal = principal
        return rejection
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
                let hex = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
