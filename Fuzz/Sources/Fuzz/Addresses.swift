// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

@testable internal import BridgeCore

/// Hosts, origins and URLs: what is read says the same when it is written, no look-alike counts as this machine, and
/// references resolve as in RFC 3986. The first line is a URL, the second a reference; each alone is tried as everything.
func fuzzAddresses(_ bytes: UnsafeRawBufferPointer) {
    let lines = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    let texts = lines.map { String(decoding: $0, as: UTF8.self) }
    for text in texts {
        checkAuthority(text)
        checkOrigin(text)
        checkURL(text)
    }
    guard texts.count == 2, let base = HTTPURL(texts[0]) else { return }
    checkReference(texts[1], base)
}

/// R5: whether a host is an address of this machine as the C library reads it, or one of its two other names.
func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "[::1]" { return true }
    var address: [UInt8] = [0, 0, 0, 0]
    return !host.utf8.contains(0) && inet_pton(AF_INET, host, &address) == 1 && address[0] == 127
}

private func checkAuthority(_ text: String) {
    guard let authority = Authority(text) else { return }
    requireEqual(Authority(authority.description), authority, "an authority reads back")
    requireEqual(authority.description.lowercased(), authority.description, "a host is in lower case")
    require(!authority.host.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || "/\\@?#".utf8.contains($0) }, "a host is one")
    requireEqual(
        authority.isLoopback,
        isLoopback(authority.host),
        "R5: only this machine is this machine: \(authority)"
    )
    require(authority.isAllowed(by: authority), "R5: a host allows itself")
    // Only the case of letters may differ, and zeros before the port.
    let normal = text.lowercased()
    require(normal.utf8.starts(with: authority.host.utf8), "an authority begins with its host", text.debugDescription)
}

private func checkOrigin(_ text: String) {
    guard let origin = WebOrigin(text) else { return }
    let written = "\(origin.scheme)://\(origin.authority ?? "")"
    requireEqual(WebOrigin(written), origin, "R4: an origin reads back")
    // But for the case of letters, a default port and zeros before a port.
    let host = origin.authority.flatMap { Authority($0)?.host } ?? ""
    let isSaid = text.lowercased().utf8.starts(with: "\(origin.scheme)://\(host)".utf8)
    require(isSaid, "R4: an origin is what was sent", text.debugDescription)
    require(text != "null", "R4: null is no origin")
}

private func checkURL(_ text: String) {
    guard let url = HTTPURL(text) else { return }
    requireEqual(HTTPURL(url.description), url, "a URL reads back")
    requireEqual(HTTPURL(url.origin)?.hasSameOrigin(as: url), true, "R55: an origin reads back")
    require((1...65_535).contains(url.port), "a port is one")
    require(url.target.hasPrefix("/"), "a target begins with a slash")
    let isVisible = url.description.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    require(isVisible, "a URL can stand in a request line", url.description)
    let authority = Authority(url.authority)
    requireEqual(authority?.host, url.host, "a URL's host can stand in a Host header")
    // The authority ends at the first slash, question mark or hash, for every reader alike.
    let rest = text.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
    let named = rest.prefix { !"/?#".utf8.contains($0) }
    let spelled = String(decoding: named, as: UTF8.self).lowercased()
    let withoutPort = Authority(spelled.hasSuffix(":") ? String(spelled.dropLast()) : spelled)
    requireEqual(withoutPort?.host, url.host, "R55: the host is what stands before the path")
}

// MARK: RFC 3986 §5.2

private func checkReference(_ reference: String, _ base: HTTPURL) {
    let resolved = base.resolve(reference)
    let expected = resolve(reference, base)
    requireEqual(resolved?.description, expected?.description, "R55: a reference resolves as RFC 3986 has it")
    guard let resolved else { return }
    let segments = resolved.target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
    let hasDots = segments.contains(".") || segments.contains("..")
    // The empty reference, and one that is a query alone, keep the path of the base as it is.
    let keepsPath = reference.isEmpty || reference.hasPrefix("?") || reference.hasPrefix("#")
    require(keepsPath || !hasDots, "R55: no dot segments are left", resolved.description)
    if reference.hasPrefix("/"), !reference.hasPrefix("//") {
        require(resolved.hasSameOrigin(as: base), "R55: a path stays with its origin", resolved.description)
    }
}

private func resolve(_ reference: String, _ base: HTTPURL) -> HTTPURL? {
    let isPlain = reference.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    guard isPlain else { return nil }
    var rest = Array(reference.utf8)[...]
    if let hash = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<hash] }
    var query: [UInt8]?
    if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
        query = Array(rest[(mark + 1)...])
        rest = rest[..<mark]
    }
    var scheme: [UInt8]?
    if let end = rest.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
        rest[end] != UInt8(ascii: "/")
    {
        scheme = Array(rest[..<end])
        rest = rest[(end + 1)...]
    }
    var authority: [UInt8]?
    if rest.starts(with: "//".utf8) {
        rest = rest.dropFirst(2)
        authority = Array(rest.prefix { $0 != UInt8(ascii: "/") })
        rest = rest.dropFirst(authority?.count ?? 0)
    }
    var path = Array(rest)
    let basePath = Array(base.target.prefix { $0 != "?" }.utf8)
    let baseQuery = base.target.utf8.firstIndex(of: UInt8(ascii: "?")).map {
        Array(base.target.utf8[$0...].dropFirst())
    }
    if scheme != nil || authority != nil {
        guard authority != nil else { return nil }
        path = withoutDots(path)
    } else if path.isEmpty {
        path = basePath
        query = query ?? baseQuery
    } else if path.first == UInt8(ascii: "/") {
        path = withoutDots(path)
    } else {
        let folder = basePath.lastIndex(of: UInt8(ascii: "/")).map { Array(basePath[...$0]) } ?? []
        path = withoutDots(folder + path)
    }
    var text = (scheme ?? Array(base.scheme.rawValue.utf8)) + Array("://".utf8)
    text += authority ?? Array(base.authority.utf8)
    text += path
    if let query { text += Array("?".utf8) + query }
    return HTTPURL(String(decoding: text, as: UTF8.self))
}

/// §5.2.4, step by step.
private func withoutDots(_ path: [UInt8]) -> [UInt8] {
    var input = String(decoding: path, as: UTF8.self)
    var output = ""
    while !input.isEmpty {
        if input.hasPrefix("../") {
            input.removeFirst(3)
        } else if input.hasPrefix("./") {
            input.removeFirst(2)
        } else if input.hasPrefix("/./") {
            input.removeFirst(2)
        } else if input == "/." {
            input = "/"
        } else if input.hasPrefix("/../") || input == "/.." {
            input = input == "/.." ? "/" : String(input.dropFirst(3))
            output = output.lastIndex(of: "/").map { String(output[..<$0]) } ?? ""
        } else if input == "." || input == ".." {
            input = ""
        } else {
            let segment = input.prefix(1) + input.dropFirst().prefix { $0 != "/" }
            output += segment
            input.removeFirst(segment.count)
        }
    }
    return Array(output.utf8)
}
