// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// The log of one session, each line of which says which one it is.
///
/// The logger for that is made for each line: kept, it would be half a kilobyte of each connection, for two lines in its life.
struct SessionLog: Sendable {
    private let base: Logger
    /// Nil where there is but one, as in a probe.
    private let connection: ConnectionID?
    private let server: String

    init(_ base: Logger, _ connection: ConnectionID? = nil, server: String = "") {
        self.base = base
        self.connection = connection
        self.server = server
    }

    /// It tells of every request.
    var isDebug: Bool { self.base.logLevel <= .debug }

    var logger: Logger {
        guard let connection else { return self.base }
        var logger = self.base
        logger[metadataKey: LogKey.connection] = "\(connection)"
        logger[metadataKey: LogKey.server] = "\(self.server)"
        return logger
    }
}
