// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Certificates that are replaced while the bridge runs (R76).
@Suite struct TLSReloadTests {
    /// How an operator replaces files.
    enum Replacement: String, CaseIterable, Sendable {
        /// Over the old contents, one after the other.
        case inPlace
        /// As Kubernetes does: the files are links into a folder, itself a link that is pointed elsewhere.
        case link
    }

    /// A folder with `used.pem` and `used.key`, which are `server`'s.
    private func folder(_ replacement: Replacement) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        switch replacement {
        case .inPlace: try put("server", into: folder)
        case .link:
            for name in ["server", "renewed"] {
                try files.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
                for kind in ["pem", "key"] {
                    try folder.write(try Certificates.contents("\(name).\(kind)"), to: "\(name)/used.\(kind)")
                }
            }
            try files.createSymbolicLink(atPath: "\(folder.path)/data", withDestinationPath: "server")
            for kind in ["pem", "key"] {
                try files.createSymbolicLink(
                    atPath: "\(folder.path)/used.\(kind)",
                    withDestinationPath: "data/used.\(kind)"
                )
            }
        }
        return folder
    }

    private func put(_ name: String, into folder: TemporaryFolder) throws {
        for kind in ["pem", "key"] {
            try folder.write(try Certificates.contents("\(name).\(kind)"), to: "used.\(kind)")
        }
    }

    private func replace(_ replacement: Replacement, in folder: TemporaryFolder) throws {
        switch replacement {
        case .inPlace: try put("renewed", into: folder)
        case .link:
            let files = FileManager.default
            try files.createSymbolicLink(atPath: "\(folder.path)/new", withDestinationPath: "renewed")
            guard rename("\(folder.path)/new", "\(folder.path)/data") == 0 else { throw POSIXError(.EIO) }
        }
    }

    private func waitRead(_ bridge: BridgeProcess, _ cause: String) throws -> LogRecord {
        try bridge.waitLog("files read again") {
            $0.message.hasPrefix("read the files of [listen.tls] again") && $0["cause"] == cause
        }
    }

    @Test(
        "R76: new files are used for new connections, and those that are open live on",
        arguments: Replacement.allCases
    )
    func replaced(replacement: Replacement) throws {
        let folder = try folder(replacement)
        let bridge = try BridgeProcess.tls(certificate: "@FOLDER@/used", folder: folder)
        let old = try bridge.connectTLS()
        #expect((old.socket as? TLSSocket)?.serverName == "server")
        #expect(try old.call("count").contentText == "1")
        try replace(replacement, in: folder)
        let record = try waitRead(bridge, "a file has changed")
        #expect(record["not_after"]?.hasSuffix("Z") == true)
        let new = try bridge.connectTLS()
        #expect((new.socket as? TLSSocket)?.serverName == "renewed")
        #expect(try new.call("count").contentText == "1")
        #expect(try old.call("count").contentText == "2")
        #expect(try old.close()?.code == 1000)
    }

    @Test("R76: SIGHUP has the files read at once, changed or not, and ends nothing")
    func hangup() throws {
        let folder = try folder(.inPlace)
        let bridge = try BridgeProcess.tls(certificate: "@FOLDER@/used", folder: folder)
        let old = try bridge.connectTLS()
        try put("renewed", into: folder)
        bridge.program.signal(SIGHUP)
        _ = try waitRead(bridge, "SIGHUP")
        #expect((try bridge.connectTLS().socket as? TLSSocket)?.serverName == "renewed")
        #expect(try old.call("count").contentText == "1")
        #expect(try bridge.stop() == 0)
    }

    @Test("R76: without [listen.tls] SIGHUP says that there is nothing to read, and ends nothing")
    func hangupWithoutTLS() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        bridge.program.signal(SIGHUP)
        _ = try bridge.waitLog("SIGHUP") { $0.message.hasPrefix("read the configuration again") }
        #expect(try socket.call("count").contentText == "1")
        #expect(try bridge.stop() == 0)
    }

    /// A file that is no good, and what is said of it.
    struct BadFile: CustomTestStringConvertible, Sendable {
        var file: String
        /// `@NAME@` is a file of `Tests/certificates`; nil for no file.
        var contents: String?
        var reason: String

        var testDescription: String { reason }

        static let all = [
            BadFile(file: "used.pem", contents: "none", reason: "`certificate` of [listen.tls] holds no certificate"),
            BadFile(
                file: "used.key",
                contents: "none",
                reason: "`key` of [listen.tls] holds no private key in PEM form"
            ),
            BadFile(file: "used.key", contents: nil, reason: "`key` of [listen.tls] cannot be read: no such file"),
            BadFile(
                file: "used.key",
                contents: "@renewed.key@",
                reason: "`key` of [listen.tls] is not the key of the first certificate in"
            ),
            BadFile(file: "used.key", contents: "@encrypted.key@", reason: "`key` of [listen.tls] is encrypted"),
            BadFile(file: "clients.pem", contents: "", reason: "`client_ca` of [listen.tls] holds no certificate"),
        ]
    }

    @Test(
        "R76, R73: files that are no good are named with the reason, and the old ones stay in use",
        arguments: BadFile.all,
        [false, true]
    )
    func bad(bad: BadFile, isSignalled: Bool) throws {
        let (file, contents, reason) = (bad.file, bad.contents, bad.reason)
        let folder = try folder(.inPlace)
        try folder.write(try Certificates.contents("clients.pem"), to: "clients.pem")
        let bridge = try BridgeProcess.tls(
            certificate: "@FOLDER@/used",
            more: #"client_ca = "@FOLDER@/clients.pem""#,
            folder: folder
        )
        if let contents {
            let name = contents.split(separator: "@").first.map(String.init) ?? ""
            try folder.write(contents.hasPrefix("@") ? try Certificates.contents(name) : contents, to: file)
        } else {
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(file)")
        }
        if isSignalled { bridge.program.signal(SIGHUP) }
        let record = try bridge.waitLog("an error") { $0.message.hasPrefix("cannot use the files of [listen.tls]") }
        #expect(record["level"] == "error")
        #expect(record["error"]?.hasPrefix("\(folder.path)/\(file): \(reason)") == true, "\(record)")
        #expect(!bridge.everythingWritten.contains("PRIVATE KEY"))
        let socket = try bridge.connectTLS(.init(certificate: "client"))
        #expect((socket.socket as? TLSSocket)?.serverName == "server")
        #expect(try socket.call("count").contentText == "1")
        // And what is put right is taken.
        try put("renewed", into: folder)
        try folder.write(try Certificates.contents("clients.pem"), to: "clients.pem")
        _ = try waitRead(bridge, "a file has changed")
        #expect((try bridge.connectTLS(.init(certificate: "client")).socket as? TLSSocket)?.serverName == "renewed")
    }

    @Test("R76: with another client_ca the clients of the old one are strangers, resumed sessions included")
    func authorityReplaced() throws {
        let folder = try folder(.inPlace)
        try folder.write(try Certificates.contents("clients.pem"), to: "clients.pem")
        let bridge = try BridgeProcess.tls(
            certificate: "@FOLDER@/used",
            more: #"client_ca = "@FOLDER@/clients.pem""#,
            folder: folder
        )
        var options = TLSSocket.Options(certificate: "client")
        let old = try bridge.connectTLS(options)
        #expect(try old.call("count").contentText == "1")
        options.session = try #require((old.socket as? TLSSocket)?.session)
        try folder.write(try Certificates.contents("strangers.pem"), to: "clients.pem")
        bridge.program.signal(SIGHUP)
        _ = try waitRead(bridge, "SIGHUP")
        #expect(throws: (any Error).self) { try bridge.connectTLS(options) }
        _ = try bridge.waitTLSFailure("not valid")
        #expect(try bridge.connectTLS(.init(certificate: "stranger")).call("count").contentText == "1")
        #expect(try old.call("count").contentText == "2")
    }

    @Test(
        "R76: check and the daemon refuse files that are no good, and warn of a certificate that has expired",
        arguments: [
            ("server", "renewed", "`key` of [listen.tls] is not the key of the first certificate", 78),
            ("nothing", "server", "`certificate` of [listen.tls] cannot be read: no such file", 78),
            ("server", "encrypted", "`key` of [listen.tls] is encrypted, and there is nobody to ask", 78),
            ("expired", "expired", "warning: ", 0), ("server", "server", "", 0),
        ] as [(String, String, String, CInt)]
    )
    func checked(certificate: String, key: String, message: String, status: CInt) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [listen]
            address = "127.0.0.1:0"
            [listen.tls]
            certificate = "\(try Certificates.path("\(certificate).pem"))"
            key = "\(try Certificates.path("\(key).key"))"
            [servers.echo]
            builtin = "echo"
            """,
            to: "bridge.toml"
        )
        let check = try BridgeProcess.run(["check", "--config", file])
        #expect(check.status == status, "\(check)")
        #expect(message.isEmpty ? check.errors.isEmpty : check.errors.contains(message), "\(check)")
        #expect(check.errors.contains("expired at") == (certificate == "expired"))
        if status == 0 {
            #expect(check.output.contains("tls       1.2 or newer, certificate "))
            #expect(check.output.contains("wss://127.0.0.1:0/echo"))
        } else {
            let daemon = try BridgeProcess.run(["--config", file])
            #expect(daemon.status == 78)
            #expect(daemon.errors.contains(message))
        }
    }
}
