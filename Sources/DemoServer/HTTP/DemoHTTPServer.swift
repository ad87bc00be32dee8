// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// `mcp-wsbridge demo-server --http`: ``DemoHTTP`` on a socket, one thread for all.
package final class DemoHTTPServer: Sendable {
    /// Headers of one request, in bytes and in number.
    private static let maximumHeaderBytes = 65_536
    private static let maximumHeaderFields = 100
    /// Bytes that wait for a client before it is cut off.
    private static let maximumUnread = 8 << 20

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    let loop: NIOLoopBound<DemoHTTPLoop>
    private let address: DemoHTTPAddress

    /// Why the server could not begin to listen.
    package struct ListenError: Error, CustomStringConvertible {
        package let description: String
    }

    /// Listens from now on. Must not be called on an event loop: it waits for the socket.
    package convenience init(at address: DemoHTTPAddress) throws(ListenError) {
        try self.init(at: address, limits: DemoHTTP.Limits(), bounds: DemoHTTPLoop.Limits())
    }

    init(
        at address: DemoHTTPAddress,
        limits: DemoHTTP.Limits,
        bounds: DemoHTTPLoop.Limits
    ) throws(ListenError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.any()
        do {
            loop = try eventLoop.submit {
                let http = DemoHTTP(limits: limits, makeSessionID: Self.randomID, wallClock: { time(nil) })
                return NIOLoopBound(DemoHTTPLoop(http, limits: bounds, on: eventLoop), eventLoop: eventLoop)
            }.wait()
            channel = try Self.bootstrap(group, loop).bind(host: address.bare, port: address.port).wait()
        } catch {
            try? group.syncShutdownGracefully()
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw ListenError(description: "cannot listen on \(address.host):\(address.port): \(reason)")
        }
        self.group = group
        self.address = address
    }

    /// What a client is given, without a path.
    package var url: String { "http://\(address.host):\(channel.localAddress?.port ?? address.port)" }

    /// The line that tells where the server is.
    package var greeting: String {
        "demo server at \(url)\(DemoHTTP.streamablePath) (and \(url)\(DemoHTTP.eventStreamPath))\n"
    }

    /// Waits for SIGTERM or SIGINT. Must not be called on an event loop.
    ///
    /// - Parameter ready: called once signals are waited for, so that who is told may send one.
    package func waitForSignal(ready: () -> Void) {
        let registered = DispatchSemaphore(value: 0)
        let signalled = DispatchSemaphore(value: 0)
        let sources = [SIGTERM, SIGINT].map { number in
            // The source sees the signal all the same; without this the process would end by it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setRegistrationHandler { registered.signal() }
            source.setEventHandler { signalled.signal() }
            source.resume()
            return source
        }
        for _ in sources { registered.wait() }
        ready()
        signalled.wait()
        for source in sources { source.cancel() }
    }

    /// Ends every stream, closes every connection and gives the port back. Must not be called on an event loop.
    package func stop() {
        try? channel.close().wait()
        try? loop.eventLoop.submit { [loop] in loop.value.stop() }.wait()
        try? group.syncShutdownGracefully()
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup,
        _ loop: NIOLoopBound<DemoHTTPLoop>
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: maximumUnread / 2, high: maximumUnread))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderListSize = maximumHeaderBytes
                    limits.maxHeaderFieldSize = maximumHeaderBytes
                    limits.maxHeaderFieldCount = maximumHeaderFields
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
                    try channel.pipeline.syncOperations.addHandlers(
                        HTTPResponseEncoder(),
                        ByteToMessageHandler(decoder),
                        HTTPServerProtocolErrorHandler(),
                        DemoHTTPHandler(loop.value)
                    )
                }
            }
    }

    /// 128 bits of the system's cryptographic source, in hexadecimal (R75).
    @Sendable private static func randomID() -> String {
        var source = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<32).map { _ in digits[Int(source.next() & 15)] }, as: UTF8.self)
    }
}
