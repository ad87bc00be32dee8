// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import CSystemd
internal import Glibc

/// The sockets that the service manager passed when it started this process (sd_listen_fds(3)).
package enum PassedSockets {
    /// What was passed is of no use.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// In the order of the units. To be called once, before there are threads: what says so leaves the environment.
    ///
    /// - Throws: ``Fault`` for a socket on which no streams can be accepted.
    package static func take() throws(Fault) -> [PassedSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0, let names else { return [] }
        defer {
            for index in 0..<Int(count) { free(names[index]) }
            free(names)
        }
        var sockets: [PassedSocket] = []
        for index in 0..<Int(count) {
            let name = names[index].map { String(cString: $0) } ?? ""
            sockets.append(try Self.socket(SD_LISTEN_FDS_START + CInt(index), named: name))
        }
        return sockets
    }

    private static func socket(_ descriptor: CInt, named name: String) throws(Fault) -> PassedSocket {
        guard sd_is_socket(descriptor, AF_UNSPEC, CInt(SOCK_STREAM.rawValue), 1) > 0 else {
            throw Fault(
                description: "the socket \(name) that the service manager passed takes no connections: its unit needs "
                    + "ListenStream= and Accept=no"
            )
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        guard let address = Self.address(of: descriptor) else {
            throw Fault(
                description:
                    "the socket \(name) that the service manager passed is neither TCP nor a Unix socket with a path"
            )
        }
        var mode: SocketAccess.Mode?
        if case .unix(let path) = address {
            var status = stat()
            // A file that is gone lets nobody in.
            mode = SocketAccess.Mode(bits: stat(path, &status) == 0 ? status.st_mode & 0o777 : 0)
        }
        return PassedSocket(name: name, address: address, mode: mode, descriptor: descriptor)
    }

    private static func address(of descriptor: CInt) -> ListenAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard status == 0 else { return nil }
        let family = CInt(storage.ss_family)
        switch family {
        case AF_UNIX:
            let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
            let path = withUnsafeBytes(of: &storage) { bytes in
                String(decoding: bytes[start..<max(start, Int(size))].prefix { $0 != 0 }, as: UTF8.self)
            }
            // An abstract name begins with NUL.
            return path.isEmpty ? nil : .unix(path: path)
        case AF_INET, AF_INET6:
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            let port = withUnsafeBytes(of: &storage) { bytes -> UInt16? in
                // As in `Channel.peerAddress`.
                guard let address = bytes.baseAddress.map({ $0 + (family == AF_INET6 ? 8 : 4) }),
                    inet_ntop(family, address, &text, socklen_t(text.count)) != nil
                else { return nil }
                // After the family, in network byte order, in `sockaddr_in` and `sockaddr_in6` alike.
                return UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
            }
            let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return port.map { .tcp(host: host, port: Int($0)) }
        default: return nil
        }
    }
}
