// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore

@testable internal import BridgeCore

/// The beginning of a connection that a proxy makes: the same header whatever the reads, as a second reading of the
/// specification has it, and what follows untouched.
func fuzzProxyHeader(_ bytes: UnsafeRawBufferPointer) {
    let expected = proxyHeader(Array(bytes))
    for division in Divisions(of: bytes) {
        requireEqual(read(bytes, division), expected, "a PROXY header says the same, cut \(division)")
    }
}

private enum Beginning: Equatable {
    case incomplete
    /// How many bytes the header has.
    case header(ProxyHeader, Int)
    case refused
}

private func read(_ bytes: UnsafeRawBufferPointer, _ division: [Range<Int>]) -> Beginning {
    var reader = ProxyHeaderReader()
    for range in division {
        var input = ByteBuffer(bytes: bytes[range])
        do throws(ProxyHeaderFault) {
            if let header = try reader.read(from: &input) {
                return .header(header, range.upperBound - input.readableBytes)
            }
        } catch {
            require("\(error)".contains("PROXY header"), "a fault has words")
            return .refused
        }
        requireEqual(input.readableBytes, 0, "all is read before more is asked for")
        require(reader.hasBegun, "what was read is known")
    }
    return .incomplete
}

private func proxyHeader(_ bytes: [UInt8]) -> Beginning {
    let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    let start = bytes.prefix(12)
    guard signature.starts(with: start) else {
        // Of version 1 so much is waited for as tells it from another protocol.
        return bytes.count < 6 && Array("PROXY ".utf8).starts(with: bytes) ? .incomplete : .refused
    }
    if bytes.count > 12 {
        guard bytes[12] == 0x20 || bytes[12] == 0x21 else { return .refused }
    }
    let families: [UInt8: Int] = [0: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216]
    let isLocal = bytes.count > 12 && bytes[12] == 0x20
    if bytes.count > 13, !isLocal, families[bytes[13]] == nil { return .refused }
    guard bytes.count >= 16 else { return .incomplete }
    let length = Int(bytes[14]) * 256 + Int(bytes[15])
    let least = isLocal ? 0 : families[bytes[13]] ?? 0
    guard length <= 4_096, length >= least else { return .refused }
    guard bytes.count >= 16 + length else { return .incomplete }
    func client(_ size: Int) -> ProxyHeader {
        let port = 16 + 2 * size
        return .client(
            ClientAddress(
                bytes: Array(bytes[16..<(16 + size)]),
                port: Int(bytes[port]) * 256 + Int(bytes[port + 1])
            )
        )
    }
    let header: ProxyHeader =
        switch least {
        case 12: client(4)
        case 36: client(16)
        default: isLocal ? .local : .undisclosed
        }
    return .header(header, 16 + length)
}

/// Headers in which proxies name clients: whatever a client wrote into one, it is where the proxy says that appended to it.
func fuzzForwarded(_ bytes: UnsafeRawBufferPointer) {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    let proxy = ClientAddress(bytes: [10, 0, 0, 1], port: 99)
    guard let network = try? IPNetwork("10.0.0.0/8") else { return require(false, "10.0.0.0/8 is a network") }
    for text in lines {
        checkAddress(text)
        checkNetwork(text)
    }
    for header in ForwardedHeader.allCases {
        let rules = ForwardingRules(trusted: [.network(network)], header: header)
        let own = rules.locate(peer: proxy, lines: lines)
        requireEqual(own.proxy, own.address == proxy ? nil : proxy, "the proxy is named where it said something")
        for (element, host) in [("192.0.2.5", "192.0.2.5"), ("\"[2001:db8::5]:1\"", "2001:db8::5")] {
            let name = header == .forwarded ? "for=\(element)" : element.filter { $0 != "\"" }
            let next = header == .forwarded ? "for=10.0.0.2" : "10.0.0.2"
            let appended: [String] = lines.dropLast() + ["\(lines.last ?? ""), \(name)"]
            let lists: [[String]] = [appended, lines + [name], lines + ["\(name), \(next)"], appended + [next]]
            for list in lists {
                let location = rules.locate(peer: proxy, lines: list)
                requireEqual(location.address.host, host, "a client does not move: \(list)")
            }
        }
        // Who is not trusted does not move either.
        let stranger = ClientAddress(bytes: [203, 0, 113, 9], port: 1)
        requireEqual(rules.locate(peer: stranger, lines: lines).address, stranger, "a stranger is where it is")
    }
}

private func checkAddress(_ text: String) {
    let bytes = IPAddressText.bytes(Array(text.utf8)[...])
    guard !text.utf8.contains(0) else { return requireEqual(bytes, nil, "no address has a NUL") }
    var four = [UInt8](repeating: 0, count: 4)
    var sixteen = [UInt8](repeating: 0, count: 16)
    let expected =
        inet_pton(AF_INET, text, &four) == 1 ? four : inet_pton(AF_INET6, text, &sixteen) == 1 ? sixteen : nil
    requireEqual(bytes, expected, "an address is one: \(text.debugDescription)")
}

private func checkNetwork(_ text: String) {
    do throws(IPNetwork.Fault) {
        let network = try IPNetwork(text)
        requireEqual(try? IPNetwork("\(network)"), network, "a network reads back")
        let first = network.description.utf8.prefix { $0 != UInt8(ascii: "/") }
        guard let bytes = IPAddressText.bytes(Array(first)[...]) else {
            return require(false, "a network has an address")
        }
        require(network.contains(ClientAddress(bytes: bytes, port: 1)), "a network has its own address: \(network)")
        require(!network.contains(.local), "a socket file is in no network")
    } catch {
        if case .hostBits(let meant) = error {
            requireEqual(try? IPNetwork("\(meant)"), meant, "the network that was meant is one")
        }
    }
}
