// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable internal import BridgeCore

/// A request as text, cut into lines: accepted exactly when a second reading of the rules finds nothing to object to, and
/// refused in one line of JSON that gives nothing away (R3, R4, R5, R11).
func fuzzHandshake(_ bytes: UnsafeRawBufferPointer) {
    let request = request(Array(bytes))
    let origin = WebOrigin("https://app.example")
    let hosts = [Authority("bridge.example"), Authority("proxy.example:8443")].compactMap(\.self)
    for reach in [HandshakeRules.Reach.loopback, .network, .unixSocket] {
        let rules = HandshakeRules(
            reach: reach,
            allowedOrigins: Set([origin].compactMap(\.self)),
            allowedHosts: reach == .unixSocket ? [] : hosts,
            paths: ["/mcp": 0, "/": 1, "/a%2Fb": 2]
        )
        let objection = objection(to: request, reach)
        switch rules.judge(request) {
        case .accepted(let handshake):
            require(objection == nil, "R3: what is accepted is in order (\(reach))", objection ?? "")
            require(isKey(handshake.key), "R3: the key is one")
            requireEqual(
                handshake.server,
                ["/mcp": 0, "/": 1, "/a%2Fb": 2][path(of: request.target)],
                "R11: the path's server"
            )
            let offered = elements(of: "sec-websocket-protocol", in: request)
            requireEqual(
                handshake.subprotocol,
                offered.contains("mcp") ? "mcp" : nil,
                "R1: `mcp` exactly when it was offered"
            )
        case .refused(let rejection):
            require(objection != nil, "R3: what is in order is accepted (\(reach))", rejection.body)
            check(rejection, of: request)
        case .unproven, .metadata, .health: require(false, "without [auth] nobody is asked, and no health is answered")
        }
    }
}

private func check(_ rejection: HandshakeRejection, of request: HandshakeRequest) {
    let body = Array(rejection.body.utf8)
    let json = ReferenceJSON(body)
    requireEqual(json?["error"]?.text, Array(rejection.code.rawValue.utf8), "R3: a refusal is JSON")
    requireEqual(json?["message"]?.text, Array(rejection.message.utf8), "R3: with the message")
    requireEqual(body.filter { $0 < 0x20 }, [0x0A], "R3: on one line")
    require([400, 403, 404, 421, 426].contains(rejection.status), "R3: with a status of its own")
    for (name, value) in rejection.headers {
        require(name.utf8.allSatisfy(isToken), "R3: a header has a name")
        requireFieldValue(value)
    }
    let secret = "c4nary"
    let mayBeQuoted = request.headers.contains {
        // A host is quoted in lower case.
        ["host", "origin"].contains($0.name.lowercased()) && $0.value.lowercased().contains(secret)
    }
    require(mayBeQuoted || !rejection.body.contains(secret), "R3: only Host and Origin are quoted", rejection.body)
}

// MARK: The request

/// Cuts a text into a request as a lenient server might: whatever stands there gets to the rules.
private func request(_ bytes: [UInt8]) -> HandshakeRequest {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
        String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
    let first = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    let version = first.count > 2 ? Array(first[2].utf8.suffix(3)) : []
    let end = lines.firstIndex(of: "") ?? lines.endIndex
    return HandshakeRequest(
        method: first[0],
        target: first.count > 1 ? first[1] : "",
        httpMajor: Int(version.first ?? 0x31) - 0x30,
        httpMinor: Int(version.last ?? 0x31) - 0x30,
        headers: lines[..<end].map { line in
            let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) ?? line.utf8.endIndex
            return (name: String(line[..<colon]), value: String(line[colon...].utf8.dropFirst()) ?? "")
        }
    )
}

// MARK: The rules, read a second time

/// What is wrong with a request; nil if it has to be accepted.
private func objection(to request: HandshakeRequest, _ reach: HandshakeRules.Reach) -> String? {
    for (name, value) in request.headers {
        guard !name.isEmpty, name.utf8.allSatisfy(isToken) else { return "a name is no token" }
        let isText = value.utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
        guard isText else { return "a value has control characters" }
    }
    guard request.method == "GET" else { return "not GET" }
    guard request.httpMajor == 1, request.httpMinor >= 1 else { return "not HTTP/1.1" }
    let protocols = elements(of: "upgrade", in: request).map { element in
        String(decoding: element.utf8.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self).lowercased()
    }
    guard protocols.contains("websocket") else { return "no Upgrade" }
    guard elements(of: "connection", in: request).contains(where: { $0.lowercased() == "upgrade" }) else {
        return "no Connection"
    }
    guard values(of: "sec-websocket-version", in: request) == ["13"] else { return "version" }
    let keys = values(of: "sec-websocket-key", in: request)
    guard keys.count == 1, isKey(keys[0]) else { return "key" }
    guard values(of: "transfer-encoding", in: request).isEmpty,
        values(of: "content-length", in: request).allSatisfy({ $0 == "0" })
    else { return "body" }
    let hosts = values(of: "host", in: request)
    guard hosts.count == 1, let host = hostAndPort(hosts[0]) else { return "Host" }
    guard isWelcome(host, reach) else { return "another host" }
    let origins = values(of: "origin", in: request)
    guard origins.isEmpty || origins.count == 1 && isApp(origins[0]) else { return "Origin" }
    if !request.target.hasPrefix("/") {
        guard let target = absolute(request.target), let named = hostAndPort(target), named == host else {
            return "another target"
        }
    }
    let isASCII = request.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    guard isASCII, ["/mcp", "/", "/a%2Fb"].contains(path(of: request.target)) else { return "path" }
    return nil
}

private func trimmed(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
        let last = bytes.lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
}

private func values(of name: String, in request: HandshakeRequest) -> [String] {
    request.headers.filter { Array($0.name.lowercased().utf8) == Array(name.utf8) }.map { trimmed($0.value) }
}

private func elements(of name: String, in request: HandshakeRequest) -> [String] {
    values(of: name, in: request).flatMap { value in
        Array(value.utf8).split(separator: UInt8(ascii: ",")).map { trimmed(String(decoding: $0, as: UTF8.self)) }
    }.filter { !$0.isEmpty }
}

private func isKey(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let isCoded = bytes.prefix(22).allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
    return bytes.count == 24 && isCoded && Array(bytes.suffix(2)) == Array("==".utf8)
}

/// A host in lower case and its port; nil for what is neither a registered name nor an address in brackets.
private func hostAndPort(_ text: String) -> [String?]? {
    let bytes = Array(text.lowercased().utf8)
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    var host = bytes[...]
    var port: String?
    let end = bytes.first == UInt8(ascii: "[") ? bytes.firstIndex(of: UInt8(ascii: "]")) ?? bytes.count : 0
    if let colon = bytes[end...].firstIndex(of: UInt8(ascii: ":")) {
        let digits = bytes[(colon + 1)...]
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), number < 65_536
        else { return nil }
        port = String(number)
        host = bytes[..<colon]
    }
    let isAddress =
        host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]") && host.contains(UInt8(ascii: ":"))
        && host.dropFirst().dropLast().allSatisfy { "0123456789abcdef:.".utf8.contains($0) }
    let isName =
        !host.isEmpty && host.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,;=".utf8.contains($0) }
    return isAddress || isName ? [String(decoding: host, as: UTF8.self), port] : nil
}

/// R5, by a list of what counts rather than by a parser.
private func isWelcome(_ host: [String?], _ reach: HandshakeRules.Reach) -> Bool {
    switch (host[0] ?? "", host[1]) {
    case ("bridge.example", _), ("proxy.example", "8443"): return true
    default: break
    }
    switch reach {
    case .unixSocket: return true
    case .network: return false
    case .loopback: return isLoopback(host[0] ?? "")
    }
}

private func isApp(_ origin: String) -> Bool {
    let text = Array(origin.lowercased().utf8)
    let app = Array("https://app.example".utf8)
    guard origin.utf8.allSatisfy({ $0 < 0x80 }), text.starts(with: app) else { return false }
    let rest = text.dropFirst(app.count)
    return rest.isEmpty
        || rest.first == UInt8(ascii: ":") && (2...6).contains(rest.count)
            && Int(String(decoding: rest.dropFirst(), as: UTF8.self)) == 443
            && rest[rest.startIndex + 1] != UInt8(ascii: "+")
}

/// The authority of a target in absolute form.
private func absolute(_ target: String) -> String? {
    for scheme in ["http://", "https://", "ws://", "wss://"] where target.lowercased().hasPrefix(scheme) {
        let rest = target.utf8.dropFirst(scheme.utf8.count)
        return String(decoding: rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }
    return nil
}

private func path(of target: String) -> String {
    var bytes = Array(target.utf8)[...]
    if !target.hasPrefix("/"), let authority = absolute(target) {
        let start = Array("://".utf8)
        while !bytes.isEmpty, !bytes.starts(with: start) { bytes.removeFirst() }
        bytes = bytes.dropFirst(3 + authority.utf8.count)
    }
    let path = bytes.prefix { $0 != UInt8(ascii: "?") }
    return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
}
