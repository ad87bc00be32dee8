// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// Where the bridge listens.
package enum ListenAddress: Sendable, Equatable, Hashable {
    /// `host` is a name, an IPv4 address, or an IPv6 address without brackets; port 0 lets the kernel pick one.
    case tcp(host: String, port: Int)
    /// An absolute path; the socket is created 0600 (R6).
    case unix(path: String)
    /// A socket that the service manager passes under a name (sd_listen_fds_with_names(3)). Only until it is known where that
    /// listens: ``Listen/passed`` has the place of it then.
    case passed(name: String)

    /// Whether only this machine can reach the address (R6): 127.0.0.0/8, ::1, `localhost` and Unix sockets.
    ///
    /// Judged from the text alone. Any other host name counts as public, whatever it resolves to: names change their minds. A
    /// socket that is passed is judged when it is there.
    package var isLocal: Bool {
        switch self {
        case .unix, .passed: true
        case .tcp(let host, _): Self.isLoopback(host: host)
        }
    }

    package var isPassed: Bool {
        if case .passed = self { true } else { false }
    }

    package var isUnixSocket: Bool {
        if case .unix = self { true } else { false }
    }

    /// Whether two sockets cannot listen on both: one port on one address, or on all addresses of its kind; one file.
    ///
    /// Judged from the text alone. Names, and whether `[::]` takes the port of IPv4 too, are for the kernel to tell.
    package func overlaps(_ other: ListenAddress) -> Bool {
        switch (self, other) {
        case (.unix(let path), .unix(let otherPath)):
            return Self.components(of: path) == Self.components(of: otherPath)
        case (.tcp(let host, let port), .tcp(let otherHost, let otherPort)):
            // The kernel picks a free one for each 0.
            guard port == otherPort, port != 0 else { return false }
            guard let address = HostSyntax.address(host), let otherAddress = HostSyntax.address(otherHost) else {
                return host.lowercased() == otherHost.lowercased()
            }
            let isEvery = [address, otherAddress].contains { $0.allSatisfy { $0 == 0 } }
            return address == otherAddress || (isEvery && address.count == otherAddress.count)
        // A unit may have several sockets under one name.
        case (.unix, _), (.tcp, _), (.passed, _): return false
        }
    }

    /// Whether two sockets perhaps cannot listen on both: the kernel and the resolver decide about names, and about an
    /// address that stands for all, of the other kind of IP too.
    package func mayOverlap(_ other: ListenAddress) -> Bool {
        guard case .tcp(let host, let port) = self, case .tcp(let otherHost, port) = other, port != 0 else {
            return self.overlaps(other)
        }
        let addresses = [HostSyntax.address(host), HostSyntax.address(otherHost)]
        return self.overlaps(other) || addresses.contains { $0?.allSatisfy { $0 == 0 } ?? true }
    }

    private static func components(of path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    /// Whether a host (no port, no brackets) names this machine and nothing else.
    package static func isLoopback(host: String) -> Bool {
        if host.lowercased() == "localhost" {
            return true
        }
        if let address = HostSyntax.ipv4(host) {
            return address[0] == 127
        }
        guard let address = HostSyntax.ipv6(host) else { return false }
        let isLoopback6 = address.dropLast().allSatisfy { $0 == 0 } && address[15] == 1
        // ::ffff:127.0.0.1 binds the IPv4 loopback.
        return isLoopback6 || (IPAddressText.isMapped(address) && address[12] == 127)
    }

    /// The URL at which clients reach a path of this listener.
    ///
    /// - Parameters:
    ///   - port: the port that was really bound, where the configured one is 0.
    ///   - isSecure: whether it speaks TLS.
    package func webSocketURL(path: String, port bound: Int? = nil, isSecure: Bool = false) -> String {
        let scheme = isSecure ? "wss" : "ws"
        return switch self {
        case .tcp(let host, let port):
            "\(scheme)://\(Self.bracketed(host)):\(bound ?? port)\(path)"
        case .unix(let socket):
            "\(scheme)+unix:\(socket):\(path)"
        case .passed:
            "\(scheme)+\(self):\(path)"
        }
    }

    fileprivate static func bracketed(_ host: String) -> String {
        host.contains(":") ? "[\(host)]" : host
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The form that `address` takes in a configuration.
    package var description: String {
        switch self {
        case .tcp(let host, let port): "\(Self.bracketed(host)):\(port)"
        case .unix(let path): "unix:\(path)"
        case .passed(let name): "systemd:\(name)"
        }
    }
}

/// The shapes of hosts: RFC 1123 §2.1 for names, what `inet_pton` takes for addresses.
enum HostSyntax {
    static func ipv4(_ text: String) -> [UInt8]? {
        bytes(text, count: 4)
    }

    static func ipv6(_ text: String) -> [UInt8]? {
        bytes(text, count: 16)
    }

    /// The bytes of an address of either kind, four of one that is IPv4 within IPv6; nil for a name.
    static func address(_ text: String) -> [UInt8]? {
        guard let bytes = IPAddressText.bytes(Array(text.utf8)[...]) else { return nil }
        return IPAddressText.isMapped(bytes) ? Array(bytes[12...]) : bytes
    }

    private static func bytes(_ text: String, count: Int) -> [UInt8]? {
        guard let bytes = IPAddressText.bytes(Array(text.utf8)[...]), bytes.count == count else { return nil }
        return bytes
    }

    /// A host name; the last label must not be all digits, so that a mistyped IPv4 address is no name.
    static func isName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, let last = labels.last else { return false }
        let areLabels = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.allSatisfy(isNameByte)
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        }
        return areLabels && !last.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
