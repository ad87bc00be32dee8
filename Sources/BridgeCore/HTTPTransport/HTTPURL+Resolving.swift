// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension HTTPURL {
    /// What a reference means that a server sent, with this URL as base (RFC 3986 §5.2, strict): the data of an `endpoint`
    /// event (R63), the value of a `Location` header (R55).
    ///
    /// Dot segments are removed. Nil if the result is no ``HTTPURL``, and for white space, control characters, backslashes
    /// and all beyond ASCII, which other readers of URLs take for something else. The result may be of another origin:
    /// ask ``hasSameOrigin(as:)``.
    package func resolve(_ reference: String) -> HTTPURL? {
        guard reference.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        let reference = reference.prefix { $0 != "#" }
        let pathEnd = reference.firstIndex(of: "?") ?? reference.endIndex
        // A colon before the first slash ends a scheme.
        if reference[..<pathEnd].prefix(while: { $0 != "/" }).contains(":") {
            return HTTPURL(String(reference))?.withoutDotSegments
        }
        if reference.hasPrefix("//") {
            return HTTPURL(self.scheme.rawValue + ":" + reference)?.withoutDotSegments
        }
        let query = reference[pathEnd...]
        let path = self.target.prefix { $0 != "?" }
        if pathEnd == reference.startIndex {
            return query.isEmpty ? self : self.with(path: path, query: query)
        }
        if reference.hasPrefix("/") {
            return self.with(path: Self.removingDotSegments(reference[..<pathEnd]), query: query)
        }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return self.with(path: Self.removingDotSegments(folder + reference[..<pathEnd]), query: query)
    }

    private var withoutDotSegments: HTTPURL? {
        let path = self.target.prefix { $0 != "?" }
        return self.with(path: Self.removingDotSegments(path), query: self.target[path.endIndex...])
    }

    private func with(path: some StringProtocol, query: Substring) -> HTTPURL? {
        HTTPURL("\(self.origin)\(path)\(query)")
    }

    /// RFC 3986 §5.2.4, of a path that begins with a slash. More `..` than there are folders stop at the root.
    private static func removingDotSegments(_ path: some StringProtocol) -> String {
        var kept: [String] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            if segment == ".." { _ = kept.popLast() }
            if segment != ".", segment != ".." { kept.append(String(segment)) }
            // What ends with a dot segment names a folder.
            if index == segments.count - 1, segment == "." || segment == ".." { kept.append("") }
        }
        return "/" + kept.joined(separator: "/")
    }
}
