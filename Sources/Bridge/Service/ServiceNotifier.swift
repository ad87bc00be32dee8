// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import CSystemd
internal import Glibc

/// The service manager that started this process and wants to hear how it is: systemd, or what speaks like it.
package struct ServiceNotifier: Sendable {
    /// How often it wants to hear that the bridge is alive; nil where it does not (`WatchdogSec=`).
    package let watchdogTimeout: Duration?

    /// Nil where nobody wants to hear anything, as in a terminal or a container.
    package init?() {
        guard getenv("NOTIFY_SOCKET") != nil else { return nil }
        var microseconds: UInt64 = 0
        let isWatched = sd_watchdog_enabled(0, &microseconds) > 0
        self.watchdogTimeout = isWatched ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    /// Never waits; what cannot be told is lost.
    func send(_ notice: ServiceNotice) {
        _ = notice.text.withCString { sd_notify(0, $0) }
    }
}
