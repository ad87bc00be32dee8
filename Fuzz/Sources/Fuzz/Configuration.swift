// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

@testable internal import BridgeConfig
@testable internal import BridgeCore

/// A configuration file: taken or refused, with places that exist and problems of one line each.
func fuzzConfiguration(_ bytes: UnsafeRawBufferPointer) {
    if let text = bytes.text { checkDocument(text) }
    do throws(ConfigurationError) {
        let configuration = try Configuration.parse(Array(bytes), file: "b.toml")
        require(!configuration.servers.isEmpty, "what is taken serves something")
        let nowhere = CheckReport.Surroundings(
            findsProgram: { _ in false },
            hasDirectory: { _ in false },
            fileProblem: { _ in FileError(reason: "no such file") }
        )
        let report = CheckReport(configuration, file: "b.toml", in: nowhere)
        for warning in report.warnings { check(warning, bytes) }
        for line in report.lines { requireOneLine(line) }
    } catch {
        require(!error.problems.isEmpty, "a refusal has a reason")
        for problem in error.problems { check(problem, bytes) }
    }
}

private func check(_ problem: ConfigurationError.Problem, _ bytes: UnsafeRawBufferPointer) {
    requireOneLine(problem.description)
    requireInside(problem.place.line, problem.place.column, bytes)
}

private func requireOneLine(_ text: String) {
    let isOneLine = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    require(isOneLine, "each problem has one line, without control characters", text.debugDescription)
}

/// Columns are code points; the end of the file and of each line count too.
private func requireInside(_ line: Int?, _ column: Int?, _ bytes: UnsafeRawBufferPointer) {
    guard let line else { return }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    require((1...max(1, lines.count)).contains(line), "a line lies in the file", "line \(line) of \(lines.count)")
    guard let column else { return }
    let width = String(decoding: lines[line - 1], as: UTF8.self).unicodeScalars.count
    // What is missing at the end of the file is missed by toml++ behind the last line end, on the line which that ends.
    let end = line >= lines.count - 1 ? width + 2 : width + 1
    require((1...end).contains(column), "a column lies in its line", "\(line):\(column), of \(width) columns")
}

private func checkDocument(_ text: String) {
    do throws(TOMLSyntaxError) {
        check(try TOMLDocument.parse(text), text)
    } catch {
        Array(text.utf8).withUnsafeBytes { requireInside(error.position.line, error.position.column, $0) }
    }
}

/// Keys are told once, and stand where they are said to.
private func check(_ entries: [TOMLEntry], _ text: String) {
    requireEqual(Set(entries.map { Array($0.key.utf8) }).count, entries.count, "a table has a key once")
    for entry in entries {
        Array(text.utf8).withUnsafeBytes { bytes in
            requireInside(entry.keyPosition.line, entry.keyPosition.column, bytes)
            requireInside(entry.node.position.line, entry.node.position.column, bytes)
        }
        check(entry.node, text)
    }
}

private func check(_ node: TOMLNode, _ text: String) {
    switch node.value {
    case .table(let entries): check(entries, text)
    case .array(let nodes): for node in nodes { check(node, text) }
    default: break
    }
}

/// The texts of settings, one at a time: what is taken means the same when it is written, and to those who use it.
func fuzzSettings(_ bytes: UnsafeRawBufferPointer) {
    guard let text = bytes.text else { return }
    if let size = try? Size.parse(text) {
        requireEqual(try? Size.parse(Size.text(size)), size, "a size reads back")
    }
    if let span = try? TimeSpan.parse(text) {
        requireEqual(try? TimeSpan.parse(TimeSpan.text(span)), span, "a time span reads back")
    }
    if let address = try? ListenAddress(parsing: text) { check(address) }
    if (try? Origin.check(text)) != nil {
        let origin = WebOrigin(text)
        requireEqual(origin.map { "\($0.scheme)://\($0.authority ?? "")" }, text, "R4: an allowed origin can match")
    }
    var diagnostics = Diagnostics(file: "b.toml")
    let node = TOMLNode(value: .string(text), position: TOMLPosition(line: 1, column: 1))
    if let host = ValueForm<String>.host.read(node, "allowed_hosts", &diagnostics) {
        requireEqual(Authority(host)?.host, host, "R5: an allowed host can match")
        requireEqual(Authority(host)?.port, .some(nil), "R5: an allowed host has no port")
    }
    if let url = try? HTTPURL(parsing: text) {
        requireEqual(HTTPURL(text), url, "a URL is read alike everywhere")
    }
    if (try? HeaderField.checkValue(text)) != nil, !text.isEmpty { requireFieldValue(text.filter { $0 != "\t" }) }
    if (try? HeaderField.checkName(text)) != nil { require(text.utf8.allSatisfy(isToken), "a header's name is one") }
    _ = ValueForm<HTTPURL>.url.read(node, "url", &diagnostics)
    _ = ValueForm<ListenAddress>.address.read(node, "address", &diagnostics)
    for problem in diagnostics.problems { requireOneLine(problem.description) }
}

private func check(_ address: ListenAddress) {
    requireEqual(try? ListenAddress(parsing: address.description), address, "an address reads back")
    guard case .tcp(let host, let port) = address else { return }
    require((0...65_535).contains(port), "a port is one")
    guard address.isLocal, host.lowercased() != "localhost" else { return }
    // R6: what counts as this machine is so for the C library too.
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    var found: UnsafeMutablePointer<addrinfo>?
    require(getaddrinfo(host, nil, &hints, &found) == 0, "R6: a local address is one", host)
    defer { freeaddrinfo(found) }
    guard let socket = found?.pointee.ai_addr else { return require(false, "R6: a local address is one", host) }
    let isLoopback =
        switch Int32(socket.pointee.sa_family) {
        case AF_INET:
            socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt32(bigEndian: $0.pointee.sin_addr.s_addr) >> 24 == 127
            }
        case AF_INET6:
            socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { bytes in
                    bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
                        || bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
                            && bytes[12] == 127
                }
            }
        default: false
        }
    require(isLoopback, "R6: what counts as this machine is this machine", host)
}
