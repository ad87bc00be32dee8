// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("[listen.tls]")
struct ListenTLSTests {
    private func tls(_ lines: String, address: String = "127.0.0.1:1") -> String {
        "[listen]\naddress = \"\(address)\"\n[listen.tls]\n\(lines)\n\(anyServer)"
    }

    private let pair = "certificate = \"/c.pem\"\nkey = \"/k.pem\""

    @Test("R76: all of it")
    func everything() throws {
        let read = try parse(
            tls(
                """
                \(pair)
                client_ca = "/ca.pem"
                client_names = ["spiffe://t.example/ns/*", "*.agents.example"]
                minimum_version = "1.3"
                """
            )
        ).listeners[0].tls
        var expected = ListenTLS(certificate: "/c.pem", key: "/k.pem")
        expected.clientCA = "/ca.pem"
        expected.clientNames = [
            try ClientNamePattern("spiffe://t.example/ns/*"), try ClientNamePattern("*.agents.example"),
        ]
        expected.minimumVersion = .v1_3
        #expect(read == expected)
    }

    @Test("R76: certificate and key are enough, TLS 1.2 is the oldest version")
    func least() throws {
        let listen = try parse(tls(pair)).listeners[0]
        #expect(listen.tls == ListenTLS(certificate: "/c.pem", key: "/k.pem"))
        #expect(listen.tls?.minimumVersion == .v1_2)
        #expect(listen.webSocketURL(path: "/a") == "wss://127.0.0.1:1/a")
        #expect(listen.webSocketURL(path: "/a", port: 7) == "wss://127.0.0.1:7/a")
        #expect(try parse(anyServer).listeners[0].webSocketURL(path: "/a") == "ws://127.0.0.1:8765/a")
        #expect(ListenAddress.unix(path: "/s").webSocketURL(path: "/a", isSecure: true) == "wss+unix:/s:/a")
    }

    @Test(
        "R76: what is wrong is said with its place",
        arguments: [
            ("certificate = \"/c.pem\"", "b.toml:3:9: [listen.tls] lacks `key`"),
            ("", "b.toml:3:9: [listen.tls] lacks `certificate` and `key`"),
            ("certificate = \"c.pem\"\nkey = \"/k\"", "b.toml:4:15: `certificate` must be an absolute path"),
            ("@pair@\nclient_names = [\"a.example\"]", "b.toml:6:1: `client_names` needs `client_ca`"),
            (
                "@pair@\nclient_ca = \"/a\"\nclient_names = [\"a.example\", \"*\"]",
                "b.toml:7:30: `client_names` must not"
            ),
            (
                "@pair@\nclient_ca = \"/a\"\nclient_names = [\"a.*\"]",
                "b.toml:7:17: `client_names` takes `*` as the first"
            ),
            (
                "@pair@\nclient_ca = \"/a\"\nclient_names = [\"::1\"]",
                "takes host names and URIs, not addresses such as"
            ),
            ("@pair@\nclient_ca = \"/a\"\nclient_names = [\"a@b\"]", "takes host names such as \"agent.example\""),
            ("@pair@\nclient_ca = \"/a\"\nclient_names = \"a\"", "must be an array of strings such as"),
            ("@pair@\nminimum_version = \"1.1\"", "b.toml:6:19: `minimum_version`"),
            ("@pair@\nminimum_version = 1.2", "b.toml:6:19: `minimum_version`"),
            ("@pair@\ncertifcate = \"/c\"", "did you mean `certificate`?"),
        ]
    )
    func refused(lines: String, message: String) {
        let text = refusal(of: tls(lines.replacing("@pair@", with: pair)))
        #expect(text.contains(message), "\(text)")
    }

    @Test("R6: an address beyond loopback is open to whoever has a client certificate, and to nobody by TLS alone")
    func exposure() throws {
        #expect(refusal(of: tls(pair, address: "0.0.0.0:1")).contains("can be reached from other machines"))
        let text = tls("\(pair)\nclient_ca = \"/ca.pem\"", address: "0.0.0.0:1")
        #expect(refusal(of: text) == "")
        let report = CheckReport(try parse(text), file: "b.toml", in: .everything)
        #expect(report.warnings.isEmpty, "\(report.warnings)")
    }

    @Test("R76: check says what clients need, and when the certificate ends")
    func report() throws {
        let text = tls("\(pair)\nclient_ca = \"/ca.pem\"\nclient_names = [\"a.example\", \"*.b.example\"]")
        var machine = CheckReport.Surroundings.everything
        machine.certificates["/c.pem"] = CertificatePeriod(notBefore: 0, notAfter: 1_795_403_569)
        let report = CheckReport(try parse(text), file: "b.toml", in: machine)
        let line =
            "tls       1.2 or newer, certificate /c.pem until 2026-11-23T03:12:49Z, key /k.pem, "
            + "clients with a certificate of /ca.pem for a.example or *.b.example"
        #expect(report.lines.contains(line), "\(report.lines)")
        #expect(report.lines.contains("a  wss://127.0.0.1:1/a"))
    }

    @Test(
        "R76: a certificate that clients refuse, now or soon, is a warning",
        arguments: [
            (0, 1_000, 1_001, "expired at 1970-01-01T00:16:40Z: clients refuse it"),
            (500, 1_000, 499, "is not valid before"),
            // Of 90 days.
            (0, 90, 0, nil), (0, 90, 70, nil), (0, 90, 77, "expires at 1970-04-01T00:00:00Z, in 13 days: renew it"),
            (0, 90, 88, "in 2 days"), (0, 90, 89, "in a day"),
            // Of three days: renewed every other day.
            (0, 3, 2, nil),
        ] as [(Int64, Int64, Int64, String?)]
    )
    func ends(notBefore: Int64, notAfter: Int64, now: Int64, warning: String?) throws {
        let unit: Int64 = notAfter > 100 ? 1 : 86_400
        var machine = CheckReport.Surroundings.everything
        machine.certificates["/c.pem"] = CertificatePeriod(notBefore: notBefore * unit, notAfter: notAfter * unit)
        machine.now = now * unit
        let warnings = CheckReport(try parse(tls(pair)), file: "b.toml", in: machine).warnings
        #expect(warnings.count == (warning == nil ? 0 : 1))
        if let warning { #expect(warnings.first?.message.contains(warning) == true, "\(warnings)") }
    }
}
