// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension DescriptorLimit {
    /// Raises the soft limit of open descriptors to the hard one (R43).
    ///
    /// - Returns: the limit as it was, to be handed back to children (R42), and the one in force now; nil where the
    ///   kernel does not tell.
    package static func raise() -> (original: DescriptorLimit, now: DescriptorLimit)? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        let original = DescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return (original, original) }
        return (original, DescriptorLimit(soft: original.hard, hard: original.hard))
    }
}
