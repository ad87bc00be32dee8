// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import Synchronization

/// The static tokens as they are now: read again when their files change (R8).
///
/// Used by all event loops at once; read again by the one task that looks after files.
final class TokenStore: CredentialVerifier {
    private struct State {
        var tokens: StaticTokens
        var watch: FileWatch<[FileStamp]>
    }

    private let files: [String]
    private let read: @Sendable () throws(ConfigurationError) -> [ResolvedToken]
    // Invariant: `tokens` is what the files held when they were read last, or the last that could be used.
    private let state: Mutex<State>
    // Invariant: one reading at a time, so that an older one never replaces a newer one.
    private let reading = Mutex(())

    /// - Parameters:
    ///   - files: those that `read` reads.
    ///   - read: gives the tokens anew. Blocks.
    /// - Throws: what is wrong with the tokens.
    init(
        files: [String],
        read: @escaping @Sendable () throws(ConfigurationError) -> [ResolvedToken]
    ) throws(ConfigurationError) {
        let stamps = files.map { FileStamp(path: $0) }
        self.read = read
        // A pipe gives what it holds once: nothing is read again where something cannot be.
        self.files = stamps.contains { $0.isStream } ? [] : files
        self.state = Mutex(State(tokens: try Self.tokens(try read()), watch: FileWatch(read: stamps)))
    }

    var acceptsQueryTokens: Bool { true }

    func verify(_ token: BearerToken, now: Int64) -> CredentialVerdict {
        // The comparison itself goes on outside the lock.
        self.state.withLock { $0.tokens }.verify(token, now: now)
    }

    /// Reads the tokens again where a file of theirs has changed. What cannot be used leaves the old ones in place. Blocks.
    ///
    /// - Parameter always: without looking whether anything has changed.
    func reload(always: Bool, _ logger: Logger) {
        guard !self.files.isEmpty else { return }
        self.reading.withLock { _ in self.read(always: always, logger) }
    }

    private func read(always: Bool, _ logger: Logger) {
        let stamps = self.files.map { FileStamp(path: $0) }
        let isDue = self.state.withLock { state in
            guard always || state.watch.look(stamps) else { return false }
            state.watch.wasRead(stamps)
            return true
        }
        guard isDue else { return }
        do throws(ConfigurationError) {
            if let (path, _) = zip(self.files, stamps).first(where: { $0.1.isStream }) {
                throw ConfigurationError(
                    problems: [.init(place: Place(file: path), message: "is no regular file any more")]
                )
            }
            let tokens = try Self.tokens(try self.read())
            self.state.withLock { $0.tokens = tokens }
            logger.info("read the tokens again", metadata: [LogKey.count: "\(tokens.entries.count)"])
        } catch {
            logger.error(
                "cannot read the tokens again and goes on with the old ones",
                metadata: [LogKey.error: "\(error)"]
            )
        }
    }

    private static func tokens(_ resolved: [ResolvedToken]) throws(ConfigurationError) -> StaticTokens {
        var entries: [StaticTokens.Entry] = []
        var problems: [ConfigurationError.Problem] = []
        for item in resolved {
            let digest =
                switch item.value {
                case .sha256(let hex): TokenDigest(hex: hex)
                case .text(let text): TokenDigest.sha256(Array(text.utf8))
                }
            let token = item.token
            guard let digest else {
                problems.append(.init(place: token.place, message: "token `\(token.name)`: libcrypto has no SHA-256"))
                continue
            }
            if let other = entries.first(where: { $0.digest == digest }) {
                let message = "token `\(token.name)` is the same as token `\(other.principal.name)`: make one for each"
                problems.append(.init(place: token.place, message: message))
            }
            let principal = Principal(kind: .token, name: token.name, servers: token.servers.map(Set.init))
            entries.append(StaticTokens.Entry(digest: digest, principal: principal))
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return StaticTokens(entries, digest: TokenDigest.sha256)
    }
}
