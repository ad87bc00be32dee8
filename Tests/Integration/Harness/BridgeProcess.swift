// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The real bridge with a configuration of its own in a folder of its own.
final class BridgeProcess {
    /// The folder of the built products: that of the running test program.
    static let products: String = {
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (executable as NSString).deletingLastPathComponent
    }()
    static var executable: String { products + "/mcp-wsbridge" }
    static var fixture: String { products + "/FixtureServer" }

    /// Made for this bridge, gone with it.
    let folder: TemporaryFolder
    let program: RunningProgram
    /// Of the first WebSocket address that it printed; 0 where it listens on a socket file.
    let port: UInt16

    var pid: pid_t { program.pid }

    /// Starts a bridge and waits until it serves.
    ///
    /// - Parameters:
    ///   - configuration: text of the file; `@FOLDER@` stands for this bridge's folder.
    ///   - prefix: a command that runs the bridge in its place, such as prlimit(1).
    init(
        configuration: String,
        folder: TemporaryFolder? = nil,
        prefix: [String] = [],
        arguments: [String] = [],
        environment: [String: String]? = nil
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        let file = try folder.write(
            configuration.replacingOccurrences(of: "@FOLDER@", with: folder.path),
            to: "bridge.toml"
        )
        program = try RunningProgram(
            prefix + [Self.executable, "--config", file] + arguments,
            environment: environment
        )
        port = try Self.waitReady(program)
    }

    /// Starts a bridge that needs no configuration file, with these arguments.
    init(arguments: [String], environment: [String: String]? = nil) throws {
        folder = try TemporaryFolder()
        program = try RunningProgram([Self.executable] + arguments, environment: environment)
        port = try Self.waitReady(program)
    }

    /// Waits for the first address in the banner and returns its port.
    private static func waitReady(_ program: RunningProgram) throws -> UInt16 {
        let banner = try program.output.wait(for: "the address of a server") {
            $0.contains("ws://") || $0.contains("wss://") || $0.contains("unix:")
        }
        guard let banner else {
            let status = try program.wait()
            throw BridgeDidNotStart(status: status, errors: program.errors.lines + program.output.lines)
        }
        guard let address = banner.firstRange(of: "ws://") ?? banner.firstRange(of: "wss://") else { return 0 }
        let rest = banner[address.upperBound...]
        guard let colon = rest.firstIndex(of: "]") ?? rest.firstIndex(of: ":") else { return 0 }
        return UInt16(rest[colon...].drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
    }

    /// A bridge with one server, `fixture` at `/fixture`: FixtureServer with these behaviours.
    ///
    /// - Parameters:
    ///   - server: more lines of `[servers.fixture]`.
    ///   - listen: lines of `[listen]` besides the address; likewise `limits`, `drain`.
    ///   - more: further sections.
    static func fixture(
        _ behaviours: String...,
        server: String = "",
        listen: String = "",
        limits: String = "",
        drain: String = "",
        more: String = "",
        prefix: [String] = [],
        environment: [String: String]? = nil,
        folder: TemporaryFolder? = nil
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                \(listen)
                [limits]
                \(limits)
                [drain]
                \(drain)
                [servers.fixture]
                command = \(command(behaviours))
                \(server)
                \(more)
                """,
            folder: folder,
            prefix: prefix,
            environment: environment
        )
    }

    /// A bridge with one server, `docs` at `/docs`, that is dialled at `url`.
    ///
    /// - Parameters:
    ///   - server: more lines of `[servers.docs]`; likewise `limits`.
    static func http(
        _ url: String,
        server: String = "",
        limits: String = "",
        more: String = "",
        prefix: [String] = [],
        environment: [String: String]? = nil,
        folder: TemporaryFolder? = nil
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [limits]
                \(limits)
                [servers.docs]
                url = "\(url)"
                \(server)
                \(more)
                """,
            folder: folder,
            prefix: prefix,
            environment: environment
        )
    }

    /// A line of a server's section for tests that wait for servers that do not end by themselves.
    static let stopsSoon = #"stop = { stdin_grace = "200ms", term_grace = "200ms" }"#

    /// The command of a FixtureServer with these behaviours, as TOML.
    static func command(_ behaviours: [String]) -> String {
        let words = [fixture] + behaviours.flatMap { ["--behaviour", $0] }
        return "[" + words.map { "'\($0)'" }.joined(separator: ", ") + "]"
    }

    /// A connection to `path`, which must be accepted.
    func connect(_ path: String = "/fixture", receiveBuffer: CInt? = nil) throws -> RawWebSocket {
        try RawWebSocket(port: port, path: path, receiveBuffer: receiveBuffer)
    }

    /// Waits until a handshake is accepted, as it is once what stood in the way has gone.
    func waitPlace() throws {
        try eventually("a place for a connection") { (try? connect()) != nil }
    }

    /// The answer to a handshake that may be refused.
    func handshake(
        _ path: String = "/fixture",
        headers: [String] = [],
        without: [String] = [],
        method: String = "GET"
    ) throws -> HTTPAnswer {
        let socket = try RawSocket(port: port)
        try socket.send(Handshake(path: path, port: port, headers: headers, without: without, method: method).bytes)
        return try socket.receiveAnswer()
    }

    /// The children that it has now, zombies included.
    var children: [ProcessTable.Entry] { ProcessTable.children(of: pid) }

    /// Waits until it has exactly this many children.
    func waitChildren(_ count: Int, within seconds: Double = Deadline.patience) throws {
        try eventually("\(count) children, there are \(children.count)", within: seconds) { children.count == count }
    }

    /// The fields of the first log record that satisfies `predicate`, as soon as it is there.
    func waitLog(_ what: String, _ predicate: (LogRecord) -> Bool) throws -> LogRecord {
        var found: LogRecord?
        _ = try program.errors.wait(for: what) { line in
            guard let record = LogRecord(line), predicate(record) else { return false }
            found = record
            return true
        }
        guard let found else { throw DeadlineExceeded("the log record: \(what); the bridge ended") }
        return found
    }

    /// The record of the first connection's end.
    func waitConnectionEnded() throws -> LogRecord {
        try waitLog("the end of a connection") { $0.message.contains("connection ended") }
    }

    /// All that it wrote.
    var everythingWritten: String { (program.output.lines + program.errors.lines).joined(separator: "\n") }

    /// SIGTERM, and the exit status.
    func stop(within seconds: Double = Deadline.patience) throws -> CInt {
        program.signal(SIGTERM)
        return try program.wait(within: seconds)
    }

    /// Runs the bridge with arguments until it ends.
    static func run(_ arguments: [String]) throws -> (status: CInt, output: String, errors: String) {
        let program = try RunningProgram([executable] + arguments)
        let status = try program.wait()
        try program.output.waitEnd()
        try program.errors.waitEnd()
        return (
            status, program.output.lines.joined(separator: "\n"), program.errors.lines.joined(separator: "\n")
        )
    }
}

struct BridgeDidNotStart: Error, CustomStringConvertible {
    let status: CInt
    let errors: [String]

    var description: String { "the bridge ended with \(status): \(errors.joined(separator: "\n"))" }
}

/// One line of the log, its members flattened whether nested or not.
struct LogRecord {
    let fields: [String: String]

    init?(_ line: String) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            return nil
        }
        var fields: [String: String] = [:]
        for (key, value) in object {
            if let nested = value as? [String: Any] {
                for (key, value) in nested { fields[key] = "\(value)" }
            } else {
                fields[key] = "\(value)"
            }
        }
        self.fields = fields
    }

    var message: String { fields["message"] ?? fields["msg"] ?? "" }

    subscript(key: String) -> String? { fields[key] }

    /// The value as a number.
    func number(_ key: String) -> Int? { fields[key].flatMap { Int($0) } }
}

/// A folder that is removed when nobody holds this any more.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "wsbridge-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // Servers of other users than the test's own have to get in.
        chmod(path, 0o777)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: path + "/" + name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Waits for a file of decimal numbers, one a line, with at least `count` of them.
    func waitPids(_ name: String, count: Int = 1) throws -> [pid_t] {
        var found: [pid_t] = []
        try eventually("\(count) pids in \(name)") {
            found = (read(name) ?? "").split(separator: "\n").compactMap { pid_t($0) }
            return found.count >= count
        }
        return found
    }
}
