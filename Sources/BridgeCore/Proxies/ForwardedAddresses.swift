// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The header in which a proxy writes where its client is.
package enum ForwardedHeader: String, Sendable, CaseIterable {
    /// Addresses with commas between; no standard, and what most proxies write.
    case xForwardedFor = "x-forwarded-for"
    /// RFC 7239.
    case forwarded
}

/// The addresses that a forwarding header names, from the last one, which the nearest proxy has written, to the first.
///
/// Read from the right, so that nothing that a client wrote itself, be it an open quote, can change what a proxy appended to
/// it. Ends at the first element that is no address: `unknown`, a name that stands for one (`_hidden`), an empty or a
/// malformed one. RFC 9110 §5.6.1.2 would have empty elements ignored; but a proxy that writes nothing knows nothing, and what
/// stands before may be the client's invention.
struct ForwardedAddresses: Sequence, IteratorProtocol {
    private let header: ForwardedHeader
    /// Several lines are one list (RFC 9110 §5.3).
    private var lines: ArraySlice<String>
    /// What is unread of the line that is being read.
    private var rest: ArraySlice<UInt8>?

    /// - Parameter lines: the values of all lines of this header, in the order of the wire.
    init(_ header: ForwardedHeader, lines: [String]) {
        self.header = header
        self.lines = lines[...]
    }

    /// Nil at the end, and from the first element on that is no address.
    mutating func next() -> ClientAddress? {
        guard let line = self.rest ?? self.lines.popLast().map({ Array($0.utf8)[...] }) else { return nil }
        guard let (element, rest) = self.lastElement(of: line), let address = self.address(in: trimmed(element)) else {
            self.lines = []
            self.rest = nil
            return nil
        }
        self.rest = rest
        return address
    }

    /// - Returns: what follows the last comma, and what precedes it, nil without a comma. Nil for a quote without its like.
    private func lastElement(
        of line: ArraySlice<UInt8>
    ) -> (element: ArraySlice<UInt8>, rest: ArraySlice<UInt8>?)? {
        var isQuoted = false
        for index in line.indices.reversed() {
            switch line[index] {
            case UInt8(ascii: ",") where !isQuoted: return (line[(index + 1)...], line[..<index])
            case UInt8(ascii: "\"") where self.header == .forwarded:
                if !isQuoted || !Self.isEscaped(line[..<index]) { isQuoted.toggle() }
            default: break
            }
        }
        return isQuoted ? nil : (line, nil)
    }

    /// Whether what follows these bytes, inside a quoted text, is a quoted pair (RFC 9110 §5.6.4).
    private static func isEscaped(_ before: ArraySlice<UInt8>) -> Bool {
        let marks = before.reversed().prefix { $0 == UInt8(ascii: "\\") }.count
        return !marks.isMultiple(of: 2)
    }

    private func address(in element: ArraySlice<UInt8>) -> ClientAddress? {
        switch self.header {
        case .xForwardedFor: Self.address(ofNode: element)
        case .forwarded: Self.forValue(element).flatMap { Self.address(ofNode: $0[...]) }
        }
    }

    /// The value of the one parameter `for` of a `forwarded-element` (RFC 7239 §4); nil where there is none, or two.
    private static func forValue(_ element: ArraySlice<UInt8>) -> [UInt8]? {
        var found: [UInt8]?
        var rest = element
        while !rest.isEmpty {
            rest = rest.drop { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 }
            guard !rest.isEmpty else { break }
            let name = rest.prefix(while: \.isTokenCharacter)
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="), let value = Self.value(&rest) else { return nil }
            if name.elementsEqual("for".utf8, by: { $0.lowercased == $1 }) {
                guard found == nil else { return nil }
                found = value
            }
        }
        return found
    }

    /// Takes a value and the white space behind it off the beginning; nil if then there is neither a semicolon nor the end.
    ///
    /// Without quotes it may hold what a token must not, such as `192.0.2.1:80`: a proxy's word is not refused for that.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        if rest.first == UInt8(ascii: "\"") {
            rest.removeFirst()
            while true {
                guard let byte = rest.popFirst() else { return nil }
                if byte == UInt8(ascii: "\"") { break }
                guard byte == UInt8(ascii: "\\") else {
                    value.append(byte)
                    continue
                }
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            }
        } else {
            let plain = rest.prefix { $0 > 0x20 && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\"") }
            value = Array(plain)
            rest = rest[plain.endIndex...]
        }
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        return rest.isEmpty || rest.first == UInt8(ascii: ";") ? value : nil
    }

    /// Reads a `node` (RFC 7239 §6): an address, IPv6 in brackets, and perhaps a port; nil for a node without an address.
    ///
    /// As X-Forwarded-For has it, IPv6 may also stand without brackets, and without a port then.
    private static func address(ofNode node: ArraySlice<UInt8>) -> ClientAddress? {
        let colon = UInt8(ascii: ":")
        var host = node
        var port: ArraySlice<UInt8>?
        if node.first == UInt8(ascii: "[") {
            guard let end = node.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = node[(node.startIndex + 1)..<end]
            guard host.contains(colon) else { return nil }
            let rest = node[(end + 1)...]
            guard rest.isEmpty || rest.first == colon else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let first = node.firstIndex(of: colon), first == node.lastIndex(of: colon) {
            host = node[..<first]
            port = node[(first + 1)...]
        }
        guard let bytes = IPAddressText.bytes(host) else { return nil }
        guard let port else { return ClientAddress(bytes: bytes, port: nil) }
        if let number = DecimalText.number(port, atMost: 65_535) { return ClientAddress(bytes: bytes, port: number) }
        // `obfport` (§6.3): a name that stands for the port.
        let isName = port.count > 1 && port.first == UInt8(ascii: "_")
        let isObfuscated = isName && port.allSatisfy { $0.isLetter || $0.isDigit || "._-".utf8.contains($0) }
        return isObfuscated ? ClientAddress(bytes: bytes, port: nil) : nil
    }

    private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
