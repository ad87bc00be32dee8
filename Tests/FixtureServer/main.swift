// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

// FixtureServer [--behaviour NAME[=ARGUMENT]]...
//
// A stdio MCP server that misbehaves on request; `Behaviour` lists the names. Any other arguments are ignored and
// reported by the tool `argv`.
let arguments = CommandLine.arguments
if arguments.dropFirst().first == Grandchild.flag {
    Grandchild.run(Array(arguments.dropFirst(2)))
}
var behaviours: [Behaviour: String] = [:]
for (flag, value) in zip(arguments, arguments.dropFirst()) where flag == "--behaviour" {
    let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
    guard let name = parts.first, let behaviour = Behaviour(rawValue: name) else {
        Output.writeError("FixtureServer: no behaviour \(value)\n")
        exit(64)
    }
    behaviours[behaviour] = parts.count > 1 ? parts[1] : ""
}
var server = ScriptedServer(behaviours: behaviours, arguments: arguments)
server.run()
