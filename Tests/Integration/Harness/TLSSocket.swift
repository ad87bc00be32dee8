// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// What `Tests/certificates` makes, once for all tests of a run.
enum Certificates {
    private static let folder = NSTemporaryDirectory() + "wsbridge-certificates-\(getpid())"

    private static let failure: String? = {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            atexit { try? FileManager.default.removeItem(atPath: Certificates.folder) }
            let source = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
            let script = try RunningProgram(["\(source)/certificates", folder])
            return try script.wait() == 0 ? nil : script.errors.lines.joined(separator: "; ")
        } catch {
            return "\(error)"
        }
    }()

    static func path(_ file: String) throws -> String {
        if let failure { throw Surprise("Tests/certificates to fail: \(failure)") }
        return "\(folder)/\(file)"
    }

    static func contents(_ file: String) throws -> String {
        try String(contentsOfFile: path(file), encoding: .utf8)
    }
}

/// The TLS alert, or whatever else OpenSSL has to say, with which a connection failed.
struct TLSFailure: Error, CustomStringConvertible {
    let description: String

    init() {
        var reasons: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            reasons.append(ERR_reason_error_string(code).map { String(cString: $0) } ?? "\(code)")
        }
        description = reasons.isEmpty ? "the connection ended" : reasons.joined(separator: ", ")
    }
}

/// A client's TLS, by OpenSSL: another implementation than the bridge's.
final class TLSSocket: RawSocket {
    /// How a client shakes hands.
    struct Options {
        /// `client` stands for `client.pem` and `client.key`; nil for no certificate.
        var certificate: String?
        var least = TLS1_2_VERSION
        var most = TLS1_3_VERSION
        var ciphers: String?
        /// Offered by ALPN.
        var protocols: [String] = []
        /// To be resumed.
        var session: Session?
        /// What is sent in clear text before the handshake, each piece by itself.
        var preamble: [[UInt8]] = []
    }

    /// What it takes to resume a session.
    final class Session {
        fileprivate let pointer: OpaquePointer

        fileprivate init(_ pointer: OpaquePointer) { self.pointer = pointer }

        deinit { SSL_SESSION_free(pointer) }
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    /// Whether the last end of the stream was one that TLS announced.
    private(set) var wasNotified = false

    /// Connects to 127.0.0.1 and shakes hands, verifying the bridge as `localhost` of `authority.pem`.
    ///
    /// With TLS 1.3 the bridge's word on a client's certificate comes afterwards, with the first read.
    init(port: UInt16, _ options: Options = Options(), receiveBuffer: CInt? = nil) throws {
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = SSL_new(try Self.prepare(context, options))
        else {
            throw TLSFailure()
        }
        self.context = context
        self.ssl = ssl
        try super.init(port: port, receiveBuffer: receiveBuffer)
        copenssl_set_server_name(ssl, "localhost")
        SSL_set1_host(ssl, "localhost")
        copenssl_allow_moving_writes(ssl)
        if !options.protocols.isEmpty {
            let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            SSL_set_alpn_protos(ssl, list, CUnsignedInt(list.count))
        }
        if let session = options.session { SSL_set_session(ssl, session.pointer) }
        SSL_set_fd(ssl, descriptor)
        let deadline = Deadline()
        for piece in options.preamble { _ = try super.sendSome(piece, within: Deadline.patience) }
        while true {
            ERR_clear_error()
            let result = SSL_connect(ssl)
            if result == 1 { return }
            try waitAsTold(result, deadline, "a TLS handshake")
        }
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private static func prepare(_ context: OpaquePointer, _ options: Options) throws -> OpaquePointer {
        copenssl_set_versions(context, options.least, options.most)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard SSL_CTX_load_verify_locations(context, try Certificates.path("authority.pem"), nil) == 1 else {
            throw TLSFailure()
        }
        if let ciphers = options.ciphers, SSL_CTX_set_cipher_list(context, ciphers) != 1 { throw TLSFailure() }
        if let name = options.certificate {
            guard SSL_CTX_use_certificate_chain_file(context, try Certificates.path("\(name).pem")) == 1,
                SSL_CTX_use_PrivateKey_file(context, try Certificates.path("\(name).key"), SSL_FILETYPE_PEM) == 1
            else { throw TLSFailure() }
        }
        return context
    }

    /// Waits for what TLS wants; throws what ended it.
    private func waitAsTold(_ result: CInt, _ deadline: Deadline, _ what: String) throws {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: try wait(for: CInt(POLLIN), deadline, what)
        case SSL_ERROR_WANT_WRITE: try wait(for: CInt(POLLOUT), deadline, what)
        default: throw TLSFailure()
        }
    }

    override func sendSome(_ bytes: [UInt8], within seconds: Double) throws -> Int {
        var sent = 0
        let deadline = Deadline(seconds: seconds)
        while sent < bytes.count {
            ERR_clear_error()
            let count = bytes.withUnsafeBytes { SSL_write(ssl, $0.baseAddress! + sent, CInt($0.count - sent)) }
            if count > 0 { sent += Int(count) } else { try waitAsTold(count, deadline, "room to send") }
        }
        return sent
    }

    override func fill(_ deadline: Deadline, _ what: String) throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, &chunk, CInt(chunk.count))
            if count > 0 {
                append(chunk[..<Int(count)])
                return true
            }
            switch SSL_get_error(ssl, count) {
            case SSL_ERROR_ZERO_RETURN:
                wasNotified = true
                return false
            // An end without TLS's own: OpenSSL calls it an error.
            case SSL_ERROR_SYSCALL: return false
            case SSL_ERROR_SSL where ERR_peek_error() & 0x7F_FFFF == UInt(SSL_R_UNEXPECTED_EOF_WHILE_READING):
                return false
            default: try waitAsTold(count, deadline, what)
            }
        }
    }

    /// Says in TLS that nothing more will be sent, and keeps the TCP connection as it is.
    func notifyClose() { SSL_shutdown(ssl) }

    /// `TLSv1.3`, say.
    var version: String { String(cString: SSL_get_version(ssl)) }

    var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }

    /// The common name of the bridge's certificate: which of those of `Tests/certificates` it is.
    var serverName: String {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return "" }
        defer { X509_free(certificate) }
        var name = [CChar](repeating: 0, count: 64)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &name, CInt(name.count))
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The protocol that ALPN settled; nil for none.
    var applicationProtocol: String? {
        var start: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(ssl, &start, &count)
        return start.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// To be asked for after the first answer: TLS 1.3 sends it after the handshake.
    var session: Session? { SSL_get1_session(ssl).map(Session.init) }
}
