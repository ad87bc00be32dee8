// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
internal import Glibc

/// TLS of the generator's connections: OpenSSL's, another implementation than the bridge's.
///
/// Certificates are not verified: only this machine is spoken to, and what is measured is the server.
final class ClientTLS {
    private let context: OpaquePointer

    /// Nil where OpenSSL cannot.
    init?() {
        guard let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        self.context = context
        // As read(2) and write(2) have it: what fits goes, and less system calls than two for each record.
        copenssl_use_like_a_socket(context)
    }

    deinit {
        SSL_CTX_free(self.context)
    }

    /// TLS on a descriptor that is connected or is being connected; to be freed with `SSL_free`.
    func begin(on descriptor: CInt) -> OpaquePointer? {
        guard let session = SSL_new(self.context) else { return nil }
        SSL_set_fd(session, descriptor)
        SSL_set_connect_state(session)
        return session
    }

    /// The result of SSL_read and SSL_write as that of read(2) and write(2); TLS itself may wait for bytes of the peer's.
    fileprivate static func result(_ count: CInt, _ session: OpaquePointer) -> Int {
        guard count <= 0 else { return Int(count) }
        let number = errno
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: errno = EAGAIN
        case SSL_ERROR_ZERO_RETURN: return 0
        case SSL_ERROR_SYSCALL where number == 0: return 0
        case SSL_ERROR_SYSCALL: errno = number
        default: errno = EPROTO
        }
        return -1
    }
}

extension Connection {
    /// As read(2).
    @inline(__always)
    func read(_ place: UnsafeMutableRawPointer, _ room: Int) -> Int {
        guard let tls else { return Glibc.read(self.input, place, room) }
        ERR_clear_error()
        errno = 0
        return ClientTLS.result(SSL_read(tls, place, CInt(clamping: room)), tls)
    }

    /// As write(2).
    @inline(__always)
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let tls else { return Glibc.write(self.output, bytes.baseAddress, bytes.count) }
        ERR_clear_error()
        errno = 0
        return ClientTLS.result(SSL_write(tls, bytes.baseAddress, CInt(clamping: bytes.count)), tls)
    }

    /// Bytes that were taken from the descriptor, and that it does not report any more, wait in TLS.
    @inline(__always)
    var hasUnreadTLS: Bool { self.tls.map { SSL_has_pending($0) == 1 } ?? false }

    /// The handshake goes on when the server has spoken; there may be room for bytes before that, but no use for them.
    var isInTLSHandshake: Bool { self.tls.map { SSL_is_init_finished($0) == 0 } ?? false }
}
