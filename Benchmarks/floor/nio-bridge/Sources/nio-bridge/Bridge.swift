// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// nio-bridge PORT COMMAND [ARG...]: what ws-bridge.c does, with SwiftNIO: a child for each connection, messages to it as lines
// and its lines back as messages, on one event loop and without a check: the floor of what a bridge on SwiftNIO costs.

import CFloor
import Glibc
import NIOCore
import NIOPosix

/// What the connections share. Their bytes are in the two buffers only between a channel's read and its read-complete.
private final class Shared {
    let command: [UnsafeMutablePointer<CChar>?]
    var toChild = ByteBuffer(), toClient = ByteBuffer()

    init(command: ArraySlice<String>) {
        self.command = command.map { strdup($0) } + [nil]
    }
}

private let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 1 << 18)
/// Past this many unwritten bytes, the other side is not read.
private let unwritten = ChannelOptions.Types.WriteBufferWaterMark(low: 1 << 19, high: 1 << 20)

/// How many bytes the header of an unmasked frame takes.
private func headerSize(_ length: Int) -> Int { length < 126 ? 2 : length < 65_536 ? 4 : 10 }

private func setHeader(_ first: UInt8, _ length: Int, in buffer: inout ByteBuffer, at index: Int) {
    buffer.setInteger(first, at: index)
    switch headerSize(length) {
    case 2: buffer.setInteger(UInt8(length), at: index + 1)
    case 4:
        buffer.setInteger(126 as UInt8, at: index + 1)
        buffer.setInteger(UInt16(length), at: index + 2)
    default:
        buffer.setInteger(127 as UInt8, at: index + 1)
        buffer.setInteger(UInt64(length), at: index + 2)
    }
}

private func writeFrame(_ first: UInt8, _ payload: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
    setHeader(first, payload.count, in: &buffer, at: buffer.writerIndex)
    buffer.moveWriterIndex(forwardBy: headerSize(payload.count))
    buffer.writeBytes(payload)
}

/// The client's end: frames to lines. Data goes on as it comes; a control frame is answered.
private final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let shared: Shared
    private var context: ChannelHandlerContext?
    private var child: ChildHandler?
    private var isStarting = false
    /// The request, as far as it is there, and later the beginning of a header.
    private var incomplete = ByteBuffer()
    private var isInPayload = false, isFinal = false
    private var left = 0
    private var mask: UInt32 = 0

    init(_ shared: Shared) {
        self.shared = shared
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if self.incomplete.readableBytes > 0 {
            self.incomplete.writeBuffer(&bytes)
            bytes = self.incomplete
            self.incomplete = ByteBuffer()
        }
        if self.child != nil { self.takeFrames(&bytes) } else { self.takeRequest(&bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.child?.send()
        if self.shared.toClient.readableBytes > 0 { self.send() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.child?.setReading(context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        self.shared.toChild.clear()
        self.shared.toClient.clear()
        self.child?.end()
        self.child = nil
    }

    func setReading(_ isOn: Bool) { try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isOn) }

    /// Queues a frame behind those that gather in the shared buffer.
    func write(_ frame: ByteBuffer) {
        self.gather()
        self.context?.write(self.wrapOutboundOut(frame), promise: nil)
    }

    func send() {
        self.gather()
        self.context?.flush()
    }

    func end() { self.context?.close(promise: nil) }

    private func gather() {
        guard self.shared.toClient.readableBytes > 0 else { return }
        self.context?.write(self.wrapOutboundOut(self.shared.toClient), promise: nil)
        self.shared.toClient.clear()
    }

    /// The child is started before the 101, as a bridge must do that wants to refuse when it cannot.
    private func takeRequest(_ bytes: inout ByteBuffer) {
        var answer = ByteBuffer()
        var taken = 0
        if !self.isStarting {
            answer.writeWithUnsafeMutableBytes(minimumWritableBytes: Int(floor_answer_size)) { room in
                var length = 0
                taken = bytes.withUnsafeReadableBytes {
                    floor_answer($0.baseAddress, $0.count, room.baseAddress, &length)
                }
                return length
            }
        }
        bytes.moveReaderIndex(forwardBy: max(0, taken))
        self.incomplete.writeBuffer(&bytes)
        guard taken != 0 else { return }
        var input: CInt = -1
        var output: CInt = -1
        guard taken > 0, let context = self.context, floor_start_child(self.shared.command, &input, &output) == 0 else {
            return self.end()
        }
        self.isStarting = true
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        NIOPipeBootstrap(group: context.eventLoop)
            .channelOption(.recvAllocator, value: receiveBuffers)
            .channelOption(.writeBufferWaterMark, value: unwritten)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try this.value.addChild(channel) }
            }
            .takingOwnershipOfDescriptors(input: input, output: output)
            .assumeIsolated().whenComplete { _ in self.started(answer) }
    }

    private func addChild(_ channel: any Channel) throws {
        let child = ChildHandler(self.shared, client: self)
        try channel.pipeline.syncOperations.addHandler(child)
        self.child = child
    }

    private func started(_ answer: ByteBuffer) {
        guard self.context != nil, self.child != nil else {
            self.child?.end()
            return self.end()
        }
        self.write(answer)
        var bytes = self.incomplete
        self.incomplete = ByteBuffer()
        self.takeFrames(&bytes)
        self.child?.send()
        self.send()
    }

    private func takeFrames(_ bytes: inout ByteBuffer) {
        while true {
            if !self.isInPayload {
                let start = bytes.readerIndex
                guard let first = self.takeHeader(&bytes), first & 8 == 0 || bytes.readableBytes >= self.left else {
                    bytes.moveReaderIndex(to: start)
                    self.incomplete.writeBuffer(&bytes)
                    return
                }
                self.isFinal = first & 0x80 != 0
                self.isInPayload = first & 8 == 0
                if first & 8 != 0 {
                    self.answer(first, &bytes)
                    if first & 15 == 8 { return }
                    continue
                }
            }
            self.unmask(&bytes, to: &self.shared.toChild)
            if self.left > 0 { return }
            if self.isFinal { self.shared.toChild.writeInteger(UInt8(ascii: "\n")) }
            self.isInPayload = false
        }
    }

    /// Returns the first byte; nil when more is to come.
    private func takeHeader(_ bytes: inout ByteBuffer) -> UInt8? {
        guard let (first, second) = bytes.readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
        self.left = Int(second & 127)
        if self.left == 126 {
            guard let length = bytes.readInteger(as: UInt16.self) else { return nil }
            self.left = Int(length)
        } else if self.left == 127 {
            guard let length = bytes.readInteger(as: UInt64.self) else { return nil }
            self.left = Int(length)
        }
        guard let mask = bytes.readInteger(endianness: .little, as: UInt32.self) else { return nil }
        self.mask = mask
        return first
    }

    /// Appends as much of the payload as is there.
    private func unmask(_ bytes: inout ByteBuffer, to out: inout ByteBuffer) {
        let count = min(self.left, bytes.readableBytes)
        let wide = UInt64(self.mask) << 32 | UInt64(self.mask)
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: count + 1) { out in
            bytes.readWithUnsafeReadableBytes { bytes in
                var at = 0
                while at + 8 <= count {
                    let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    out.storeBytes(of: word ^ wide, toByteOffset: at, as: UInt64.self)
                    at += 8
                }
                while at < count {
                    out[at] = bytes[at] ^ UInt8(truncatingIfNeeded: wide >> UInt64(8 * (at % 8)))
                    at += 1
                }
                return count
            }
        }
        self.left -= count
        let turn = UInt32(8 * (count % 4))
        if turn > 0 { self.mask = self.mask >> turn | self.mask << (32 - turn) }
    }

    private func answer(_ first: UInt8, _ bytes: inout ByteBuffer) {
        var payload = ByteBuffer()
        self.unmask(&bytes, to: &payload)
        // A pong for a ping, the same back for anything else.
        payload.withUnsafeReadableBytes { writeFrame(first == 0x89 ? 0x8A : first, $0, to: &self.shared.toClient) }
        guard first & 15 == 8 else { return }
        self.child?.send()
        self.send()
        self.end()
    }
}

/// The child's end: lines to frames.
private final class ChildHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A line that has no end yet stands behind room for the largest header, so that it becomes a frame where it stands.
    private static let room = 10
    /// Frames from here on are written by themselves.
    private static let large = 1 << 14

    private let shared: Shared
    private var client: ClientHandler?
    private var context: ChannelHandlerContext?
    private var line = ByteBuffer()

    init(_ shared: Shared, client: ClientHandler) {
        self.shared = shared
        self.client = client
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            var rest = bytes
            while let start = rest.baseAddress, let newline = memchr(start, 10, rest.count) {
                let end = UnsafeRawPointer(newline) - start
                self.takeLine(UnsafeRawBufferPointer(start: start, count: end))
                rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
            }
            if rest.count > 0 { self.keep(rest) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { self.client?.send() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.client?.setReading(context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        self.client?.end()
        self.client = nil
    }

    func setReading(_ isOn: Bool) { try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isOn) }

    func send() {
        guard self.shared.toChild.readableBytes > 0 else { return }
        self.context?.writeAndFlush(self.wrapOutboundOut(self.shared.toChild), promise: nil)
        self.shared.toChild.clear()
    }

    func end() { self.context?.close(promise: nil) }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        if self.line.writerIndex == 0 {
            self.line.reserveCapacity(2 * (Self.room + bytes.count))
            self.line.moveWriterIndex(to: Self.room)
            self.line.moveReaderIndex(to: Self.room)
        }
        self.line.writeBytes(bytes)
    }

    private func takeLine(_ bytes: UnsafeRawBufferPointer) {
        guard self.line.writerIndex > 0 else { return writeFrame(0x81, bytes, to: &self.shared.toClient) }
        self.line.writeBytes(bytes)
        let length = self.line.readableBytes
        self.line.moveReaderIndex(to: Self.room - headerSize(length))
        setHeader(0x81, length, in: &self.line, at: self.line.readerIndex)
        if length < Self.large { self.shared.toClient.writeBuffer(&self.line) } else { self.client?.write(self.line) }
        self.line = ByteBuffer()
    }
}

@main
private enum Program {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let port = Int(arguments[1]) else {
            end("usage: nio-bridge PORT COMMAND [ARG...]", status: 64)
        }
        floor_ignore_children()
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let shared = NIOLoopBound(Shared(command: arguments[2...]), eventLoop: loop)
            ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.maxMessagesPerRead, value: 64)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.recvAllocator, value: receiveBuffers)
                .childChannelOption(.writeBufferWaterMark, value: unwritten)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ClientHandler(shared.value))
                    }
                }
                .bind(host: "127.0.0.1", port: port)
                .whenFailure { end("nio-bridge: \($0)", status: 1) }
        }
    }

    private static func end(_ reason: String, status: CInt) -> Never {
        let line = Array("\(reason)\n".utf8)
        _ = write(2, line, line.count)
        exit(status)
    }
}
