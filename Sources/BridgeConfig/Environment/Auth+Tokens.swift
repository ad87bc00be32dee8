// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// A static token as it is now.
package struct ResolvedToken: Sendable {
    package enum Value: Sendable {
        /// 64 hexadecimal digits.
        case sha256(String)
        /// The token itself.
        case text(String)
    }

    package let token: Auth.Token
    package let value: Value
}

extension ResolvedToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "token \(token.name)" }

    package var debugDescription: String { description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the token.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Auth {
    /// Whoever finds a shorter one by trying is not stopped by anything.
    private static let shortestToken = 16

    /// The files that ``resolveTokens(reading:environment:)`` reads, each once: to be looked at for changes.
    package var tokenFiles: [String] {
        var paths: [String] = []
        for case .secret(.file(let path)) in tokens.map(\.value) where !paths.contains(path) { paths.append(path) }
        return paths
    }

    /// Reads every token: for the start, and for when one of ``tokenFiles`` changed.
    ///
    /// - Parameters:
    ///   - reading: gives the contents of a file, at most so many bytes; in production
    ///     ``FileContents/read(path:atMost:)``, which blocks.
    ///   - environment: a variable of the daemon's own environment.
    /// - Throws: every problem at once; they name token and path, never a value.
    package func resolveTokens(
        reading: (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: (_ name: String) -> String?
    ) throws(ConfigurationError) -> [ResolvedToken] {
        var resolved: [ResolvedToken] = []
        var problems: [ConfigurationError.Problem] = []
        for token in tokens {
            switch token.value {
            case .sha256(let digest): resolved.append(ResolvedToken(token: token, value: .sha256(digest)))
            case .secret(let value):
                do throws(BadValue) {
                    let text = try value.resolve(
                        atMost: BearerToken.longest + 2,
                        reading: reading,
                        environment: environment
                    )
                    try Self.check(text, of: value)
                    resolved.append(ResolvedToken(token: token, value: .text(text)))
                } catch {
                    problems.append(.init(place: token.place, message: "token `\(token.name)`: \(error.message)"))
                }
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return resolved
    }

    private static func check(_ text: String, of value: EnvironmentValue) throws(BadValue) {
        guard text.utf8.count >= shortestToken else {
            throw BadValue(
                "the \(value) holds fewer than \(shortestToken) characters, which can be guessed: "
                    + "`mcp-wsbridge token new` makes a good one"
            )
        }
        guard BearerToken(text) != nil else {
            throw BadValue(
                "the \(value) holds more than \(BearerToken.longest) bytes, or characters that no header can carry as a "
                    + "token: use letters, digits and the marks -._~+/"
            )
        }
    }
}
