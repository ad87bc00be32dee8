// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

private let digest = String(repeating: "ab", count: 32)
private let token = "[[auth.tokens]]\nname = \"ci\"\nsha256 = \"\(digest)\"\n"
private let pair = "[listen.tls]\ncertificate = \"/c.pem\"\nkey = \"/k.pem\"\n"

@Suite("Several listeners")
struct ListenersTests {
    @Test("R11: each [[listen]] has its own keys, and the [listen.tls] behind it")
    func several() throws {
        let configuration = try parse(
            """
            [[listen]]
            address = "127.0.0.1:1"
            allowed_origins = ["https://a.example"]
            allowed_hosts = ["a.example"]
            public_url = "https://a.example"
            event_loops = 3
            [[listen]]
            address = "0.0.0.0:2"
            allowed_origins = ["https://b.example"]
            insecure_public = true
            behind_tls_proxy = true
            [listen.tls]
            certificate = "/b.pem"
            key = "/b.key"
            [[listen]]
            address = "unix:/run/s"
            mode = "0660"
            owner = "mcp"
            group = 4242
            [[listen]]
            address = "127.0.0.1:3"
            [listen.tls]
            certificate = "/c.pem"
            key = "/c.key"
            [servers.a]
            command = ["x"]
            """
        )
        let listeners = configuration.listeners
        #expect(listeners.map(\.address.description) == ["127.0.0.1:1", "0.0.0.0:2", "unix:/run/s", "127.0.0.1:3"])
        #expect(listeners.map(\.allowedOrigins) == [["https://a.example"], ["https://b.example"], [], []])
        #expect(listeners.map(\.allowedHosts) == [["a.example"], [], [], []])
        #expect(listeners.map(\.publicURL?.origin) == ["https://a.example", nil, nil, nil])
        #expect(listeners.map(\.insecurePublic) == [false, true, false, false])
        #expect(listeners.map(\.behindTLSProxy) == [false, true, false, false])
        #expect(listeners.map(\.tls?.certificate) == [nil, "/b.pem", nil, "/c.pem"])
        #expect(listeners.map(\.access.mode.bits) == [0o600, 0o600, 0o660, 0o600])
        #expect(listeners[2].access.owner?.value == .name("mcp"))
        #expect(listeners[2].access.group?.value == .id(4242))
        #expect(configuration.eventLoops == 3)
    }

    @Test("R6: without [listen], and with one [[listen]], there is one listener; the default is 127.0.0.1")
    func one() throws {
        #expect(try parse(anyServer).listeners == [Listen()])
        #expect(try parse("[[listen]]\n\(anyServer)").listeners == [Listen()])
        #expect(try parse("listen = [{ address = \"127.0.0.1:1\" }]\n\(anyServer)").listeners.count == 1)
        #expect(try parse("[[listen]]\nevent_loops = 2\n\(anyServer)").eventLoops == 2)
        #expect(try parse("[listen]\nevent_loops = 2\n\(anyServer)").eventLoops == 2)
    }

    @Test(
        "R11: what is wrong with several listeners is said with its place",
        arguments: [
            (
                "listen = []",
                "b.toml:1:10: `listen` must be one table, written [listen], or several, each written [[listen]]"
            ),
            ("listen = [{}, 1]", "b.toml:1:10: `listen` must be one table"),
            ("listen = \"127.0.0.1:1\"", "b.toml:1:10: `listen` must be a table, written [listen]"),
            ("[listen]\n[[listen]]", "b.toml:2:1: not valid TOML"),
            ("[[listen]]\n[listen]", "b.toml:2:1: not valid TOML"),
            ("[listen.tls]\n[[listen]]", "b.toml:2:1: not valid TOML"),
            ("[[listen]]\n[listen.tls]\n[listen.tls]", "b.toml:3:1: not valid TOML"),
            (
                "[[listen]]\n[[listen]]",
                "b.toml:2:1: `address` \"127.0.0.1:8765\" is already that of the listener in line 1"
            ),
            (
                "[[listen]]\naddress = \"[::1]:1\"\n[[listen]]\naddress = \"[0::1]:1\"",
                "b.toml:4:11: `address` \"[0::1]:1\" is in the way of \"[::1]:1\", that of the listener in line 2: give each [[listen]] "
                    + "an address of its own"
            ),
            (
                "[[listen]]\naddress = \"127.0.0.1:1\"\nadress = 1\n[[listen]]\naddress = \"127.0.0.1:1\"",
                "b.toml:5:11: `address` \"127.0.0.1:1\" is already that of the listener in line 2"
            ),
            (
                "[[listen]]\n[[listen]]\nadress = 1",
                "b.toml:3:1: unknown key `adress` in [listen]; did you mean `address`?"
            ),
            (
                "[[listen]]\n[[listen]]\naddress = \"127.0.0.1:1\"\nevent_loops = 2",
                "b.toml:4:1: `event_loops` belongs in the first [[listen]]: the event loops are the daemon's"
            ),
            (
                "[[listen]]\nevent_loops = 2\n[[listen]]\naddress = \"127.0.0.1:1\"\nevent_loops = 2",
                "b.toml:5:1: `event_loops` belongs in the first [[listen]]"
            ),
            (
                "[[listen]]\n[[listen]]\naddress = \"127.0.0.1:1\"\n[listen.tls]\nkey = \"/k\"",
                "b.toml:4:9: [listen.tls] lacks `certificate`"
            ),
        ]
    )
    func refused(_ text: String, _ message: String) {
        let report = refusal(of: "\(text)\n\(anyServer)")
        #expect(report.contains(message), "\(report)")
    }

    @Test(
        "Addresses that two sockets cannot share are found without asking the kernel",
        arguments: [
            ("127.0.0.1:1", "127.0.0.1:1", true), ("127.0.0.1:1", "127.0.0.1:2", false),
            ("127.0.0.1:0", "127.0.0.1:0", false), ("0.0.0.0:1", "127.0.0.1:1", true),
            ("127.0.0.1:1", "0.0.0.0:1", true), ("[::]:1", "[::1]:1", true), ("[::]:1", "0.0.0.0:1", false),
            ("[::ffff:127.0.0.1]:1", "127.0.0.1:1", true), ("[::1]:1", "127.0.0.1:1", false),
            ("Host.example:1", "host.example:1", true), ("a.example:1", "b.example:1", false),
            ("localhost:1", "127.0.0.1:1", false), ("0.0.0.0:1", "a.example:1", false),
            ("unix:/run/s", "unix:/run//./s", true), ("unix:/run/s", "unix:/run/t", false),
            ("unix:/run/s", "127.0.0.1:1", false), ("127.0.0.1:1", "127.0.0.2:1", false),
        ]
    )
    func overlaps(_ one: String, _ other: String, _ expected: Bool) throws {
        let (one, other) = (try ListenAddress(parsing: one), try ListenAddress(parsing: other))
        #expect(one.overlaps(other) == expected)
        #expect(other.overlaps(one) == expected)
        #expect(!expected || one.mayOverlap(other))
    }

    @Test(
        "Addresses that only the kernel can tell apart may exclude each other",
        arguments: [
            ("[::]:1", "0.0.0.0:1", true), ("localhost:1", "127.0.0.1:1", true), ("a.example:1", "b.example:1", true),
            ("[::]:1", "127.0.0.1:1", true), ("127.0.0.1:1", "127.0.0.2:1", false), ("[::]:1", "0.0.0.0:2", false),
            ("localhost:0", "localhost:0", false), ("unix:/a", "localhost:1", false), ("unix:/a", "unix:/b", false),
        ]
    )
    func mayOverlap(_ one: String, _ other: String, _ expected: Bool) throws {
        let (one, other) = (try ListenAddress(parsing: one), try ListenAddress(parsing: other))
        #expect(one.mayOverlap(other) == expected)
        #expect(other.mayOverlap(one) == expected)
    }

    // MARK: Each by itself

    @Test(
        "R6: whether a listener is exposed, or tokens are in clear text there, is judged for each",
        arguments: [
            // The way out of one is none for the other.
            ("0.0.0.0:1", "", "insecure_public = true", "", "b.toml:2:11: `address` \"0.0.0.0:1\" can be reached"),
            ("0.0.0.0:1", "insecure_public = true", "", "", "b.toml:5:11: `address` \"0.0.0.0:2\" can be reached"),
            ("127.0.0.1:1", "insecure_public = true", "", "", "b.toml:5:11: `address` \"0.0.0.0:2\" can be reached"),
            ("0.0.0.0:1", "insecure_public = true", "insecure_public = true", "", ""),
            (
                "0.0.0.0:1", "\(pair)client_ca = \"/ca.pem\"", "", "",
                "b.toml:8:11: `address` \"0.0.0.0:2\" can be reached"
            ),
            // With [auth].
            (
                "127.0.0.1:1", "", "", token,
                "b.toml:5:11: `address` \"0.0.0.0:2\" can be reached from other machines, and without TLS"
            ),
            (
                "0.0.0.0:1", pair, "", token,
                "b.toml:7:11: `address` \"0.0.0.0:2\" can be reached from other machines, and without TLS"
            ),
            ("0.0.0.0:1", "behind_tls_proxy = true", "", token, "b.toml:5:11: `address` \"0.0.0.0:2\""),
            ("0.0.0.0:1", pair, "behind_tls_proxy = true", token, ""),
        ]
    )
    func exposure(_ address: String, _ first: String, _ second: String, _ auth: String, _ message: String) {
        let first = first.isEmpty ? "#" : first.hasSuffix("\n") ? String(first.dropLast()) : first
        let report = refusal(
            of: """
                [[listen]]
                address = "\(address)"
                \(first)
                [[listen]]
                address = "0.0.0.0:2"
                \(second)
                \(auth)\(anyServer)
                """
        )
        #expect(report.hasPrefix(message) && report.isEmpty == message.isEmpty, "\(report)")
        #expect(report.split(separator: "\n").count <= 1)
    }

    @Test("R8: [auth.unix] needs one Unix socket, whichever it is; client certificates at one listener are a way in")
    func auth() throws {
        let unix = "[auth.unix]\nallow_uids = [1]\n\(anyServer)"
        let tcp = "[[listen]]\naddress = \"127.0.0.1:1\"\n[[listen]]\naddress = \"127.0.0.1:2\"\n"
        #expect(
            refusal(of: tcp + unix).hasPrefix(
                "b.toml:5:7: [auth.unix] needs a Unix socket: 127.0.0.1:1 or 127.0.0.1:2 does"
            )
        )
        #expect(refusal(of: "\(tcp)[[listen]]\naddress = \"unix:/s\"\n\(unix)") == "")
        #expect(refusal(of: "\(tcp)[auth]\n\(anyServer)").contains("[auth] lets nobody in"))
        #expect(refusal(of: "\(tcp)\(pair)client_ca = \"/ca\"\n[auth]\n\(anyServer)") == "")
    }

    // MARK: check

    @Test("R6: check shows each listener with what it asks, and each server's URL at each")
    func report() throws {
        let configuration = try parse(
            """
            [[listen]]
            address = "unix:/run/s"
            mode = "0660"
            group = "agents"
            [[listen]]
            address = "0.0.0.0:2"
            \(pair)client_ca = "/ca.pem"
            [[listen]]
            address = "127.0.0.1:3"
            [[listen]]
            address = "unix:/run/t"
            [servers.time]
            builtin = "echo"
            """
        )
        var machine = CheckReport.Surroundings.everything
        machine.certificates["/c.pem"] = CertificatePeriod(notBefore: 0, notAfter: 1_000)
        machine.now = 1_001
        let report = CheckReport(configuration, file: "b.toml", in: machine)
        #expect(
            report.lines == [
                "listen    unix:/run/s (this machine only), mode 0660, group agents",
                "listen    0.0.0.0:2 (reachable from other machines)",
                "tls       1.2 or newer, certificate /c.pem until 1970-01-01T00:16:40Z, key /k.pem, "
                    + "clients with a certificate of /ca.pem for any name",
                "listen    127.0.0.1:3 (this machine only)",
                "listen    unix:/run/t (this machine only)",
                "",
                "time  ws+unix:/run/s:/time",
                "      wss://0.0.0.0:2/time",
                "      ws://127.0.0.1:3/time",
                "      ws+unix:/run/t:/time",
                "  builtin   echo (inside the bridge: nothing is started or dialled)",
            ]
        )
        #expect(
            report.warnings.map(\.description) == [
                "/c.pem: the certificate of [listen.tls] expired at 1970-01-01T00:16:40Z: clients refuse it"
            ]
        )
    }

    @Test("R6: warnings are of one listener, and say of which")
    func warnings() throws {
        let open = try parse(
            """
            [[listen]]
            address = "0.0.0.0:1"
            insecure_public = true
            [[listen]]
            address = "127.0.0.1:2"
            insecure_public = true
            [[listen]]
            address = "unix:/s"
            mode = "0666"
            insecure_public = true
            [[listen]]
            address = "unix:/t"
            owner = 7
            group = 7
            mode = "0040"
            """.replacing("\"0040\"", with: "\"0002\"\ninsecure_public = true") + "\n" + anyServer
        )
        let all = "can use every configured server: there is no authentication"
        #expect(
            CheckReport(open, file: "b.toml", in: .everything).warnings.map(\.description) == [
                "b.toml: anyone who can reach 0.0.0.0:1 \(all)",
                "b.toml: `insecure_public` has no effect: 127.0.0.1:2 is reachable from this machine only",
                "b.toml: anyone who can reach unix:/s \(all)",
                "b.toml: anyone who can reach unix:/t \(all)",
                "b.toml: `group` of unix:/t has no effect: `mode` \"0002\" does not let a group connect, which takes the right "
                    + "to write, as in \"0660\"",
                "b.toml: `owner` of unix:/t has no effect: `mode` \"0002\" does not let the owner connect",
            ]
        )
        let asked = try parse(
            """
            [[listen]]
            address = "unix:/s"
            mode = "0666"
            [[listen]]
            address = "127.0.0.1:2"
            insecure_public = true
            [auth.unix]
            allow_uids = [1]
            \(anyServer)
            """
        )
        #expect(
            CheckReport(asked, file: "b.toml", in: .everything).warnings.map(\.description) == [
                "b.toml: `insecure_public` of 127.0.0.1:2 has no effect: [auth] decides who may use the servers",
                "b.toml: nobody can come in at 127.0.0.1:2: [auth] has no credential that clients could present there",
            ]
        )
        var configuration = asked
        configuration.servers[0].authentication = .open
        #expect(
            CheckReport(configuration, file: "b.toml", in: .everything).warnings.map(\.message).contains(
                "server `a`: anyone who can reach unix:/s can use it: it has `auth` = \"none\""
            )
        )
    }
}
