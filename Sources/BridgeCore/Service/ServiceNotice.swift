// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What the service manager is told: a text of assignments, a line each (sd_notify(3)).
package struct ServiceNotice: Sendable, Equatable {
    package let text: String

    /// The bridge serves: for the first time, or again after ``reloading(at:)``.
    package static func ready(_ status: ServiceStatus) -> Self { Self(text: "READY=1\nSTATUS=\(status.text)") }

    package static func status(_ status: ServiceStatus) -> Self { Self(text: "STATUS=\(status.text)") }

    /// The configuration is being read again. systemd from 253 on knows by the time which reload ``ready(_:)`` belongs to.
    ///
    /// - Parameter nanoseconds: of the monotonic clock.
    package static func reloading(at nanoseconds: Int64) -> Self {
        Self(text: "RELOADING=1\nMONOTONIC_USEC=\(nanoseconds / 1_000)")
    }

    /// The bridge has begun to drain.
    package static func stopping(_ status: ServiceStatus) -> Self { Self(text: "STOPPING=1\nSTATUS=\(status.text)") }

    /// The drain goes on and is to be given so much time from now on: it has a time limit of its own.
    ///
    /// - Parameter seconds: until the next notice of this kind at the latest.
    package static func draining(_ status: ServiceStatus, seconds: Int) -> Self {
        Self(text: "EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)\nSTATUS=\(status.text)")
    }

    /// All event loops turn.
    package static let alive = Self(text: "WATCHDOG=1")
}

/// How the bridge is, for `systemctl status`.
package struct ServiceStatus: Sendable, Equatable {
    package var isDraining: Bool
    package var connections: Int
    /// MCP servers that run.
    package var children: Int
    /// Why the configuration that was read last is not in use; nil where it is.
    package var reloadFault: String?

    package init(isDraining: Bool = false, connections: Int, children: Int, reloadFault: String? = nil) {
        self.isDraining = isDraining
        self.connections = connections
        self.children = children
        self.reloadFault = reloadFault
    }

    /// One line.
    package var text: String {
        let connections = Self.count(self.connections, "connection")
        let children = Self.count(self.children, "MCP server")
        let counts = self.isDraining ? "Draining: \(connections) left" : "Serving \(connections)"
        let fault = self.reloadFault.map { "; the configuration was read again and refused: \(Self.line($0))" } ?? ""
        return "\(counts), \(children) running\(fault)"
    }

    private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// A line break would begin another assignment.
    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
