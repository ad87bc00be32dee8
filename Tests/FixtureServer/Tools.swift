// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension ScriptedServer {
    /// What `tools/list` gives.
    static let tools = [
        "echo", "big", "line", "notify", "progress", "ask", "pid", "env", "argv", "cwd", "fds", "limits", "sleep",
        "hold",
        "release", "cancelled", "count", "stderr", "raw", "exit", "kill-self", "attempt",
    ]
    .map { #"{"name":"\#($0)","inputSchema":{"type":"object"}}"# }.joined(separator: ",")

    /// `tools/call`. Arguments: `n`, `ms`, `text`, `id`, as each tool says.
    mutating func call(_ request: Request, _ params: JSONText) {
        if let how = behaviours[.diesMidCall] { die(how) }
        if has(.closesStdout) {
            close(1)
            outputIsOpen = false
            return
        }
        if has(.lineWithoutNewlineAtExit) {
            send(#"{"jsonrpc":"2.0","id":\#(spell(request.id)),"result":{"content":[],"last":true}}"#, newline: false)
            exit(0)
        }
        if has(.lineOf) {
            answerLine(of: number(.lineOf, otherwise: 1024), request)
            return
        }
        let arguments = params["arguments"] ?? JSONText("{}")
        let count = arguments["n"]?.number ?? 0
        switch params["name"]?.unquoted {
        case "echo":
            // The arguments as they were spelled.
            answer(request, #"{"content":[],"echo":\#(arguments.text)}"#)
        case "big":
            answerText(String(repeating: "x", count: count), request)
        case "line":
            answerLine(of: count, request)
        case "notify":
            for index in 0..<count {
                send(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":\#(index)}}"#)
            }
            answerText("notified", request)
        case "progress":
            for index in 0..<count {
                let token = request.token?.text ?? "0"
                send(
                    #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(token),"progress":\#(index)}}"#
                )
            }
            answerText("progressed", request)
        case "ask":
            let id = arguments["id"]?.text ?? #""q1""#
            asking.append((id, request))
            send(#"{"jsonrpc":"2.0","id":\#(id),"method":"roots/list"}"#)
        case "sleep":
            sleeping.append((Self.now() + (arguments["ms"]?.number ?? 0), request))
        case "hold":
            held.append(request)
        case "release":
            let all = held
            held = []
            for call in all { answerText("released", call) }
            answerText("\(all.count)", request)
        case "cancelled":
            answer(request, #"{"content":[],"cancelled":[\#(cancelled.joined(separator: ","))]}"#)
        case "count":
            answerText("\(lines)", request)
        case "raw":
            answer(request, #"{"content":[],"raw":\#(JSONText.quote(request.line))}"#)
        case "stderr":
            Output.writeError((arguments["text"]?.unquoted ?? "") + "\n")
            answerText("written", request)
        case "exit":
            exit(CInt(count))
        case "attempt":
            answer(request, Attempt(arguments).make())
        case "kill-self":
            killSelf(CInt(count))
        default:
            tell(params["name"]?.unquoted ?? "", request)
        }
    }

    /// The tools that tell about the process.
    private mutating func tell(_ name: String, _ request: Request) {
        switch name {
        case "pid":
            answer(
                request,
                #"{"content":[],"pid":\#(getpid()),"ppid":\#(getppid()),"pgid":\#(getpgrp()),"sid":\#(getsid(0))}"#
            )
        case "env":
            let entries = Output.contents(of: "/proc/self/environ").split(separator: 0).map { JSONText.quote($0) }
            answer(request, #"{"content":[],"env":[\#(entries.joined(separator: ","))]}"#)
        case "argv":
            let entries = arguments.map { JSONText.quote($0.utf8) }
            answer(request, #"{"content":[],"argv":[\#(entries.joined(separator: ","))]}"#)
        case "cwd":
            var path = [CChar](repeating: 0, count: 4096)
            let found = getcwd(&path, path.count) != nil
            let bytes = path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            answer(request, #"{"content":[],"cwd":\#(found ? JSONText.quote(bytes) : "null")}"#)
        case "fds":
            answer(request, #"{"content":[],"fds":[\#(Self.descriptors().joined(separator: ","))]}"#)
        case "limits":
            answer(request, #"{"content":[],"limits":\#(JSONText.quote(Output.contents(of: "/proc/self/limits")))}"#)
        default:
            send(#"{"jsonrpc":"2.0","id":\#(spell(request.id)),"error":{"code":-32602,"message":"Unknown tool"}}"#)
        }
    }

    private mutating func answerText(_ text: String, _ request: Request) {
        answer(request, #"{"content":[{"type":"text","text":"\#(text)"}]}"#)
    }

    /// Answers with a line of exactly `length` bytes, newline not counted.
    private mutating func answerLine(of length: Int, _ request: Request) {
        let head = Array(
            #"{"jsonrpc":"2.0","id":\#(spell(request.id)),"result":{"content":[{"type":"text","text":""#.utf8
        )
        let tail = Array(#""}]}}"#.utf8)
        // As bytes: a String of 64 MiB takes seconds in a debug build.
        let padding = [UInt8](repeating: UInt8(ascii: "x"), count: max(0, length - head.count - tail.count))
        Output.write(head + padding + tail + [10])
    }

    /// Dies of a signal, without the Swift runtime's report about it.
    private func killSelf(_ number: CInt) -> Never {
        signal(number, SIG_DFL)
        kill(getpid(), number)
        while true { pause() }
    }

    private func die(_ how: String) -> Never {
        Output.writeError("FixtureServer: dying in the middle of a call\n")
        if how.hasPrefix("signal:") {
            killSelf(CInt(how.dropFirst(7)) ?? SIGKILL)
        }
        exit(CInt(how) ?? 42)
    }

    /// Numbers of the open descriptors, without the one that reads them.
    private static func descriptors() -> [String] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        let own = dirfd(folder)
        var numbers: [Int] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int(name), number != own { numbers.append(number) }
        }
        return numbers.sorted().map(String.init)
    }
}
