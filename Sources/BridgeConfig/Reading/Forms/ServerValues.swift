// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension ValueForm where Value == [String] {
    /// Names of environment variables.
    static var variableNames: Self {
        let expected = "an array of names of environment variables such as [\"HTTPS_PROXY\"]"
        return list(
            expected,
            of: .text(expected, write: quoted) { text throws(BadValue) in
                try text.checkVariableName()
                return text
            }
        )
    }
}

extension ValueForm where Value == String {
    /// Where a server is reached: compared byte for byte with the path of the request.
    static var path: Self {
        .text("a string such as \"/time\"", write: quoted) { text throws(BadValue) in
            try ServerPath.check(text)
            return text
        }
    }

    /// A directory or file.
    static func absolutePath(example: String) -> Self {
        .text("a string with an absolute path such as \(quoted(example))", write: quoted) { text throws(BadValue) in
            guard text.hasPrefix("/") else {
                throw BadValue("must be an absolute path, one that starts with a slash, not \(quoted(text))")
            }
            return try text.withoutNUL()
        }
    }
}

/// Paths of URLs that servers may have.
enum ServerPath {
    /// Kept for the daemon's own answers (R11).
    static let reserved: Set<String> = ["/healthz", "/readyz"]

    static func check(_ path: String) throws(BadValue) {
        guard path.hasPrefix("/") else {
            throw BadValue("must start with a slash: write \(quoted("/\(path)"))")
        }
        guard !path.contains("?"), !path.contains("#") else {
            throw BadValue("must be a path alone, without `?` or `#`, not \(quoted(path))")
        }
        guard !path.contains("%") else {
            throw BadValue("must not hold percent escapes, since it is compared letter by letter: \(quoted(path))")
        }
        guard path.utf8.allSatisfy(isPathByte) else {
            throw BadValue(
                "may hold only letters, digits and the marks -._~!$&'()*+,;=:@ between its slashes, not \(quoted(path))"
            )
        }
        guard !path.contains("//") else {
            throw BadValue("must not hold two slashes in a row: \(quoted(path))")
        }
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw BadValue(
                "must not hold `.` or `..` as a step: clients take them out before they send \(quoted(path))"
            )
        }
        guard !reserved.contains(path) else {
            throw BadValue("\(quoted(path)) is reserved for the bridge's own health answers: choose another path")
        }
    }

    // RFC 3986 §3.3 pchar, escapes excepted.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "/-._~!$&'()*+,;=:@".utf8.contains(byte)
        }
    }
}

extension String {
    /// Refuses NUL, which ends a string in every system call.
    func withoutNUL() throws(BadValue) -> String {
        guard !utf8.contains(0) else { throw BadValue("must not hold a NUL character") }
        return self
    }

    // No message quotes the name: `NAME=secret` is the usual mistake here.
    func checkVariableName() throws(BadValue) {
        guard !TemplateText.isTemplate(self) else { throw BadValue("holds `{{` in a name: \(TemplateText.places)") }
        guard !isEmpty else { throw BadValue("holds an empty name: give the name of an environment variable") }
        guard !contains("=") else { throw BadValue("takes names of variables without `=`: values go into `env`") }
        guard !contains("*") else { throw BadValue("takes no wildcards: list each name") }
        _ = try withoutNUL()
    }
}
