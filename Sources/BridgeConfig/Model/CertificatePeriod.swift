// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// When a certificate is valid; all times in seconds since 1970.
package struct CertificatePeriod: Sendable, Equatable {
    private static let day: Int64 = 86_400
    /// Who renews certificates does it with a third of their life left; two weeks are what people need to do it by hand.
    private static let notice = 14 * day
    private static let shareOfLife: Int64 = 5

    package let notBefore: Int64
    package let notAfter: Int64

    package init(notBefore: Int64, notAfter: Int64) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// What clients will object to, or will soon; nil when all is well.
    package func problem(now: Int64) -> String? {
        if now > self.notAfter { return "expired at \(Self.text(self.notAfter)): clients refuse it" }
        if now < self.notBefore { return "is not valid before \(Self.text(self.notBefore)): clients refuse it" }
        let left = self.notAfter - now
        // Certificates of a day or an hour are renewed all the time.
        guard left < Self.notice, left < (self.notAfter - self.notBefore) / Self.shareOfLife else { return nil }
        let days = left / Self.day
        let rest = days == 0 ? "in less than a day" : days == 1 ? "in a day" : "in \(days) days"
        return "expires at \(Self.text(self.notAfter)), \(rest): renew it"
    }

    /// RFC 3339, `2026-11-23T03:12:49Z`.
    package static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
        var text = [CChar](repeating: 0, count: 40)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
