// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// `[servers.NAME]`: one MCP server, started once per connection (`command`), dialled over HTTP (`url`), or part of the
/// bridge (`builtin`).
package struct Server: Sendable, Equatable {
    package enum ProtocolKind: String, Sendable, CaseIterable {
        /// JSON-RPC messages, one a line, each checked.
        case mcp
        /// Any text line, nothing checked.
        case lines
    }

    /// A server inside the bridge: no process and no descriptor of its own.
    package enum Builtin: String, Sendable, CaseIterable {
        /// Answers at once, and with what it was sent: for measuring the bridge, and for trying a deployment.
        case echo
    }

    /// Whether `[auth]` holds here.
    package enum Authentication: String, Sendable, CaseIterable {
        case required
        /// Anybody may use this server, `[auth]` or not.
        case open = "none"
    }

    /// Which connections outlive the death of their server's process, and get another (R38).
    package enum Restart: String, Sendable, CaseIterable {
        case never
        /// Those whose every request was one of revision 2026-07-28 or later: nothing of a session is lost with the process.
        case modernOnly = "modern-only"
    }

    /// How long each step of the ending ladder waits (R37).
    package struct Stop: Sendable, Equatable {
        /// From the closing of stdin to SIGTERM.
        package var stdinGrace: Duration = .seconds(2)
        /// From SIGTERM to SIGKILL.
        package var termGrace: Duration = .seconds(3)

        package init() {}
    }

    /// Letters, digits, `_`, `.` and `-` only: safe in logs, paths and metrics.
    package let name: String
    /// Program and arguments, no shell, no NUL; empty where there is an ``upstream`` or a ``builtin``. An argument that is a
    /// template is here by its description only.
    package var command: [String]
    /// The arguments of ``command`` that are templates.
    package var argumentTemplates: [ArgumentTemplate] = []
    /// The server behind a URL; nil where there is a ``command`` or a ``builtin``.
    package var upstream: Upstream?
    /// The server inside the bridge; nil where there is a ``command`` or an ``upstream``.
    package var builtin: Builtin?
    /// The path of the URL, exact: starts with `/`, no query, no escapes.
    package var path: String
    package var authentication: Authentication = .required
    /// Absolute; nil = the daemon's own.
    package var cwd: String?
    package var env: [EnvironmentEntry] = []
    /// Names of variables that the child takes over from the daemon where the daemon has them (R42).
    package var inheritEnv: [String] = []
    package var protocolKind: ProtocolKind = .mcp
    /// Whether UTF-8 in binary messages is taken as text (R14).
    package var acceptBinary = false
    package var stop = Stop()
    package var restart = Restart.never
    /// Whether the bridge is ready for clients only while this server is well.
    package var isRequired = false
    /// How old what is known of a required server may be before the bridge itself looks.
    package var probeInterval: Duration = .seconds(30)
    /// Responses of more bytes are replaced by an error; 0 = none is (R17).
    package var oversizeResponse = 0
    /// Whether a client is told the last lines of a failed child's stderr (R38).
    package var exposeStderr = false
    /// What clients may use of the server, by name, and of resources by URI.
    package var tools = AccessRule()
    package var prompts = AccessRule()
    package var resources = AccessRule()
    /// What a child is confined to; nil = nothing is done to it.
    package var sandbox: Sandbox?
    /// `[limits]` with `[servers.NAME.limits]` applied. Daemon-wide caps keep their daemon-wide values here.
    package var limits: Limits
    package var ownCaps = OwnCaps()
    @NotCompared package var place: Place

    package init(name: String, command: [String] = [], limits: Limits = Limits(), place: Place) {
        self.name = name
        self.command = command
        self.path = "/" + name
        self.limits = limits
        self.place = place
    }

    /// Whether each connection starts a process, which takes a place among the children.
    package var isStarted: Bool { upstream == nil && builtin == nil }
}
