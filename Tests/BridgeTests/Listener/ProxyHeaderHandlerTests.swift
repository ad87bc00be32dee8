// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import Bridge

/// What becomes of a connection's first bytes, read by read.
@Suite struct ProxyHeaderHandlerTests {
    /// What the handlers behind see.
    private final class Recorder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var headers: [ProxyHeader] = []
        var bytes: [UInt8] = []
        var bytesBeforeHeader = false
        var closedInput = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if self.headers.isEmpty { self.bytesBeforeHeader = true }
            self.bytes += Array(buffer: self.unwrapInboundIn(data))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let header = event as? ProxyHeader { self.headers.append(header) }
            if case ChannelEvent.inputClosed = event { self.closedInput = true }
        }
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let header =
        signature + [0x21, 0x11, 0, 15, 203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 0, 80, 4, 0, 0]
    private static let client = ProxyHeader.client(ClientAddress(bytes: [203, 0, 113, 9], port: 4711))

    private func connect(from peer: String = "10.0.0.1") throws -> (channel: EmbeddedChannel, recorder: Recorder) {
        let rules = ForwardingRules(trusted: [.network(try IPNetwork("10.0.0.0/8"))], expectsProxyHeader: true)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let recorder = Recorder()
        let channel = EmbeddedChannel()
        channel.remoteAddress = try SocketAddress(ipAddress: peer, port: 99)
        let log = RefusalLog(logger, eventLoop: channel.eventLoop, loops: 1)
        let site = ListenerSite(rules: HandshakeRules(reach: .network, paths: [:], forwarding: rules), logger: logger)
        let handler = ProxyHeaderHandler(site, log: log, audit: nil)
        try channel.pipeline.syncOperations.addHandlers([handler, recorder])
        channel.pipeline.fireChannelActive()
        return (channel, recorder)
    }

    private func isReading(_ channel: EmbeddedChannel) -> Bool {
        (try? channel.pipeline.syncOperations.handler(type: ProxyHeaderHandler.self)) != nil
    }

    @Test("R43: cut anywhere, the header is taken out, what follows passes, and no handler stays")
    func divisions() throws {
        let next = Array("GET / HTTP/1.1\r\n".utf8)
        let all = Self.header + next
        for cut in 0...all.count {
            for other in cut...all.count {
                let (channel, recorder) = try connect()
                for piece in [all[..<cut], all[cut..<other], all[other...]] where !piece.isEmpty {
                    channel.pipeline.fireChannelRead(ByteBuffer(bytes: piece))
                    channel.pipeline.fireChannelReadComplete()
                }
                #expect(recorder.headers == [Self.client])
                #expect(recorder.bytes == next)
                #expect(!recorder.bytesBeforeHeader)
                #expect(!isReading(channel))
            }
        }
    }

    @Test("R43: who is not trusted is cut before it has said anything")
    func untrusted() throws {
        let (channel, recorder) = try connect(from: "192.0.2.1")
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: Self.header))
        #expect(recorder.headers.isEmpty && recorder.bytes.isEmpty)
    }

    @Test("R43: what is no header is cut, and nothing of it reaches anybody")
    func garbage() throws {
        for first in [Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 3, 1], Array("PROXY TCP4 ".utf8)] as [[UInt8]] {
            let (channel, recorder) = try connect()
            channel.pipeline.fireChannelRead(ByteBuffer(bytes: first))
            channel.pipeline.fireChannelRead(ByteBuffer(bytes: Self.header))
            channel.embeddedEventLoop.run()
            #expect(!channel.isActive)
            #expect(recorder.headers.isEmpty && recorder.bytes.isEmpty)
        }
    }

    @Test("R43: the end of the input, and a close from behind, pass")
    func ends() throws {
        let (channel, recorder) = try connect()
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: Self.header.prefix(7)))
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(recorder.closedInput)
        let closed = channel.close()
        channel.embeddedEventLoop.run()
        try closed.wait()
        #expect(!channel.isActive)
    }
}
