// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge

/// What there is to do with static tokens.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes tokens for clients.",
        subcommands: [New.self]
    )

    /// Makes a token, and says what to do with it. Nothing is stored.
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it once, with the lines that the configuration needs."
        )

        @Option(help: "What the token is called in the log: letters, digits and the marks _.@-")
        var name = "client"

        func validate() throws {
            let isPlain = self.name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_.@-".utf8.contains(byte)
                }
            }
            guard isPlain, (1...64).contains(self.name.utf8.count) else {
                throw ValidationError("--name takes 1 to 64 letters, digits and the marks _.@-")
            }
        }

        func run() throws {
            guard let token = NewToken() else {
                StandardError.write("mcp-wsbridge: libcrypto has no random bytes\n")
                throw ExitCode(1)
            }
            StandardOutput.write(
                """
                \(token.text)

                # That is the token, for the client: it is kept nowhere and not shown again.
                # The bridge needs only its digest, in its configuration:

                [[auth.tokens]]
                name = "\(self.name)"
                sha256 = "\(token.sha256)"

                """
            )
        }
    }
}
