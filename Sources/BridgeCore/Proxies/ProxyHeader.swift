// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What a proxy says about a connection before anything else (the PROXY protocol of HAProxy, version 2, §2.2).
package enum ProxyHeader: Sendable, Hashable {
    /// The proxy speaks for itself, to see whether somebody is there: LOCAL.
    case local
    case client(ClientAddress)
    /// There is a client of which no IP address is known: UNSPEC, and a Unix socket before the proxy.
    case undisclosed
}

/// Why a connection does not begin as the PROXY protocol has it.
package enum ProxyHeaderFault: Error, Sendable, Equatable {
    /// The header is that of version 1, a line of text.
    case textVersion
    case missing
    case version(Int)
    case command(Int)
    /// The byte of address family and transport.
    case family(UInt8)
    /// The header is too short for the addresses of its family.
    case short
    /// The header claims so many bytes.
    case long(Int)
}

extension ProxyHeaderFault: CustomStringConvertible {
    /// In words for the operator.
    package var description: String {
        switch self {
        case .textVersion:
            "the PROXY header is of version 1 (text), and only version 2 is taken: have the proxy send that (send-proxy-v2)"
        case .missing: "the connection does not begin with a PROXY header of version 2"
        case .version(let number): "the PROXY header is of version \(number), and only version 2 is known"
        case .command(let number): "the PROXY header has an unknown command, \(number)"
        case .family(let byte):
            "the PROXY header has an unknown address family or transport, 0x\(String(byte, radix: 16))"
        case .short: "the PROXY header is too short for its addresses"
        case .long(let count): "the PROXY header claims \(count) bytes, more than \(ProxyHeaderReader.longest)"
        }
    }
}

/// Reads a header of the PROXY protocol off the beginning of a connection, whatever the reads; holds 52 bytes at the most.
package struct ProxyHeaderReader: Sendable {
    /// Of what follows the fixed part: addresses, and whatever else a proxy likes to tell (TLVs), which is skipped.
    package static let longest = 4_096

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let textSignature = Array("PROXY ".utf8)
    /// Signature, version and command, family, length.
    private static let fixed = 16
    /// Two addresses and two ports of IPv4, of IPv6, and two paths of Unix sockets.
    private static let ipv4Length = 12
    private static let ipv6Length = 36
    private static let unixLength = 216

    private enum Family {
        case none
        case ipv4
        case ipv6
        case unix

        var length: Int {
            switch self {
            case .none: 0
            case .ipv4: ProxyHeaderReader.ipv4Length
            case .ipv6: ProxyHeaderReader.ipv6Length
            case .unix: ProxyHeaderReader.unixLength
            }
        }
    }

    /// The fixed part, and behind it IP addresses.
    private var kept: [UInt8] = []
    /// What has still to come and is skipped; known with the fixed part.
    private var skipped = 0
    private var family = Family.none
    private var isLocal = false
    private var needed = ProxyHeaderReader.fixed

    package init() {}

    /// Whether any byte has been read.
    package var hasBegun: Bool { !self.kept.isEmpty }

    /// Takes the header, or as much of it as is there, off the beginning of `input`. Not to be called again once it has given
    /// the header or thrown.
    ///
    /// - Returns: nil as long as more has to come; then `input` is empty.
    package mutating func read(from input: inout ByteBuffer) throws(ProxyHeaderFault) -> ProxyHeader? {
        while self.kept.count < self.needed {
            guard let byte = input.readInteger(as: UInt8.self) else { return nil }
            self.kept.append(byte)
            if self.kept.count <= Self.fixed { try self.check() }
        }
        let count = min(self.skipped, input.readableBytes)
        input.moveReaderIndex(forwardBy: count)
        self.skipped -= count
        return self.skipped == 0 ? self.header : nil
    }

    /// Judges the last byte of the fixed part that came: who speaks another protocol is not waited for.
    private mutating func check() throws(ProxyHeaderFault) {
        let last = self.kept[self.kept.count - 1]
        switch self.kept.count {
        case ...Self.signature.count:
            if Self.signature.starts(with: self.kept) { return }
            guard Self.textSignature.starts(with: self.kept) else { throw .missing }
            if self.kept.count == Self.textSignature.count { throw .textVersion }
        case 13:
            guard last >> 4 == 2 else { throw .version(Int(last >> 4)) }
            guard last & 0xF <= 1 else { throw .command(Int(last & 0xF)) }
            self.isLocal = last & 0xF == 0
        // Whatever family LOCAL names is to be ignored.
        case 14 where !self.isLocal:
            switch last {
            case 0x00: self.family = .none
            case 0x11, 0x12: self.family = .ipv4
            case 0x21, 0x22: self.family = .ipv6
            case 0x31, 0x32: self.family = .unix
            default: throw .family(last)
            }
        case Self.fixed:
            let length = Int(self.kept[14]) << 8 | Int(last)
            guard length <= Self.longest else { throw .long(length) }
            guard length >= self.family.length else { throw .short }
            let addresses = self.family == .unix ? 0 : self.family.length
            self.needed = Self.fixed + addresses
            self.skipped = length - addresses
        default: break
        }
    }

    private var header: ProxyHeader {
        if self.isLocal { return .local }
        // Source address, destination address, source port, destination port.
        let (size, portAt) =
            switch self.family {
            case .none, .unix: (0, 0)
            case .ipv4: (4, Self.fixed + 8)
            case .ipv6: (16, Self.fixed + 32)
            }
        guard size > 0 else { return .undisclosed }
        let address = Array(self.kept[Self.fixed..<Self.fixed + size])
        return .client(ClientAddress(bytes: address, port: Int(self.kept[portAt]) << 8 | Int(self.kept[portAt + 1])))
    }
}
