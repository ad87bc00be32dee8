// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Random messages, and servers that read JSON in every way that is known of servers: of keys that stand twice the first or
/// the last, with or without regard to case, to the end or to a NUL. Whatever one of them would take for a denied call must not reach any.
@Suite struct PolicyReadersTests {
    private indirect enum Value {
        case text(String)
        case object([(key: String, value: Value)])
        /// Something else, as it is written.
        case other(String)
    }

    /// How a server finds a member.
    private struct Reader {
        let takesFirst: Bool
        let ignoresCase: Bool
        /// As programs in C do.
        let endsAtNUL: Bool

        private func read(_ text: String) -> String { endsAtNUL ? String(text.prefix { $0 != "\0" }) : text }

        func find(_ name: String, in members: [(key: String, value: Value)]) -> Value? {
            let found = members.filter { member in
                // The letters beyond ASCII that are one of ASCII's in another case.
                let key = read(member.key)
                let folded = key.lowercased().replacing("\u{17F}", with: "s").replacing("\u{212A}", with: "k")
                return key == name || (ignoresCase && folded == name)
            }
            return (takesFirst ? found.first : found.last)?.value
        }

        /// The tool that a server would call; nil for none.
        func calledTool(_ message: [(key: String, value: Value)]) -> String? {
            guard case .text(let method)? = find("method", in: message), read(method) == "tools/call",
                case .object(let params)? = find("params", in: message),
                case .text(let tool)? = find("name", in: params)
            else { return nil }
            return read(tool)
        }
    }

    private static let readers = [true, false].flatMap { first in
        [true, false].flatMap { ignoring in
            [true, false].map { Reader(takesFirst: first, ignoresCase: ignoring, endsAtNUL: $0) }
        }
    }

    private var random = SeededGenerator(state: 31)

    // MARK: Writing

    /// A text as a token, some of its characters escaped.
    private mutating func token(_ text: String) -> String {
        var token = ""
        for scalar in text.unicodeScalars {
            if scalar == "\0" || Int.random(in: 0..<12, using: &random) == 0 {
                let hex = String(scalar.value, radix: 16, uppercase: Bool.random(using: &random))
                token += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            } else if scalar == "/", Bool.random(using: &random) {
                token += "\\/"
            } else {
                token.unicodeScalars.append(scalar)
            }
        }
        return "\"\(token)\""
    }

    private mutating func written(_ value: Value) -> String {
        switch value {
        case .text(let text): return token(text)
        case .other(let text): return text
        case .object(let members):
            var parts: [String] = []
            for member in members {
                let blank = ["", " ", "\t"].randomElement(using: &random) ?? ""
                parts.append(token(member.key) + blank + ":" + blank + written(member.value))
            }
            return "{\(parts.joined(separator: ","))}"
        }
    }

    /// A key, now and then in another case.
    private mutating func key(_ name: String) -> String {
        guard Int.random(in: 0..<6, using: &random) == 0 else { return name }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return name.uppercased()
        case 1: return name.prefix(1).uppercased() + name.dropFirst()
        case 2: return name.replacing("s", with: "\u{17F}")
        default: return name + [" ", "\u{0}", "x"][Int.random(in: 0..<3, using: &random)]
        }
    }

    private mutating func tool() -> Value {
        let tools = [
            "git_log", "git_log", "git_log", "git_push", "pid", "git_push ", "GIT_LOG", "git_push\0_", "git_log\0", "",
        ]
        return Int.random(in: 0..<12, using: &random) == 0
            ? .other("null") : .text(tools.randomElement(using: &random) ?? "")
    }

    private mutating func params() -> Value {
        var members: [(key: String, value: Value)] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: members.append((key("arguments"), .object([(key: key("name"), value: tool())])))
            case 1: members.append((key("x"), tool()))
            default: members.append((key("name"), tool()))
            }
        }
        return .object(members)
    }

    private mutating func message() -> [(key: String, value: Value)] {
        var members: [(key: String, value: Value)] = [("jsonrpc", .text("2.0"))]
        if Int.random(in: 0..<4, using: &random) > 0 { members.append(("id", .other("1"))) }
        for _ in 0..<(Int.random(in: 0..<5, using: &random) == 0 ? 2 : 1) {
            let method = ["tools/call", "tools/call", "tools/call", "ping", "Tools/Call", "tools/call\0"].randomElement(
                using: &random
            )
            members.append((key("method"), .text(method ?? "")))
        }
        for _ in 0..<(Int.random(in: 0..<5, using: &random) == 0 ? 2 : 1) { members.append((key("params"), params())) }
        return members.shuffled(using: &random)
    }

    // MARK: The test

    @Test("R24, R31: no reader of JSON, however it reads, is given a call that the policy denies")
    mutating func readers() throws {
        let rule = AccessRule(allow: [NamePattern("git_*")], deny: [NamePattern("git_push")])
        let policy = try #require(AccessPolicy(tools: rule))
        var (calls, attacks) = (0, 0)
        for _ in 0..<4000 {
            let message = message()
            let text = written(.object(message))
            let tools = Self.readers.compactMap { $0.calledTool(message) }
            let isAttack = tools.contains { $0 == "git_push" || !$0.hasPrefix("git_") }
            let rig = SessionRig(policy: policy)
            let outcome = rig.client(text)
            if isAttack {
                attacks += 1
                #expect(outcome == .consumed && rig.toServer.isEmpty, "\(text)")
            } else if outcome == .forwarded, !tools.isEmpty {
                calls += 1
                #expect(rig.toServer == text + "\n")
            }
        }
        #expect(calls > 50 && attacks > 1000, "\(calls) calls, \(attacks) attacks")
    }
}
