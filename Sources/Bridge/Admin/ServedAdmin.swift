// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig

/// `[admin]` with what only the machine can tell: the ids of its socket's owner, its tokens.
package struct ServedAdmin: Sendable {
    let configuration: Admin
    let access: ResolvedAccess
    /// Nil without `[[admin.tokens]]`.
    let tokens: TokenStore?

    /// Reads the files that it names. Blocks; not for an event loop.
    ///
    /// - Parameters:
    ///   - reading: gives the contents of a file, at most so many bytes.
    ///   - environment: a variable of the daemon's own environment.
    /// - Throws: what is wrong with them, and accounts that the machine does not have.
    package init(
        _ configuration: Admin,
        reading: @escaping @Sendable (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: @escaping @Sendable (_ name: String) -> String?
    ) throws(ConfigurationError) {
        self.configuration = configuration
        self.access = try configuration.access.resolve(reading: reading)
        let auth = configuration.auth
        guard !auth.tokens.isEmpty else {
            self.tokens = nil
            return
        }
        self.tokens = try TokenStore(files: auth.tokenFiles) { () throws(ConfigurationError) in
            try auth.resolveTokens(reading: reading, environment: environment)
        }
    }
}
