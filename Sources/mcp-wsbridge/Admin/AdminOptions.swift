// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig

/// Which bridge a command is for.
struct AdminOptions: ParsableArguments {
    /// That of the packaged service.
    private static let usual = "unix:/run/mcp-wsbridge/admin.sock"

    @Option(name: .long, help: "Its [admin] address, as in the configuration (default: \(Self.usual)).")
    var admin: String?

    @Option(
        name: .shortAndLong,
        help: "Its configuration, which has the address.",
        completion: .file(extensions: ["toml"])
    )
    var config: String?

    @Option(help: "A file with one of its [[admin.tokens]]; a Unix socket takes none.", completion: .file())
    var tokenFile: String?

    func validate() throws {
        if self.admin != nil, self.config != nil { throw ValidationError("One of --admin and --config, not both.") }
    }

    /// - Throws: `ExitCode`, after saying what is wrong.
    func console() throws -> OperatorConsole {
        do throws(ConfigurationError) {
            let address: ListenAddress
            if let config {
                guard let admin = try Configuration.load(path: config).admin else {
                    throw Self.fault("there is no [admin] with an address", in: config)
                }
                address = admin.address
            } else {
                address = try ListenAddress(option: "--admin", self.admin ?? Self.usual)
            }
            return OperatorConsole(address, token: try self.token())
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode(78)
        }
    }

    private func token() throws(ConfigurationError) -> String? {
        guard let tokenFile else { return nil }
        do throws(FileError) {
            let text = String(decoding: try FileContents.read(path: tokenFile, atMost: 8_192), as: UTF8.self)
            return String(text.reversed().drop { $0.isNewline }.reversed())
        } catch {
            throw Self.fault("cannot be read: \(error.reason)", in: tokenFile)
        }
    }

    private static func fault(_ message: String, in file: String) -> ConfigurationError {
        ConfigurationError(problems: [.init(place: Place(file: file), message: message)])
    }

    /// Says what is wrong, if something is, and ends the command.
    static func run(_ body: () async throws(OperatorConsole.Fault) -> Void) async throws {
        do throws(OperatorConsole.Fault) {
            try await body()
        } catch {
            StandardError.write("mcp-wsbridge: \(error)\n")
            throw ExitCode(1)
        }
    }
}
