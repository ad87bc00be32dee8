// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// What happens to a probe, and what it does then.
struct ProbeStep: Sendable, CustomTestStringConvertible {
    enum Event: Sendable {
        /// A new backend; the probe was told to restart, or it is the first.
        case begin
        case message(String)
        /// The backend's own error for the request with this id.
        case fault(Int64, UpstreamFault)
        case ended
        case silent
        case timedOut
    }

    let event: Event
    let actions: [String]

    init(_ event: Event, _ actions: String...) {
        self.event = event
        self.actions = actions
    }

    var testDescription: String { "\(self.event)" }
}

@Suite("The probe of a server")
struct ServerProbeTests {
    /// A way that a probe may go.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [ProbeStep]

        init(_ name: String, after beginning: [ProbeStep] = [], _ steps: [ProbeStep]) {
            self.name = name
            self.steps = beginning + steps
        }

        var testDescription: String { self.name }
    }

    /// `discover`, then `initialize` on the same backend, up to the answer to `initialize`.
    private static let toInitialize = [
        ProbeStep(.begin, "server/discover 1"),
        ProbeStep(.message(error(1, -32_601)), "initialize 2"),
    ]
    private static let modern = [
        ProbeStep(.begin, "server/discover 1"), ProbeStep(.message(discovered(1)), "tools/list 2"),
    ]

    @Test(
        "R33: the era is found out, and tools/list ends it",
        arguments: [
            Case(
                "modern",
                after: modern,
                [ProbeStep(.message(tools(2, "a", "b")), "finished M 9 2026-07-28 [a, b]")]
            ),
            Case(
                "modern without tools",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(.message(discovered(1, tools: false)), "finished M 9 2026-07-28 none"),
                ]
            ),
            Case(
                "legacy: an error, and it goes on",
                after: toInitialize,
                [
                    ProbeStep(.message(initialized(2)), "notifications/initialized", "tools/list 3"),
                    ProbeStep(.message(tools(3)), "finished L 8 2025-06-18 []"),
                ]
            ),
            Case(
                "legacy: whatever the error's code",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(.message(error(1, -32_602)), "initialize 2"),
                    ProbeStep(
                        .message(initialized(2, tools: false)),
                        "notifications/initialized",
                        "finished L 8 2025-06-18 none"
                    ),
                ]
            ),
            Case(
                "legacy: silence, and a fresh process",
                [
                    ProbeStep(.begin, "server/discover 1"), ProbeStep(.silent, "restart"),
                    // What still comes of the old one is nobody's.
                    ProbeStep(.message(discovered(1))),
                    ProbeStep(.begin, "initialize 2"), ProbeStep(.silent),
                    ProbeStep(.message(error(1, -32_601))),
                    ProbeStep(.message(initialized(2)), "notifications/initialized", "tools/list 3"),
                    ProbeStep(.message(tools(3, "x")), "finished L 8 2025-06-18 [x]"),
                ]
            ),
            Case(
                "legacy: it dies of server/discover",
                [
                    ProbeStep(.begin, "server/discover 1"), ProbeStep(.ended, "restart"),
                    ProbeStep(.begin, "initialize 2"),
                    ProbeStep(
                        .message(initialized(2, tools: false)),
                        "notifications/initialized",
                        "finished L 8 2025-06-18 none"
                    ),
                ]
            ),
            Case(
                "legacy: initialize is not taken after server/discover",
                after: toInitialize,
                [
                    ProbeStep(.message(error(2, -32_600)), "restart"), ProbeStep(.begin, "initialize 3"),
                    ProbeStep(.message(initialized(3)), "notifications/initialized", "tools/list 4"),
                    ProbeStep(.message(error(4, -32_601)), "finished L 8 2025-06-18 none"),
                ]
            ),
            Case(
                "legacy: it ends at initialize after server/discover",
                after: toInitialize,
                [ProbeStep(.ended, "restart"), ProbeStep(.begin, "initialize 3")]
            ),
            Case(
                "legacy: it answers whatever it is asked",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(.message(#"{"jsonrpc":"2.0","id":1,"result":{}}"#), "initialize 2"),
                ]
            ),
            Case(
                "legacy: server/discover lists older revisions only",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(.message(discovered(1, versions: #""2025-06-18","2025-03-26""#)), "restart"),
                    ProbeStep(.begin, "initialize 2 2025-06-18"),
                ]
            ),
            Case(
                "legacy: -32022 lists older revisions only",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(.message(error(1, -32_022, #"{"supported":["2024-11-05"]}"#)), "initialize 2 2024-11-05"),
                ]
            ),
            Case(
                "modern: slow to start",
                [
                    ProbeStep(.begin, "server/discover 1"), ProbeStep(.silent, "restart"),
                    ProbeStep(.begin, "initialize 2"), ProbeStep(.message(error(2, -32_601)), "restart"),
                    ProbeStep(.begin, "server/discover 3"), ProbeStep(.silent),
                    ProbeStep(.message(discovered(3)), "tools/list 4"),
                ]
            ),
            Case(
                "HTTP: a status that says no",
                [ProbeStep(.begin, "server/discover 1"), ProbeStep(.fault(1, .status(500)), "initialize 2")]
            ),
            Case(
                "all pages",
                after: modern,
                [
                    ProbeStep(.message(tools(2, "a", cursor: #""p\u00e9""#)), #"tools/list 3 "p\u00e9""#),
                    ProbeStep(.message(tools(3, "b", cursor: #""q""#)), #"tools/list 4 "q""#),
                    ProbeStep(.message(tools(4, "c", cursor: #""""#)), "finished M 9 2026-07-28 [a, b, c]"),
                ]
            ),
            Case(
                "pages in a circle",
                after: modern,
                [
                    ProbeStep(.message(tools(2, "a", cursor: #""p""#)), #"tools/list 3 "p""#),
                    ProbeStep(.message(tools(3, "b", cursor: #""p""#)), "finished M 9 2026-07-28 [a, b]+"),
                ]
            ),
        ] as [Case]
    )
    func finds(_ test: Case) {
        Self.run(test)
    }

    @Test(
        "what is wrong is said in one line",
        arguments: [
            Case(
                "nothing answers",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(
                        .fault(1, .unreachable("connection refused")),
                        "failed the MCP server cannot be reached: connection refused"
                    ),
                ]
            ),
            Case(
                "credentials",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(
                        .fault(1, .status(401)),
                        "failed the MCP server refuses the bridge's credentials (HTTP status 401)"
                    ),
                ]
            ),
            Case(
                "no MCP there",
                [
                    ProbeStep(.begin, "server/discover 1"), ProbeStep(.fault(1, .status(404)), "initialize 2"),
                    ProbeStep(.fault(2, .status(404)), "restart"), ProbeStep(.begin, "initialize 3"),
                    ProbeStep(.fault(3, .status(404)), "failed the MCP server answered with HTTP status 404"),
                    ProbeStep(.ended), ProbeStep(.timedOut), ProbeStep(.begin),
                ]
            ),
            Case(
                "it dies at once",
                [
                    ProbeStep(.ended, "restart"), ProbeStep(.begin, "initialize 1"),
                    ProbeStep(.ended, "failed it ended"),
                ]
            ),
            Case(
                "an error to initialize",
                after: toInitialize,
                [
                    ProbeStep(.message(error(2, -32_603)), "restart"), ProbeStep(.begin, "initialize 3"),
                    ProbeStep(.message(error(3, -32_603)), "failed initialize was answered with error -32603: no"),
                ]
            ),
            Case(
                "a modern error",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(
                        .message(error(1, -32_021)),
                        "failed server/discover was answered with error -32021: no"
                    ),
                ]
            ),
            Case(
                "revisions of another time",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(
                        .message(discovered(1, versions: #""2030-01-01""#)),
                        "failed it speaks no revision that is known here, but 2030-01-01"
                    ),
                ]
            ),
            Case(
                "an error to tools/list",
                after: modern,
                [
                    ProbeStep(.message(error(2, -32_603)), "failed tools/list was answered with error -32603: no")
                ]
            ),
            Case(
                "no list of tools",
                after: modern,
                [
                    ProbeStep(
                        .message(#"{"jsonrpc":"2.0","id":2,"result":{"tools":{}}}"#),
                        "failed its answer to tools/list holds no list of tools"
                    )
                ]
            ),
            Case(
                "an echo",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(
                        .message(#"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#),
                        "failed it sends back what it is sent: that is no MCP server"
                    ),
                ]
            ),
            Case(
                "no protocol version",
                after: toInitialize,
                [
                    ProbeStep(
                        .message(#"{"jsonrpc":"2.0","id":2,"result":{}}"#),
                        "failed its answer to initialize names no protocol version"
                    )
                ]
            ),
            Case("time: starting", [ProbeStep(.timedOut, "failed it could not be started within 10s")]),
            Case(
                "time: discovering",
                [
                    ProbeStep(.begin, "server/discover 1"),
                    ProbeStep(.timedOut, "failed no answer to server/discover within 10s"),
                ]
            ),
            Case(
                "time: initializing",
                after: toInitialize,
                [ProbeStep(.timedOut, "failed no answer to initialize within 10s")]
            ),
            Case("time: listing", after: modern, [ProbeStep(.timedOut, "failed no answer to tools/list within 10s")]),
        ] as [Case]
    )
    func fails(_ test: Case) {
        Self.run(test)
    }

    @Test("a server that asks is answered, and what is no answer is passed over")
    func asked() {
        Self.run(
            Case(
                "asked",
                after: Self.toInitialize,
                [
                    ProbeStep(.message(#"{"jsonrpc":"2.0","id":"x","method":"ping"}"#), #"result "x""#),
                    ProbeStep(.message(#"{"jsonrpc":"2.0","id":-7,"method":"roots/list"}"#), "error -7"),
                    ProbeStep(.message(#"{"jsonrpc":"2.0","method":"notifications/message"}"#)),
                    ProbeStep(.message("Starting up…")), ProbeStep(.message("")), ProbeStep(.message("[]")),
                    ProbeStep(.message(Self.error(1, -1))), ProbeStep(.message(Self.error(3, -1))),
                    ProbeStep(.fault(1, .noAnswer)),
                    // Runtimes that know only floating point.
                    ProbeStep(
                        .message(Self.initialized(2).replacing(#""id":2"#, with: #""id":2.0"#)),
                        "notifications/initialized",
                        "tools/list 3"
                    ),
                ]
            )
        )
    }

    @Test("R74: no server keeps a probe busy with pages without end")
    func bounded() throws {
        var probe = ServerProbe(clientVersion: "1")
        _ = probe.begin()
        _ = probe.received(Self.discovered(1))
        var pages = 0
        var last: [ServerProbe.Action] = []
        while last.isEmpty || Self.summary(last).first?.hasPrefix("tools/list") == true {
            pages += 1
            try #require(pages < 1000)
            last = probe.received(Self.tools(pages + 1, "t\(pages)", cursor: "\"\(pages)\""))
        }
        #expect(pages == ServerProbe.maxPages)
        guard case .finished(let findings)? = last.first else {
            Issue.record("\(last)")
            return
        }
        #expect(findings.tools?.count == ServerProbe.maxPages)
        #expect(findings.hasMoreTools)
    }

    @Test("R74: of one page without end no more is kept")
    func boundedPage() {
        var probe = ServerProbe(clientVersion: "1")
        _ = probe.begin()
        _ = probe.received(Self.discovered(1))
        let names = (0...ServerProbe.maxTools).map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
        let last = probe.received(#"{"jsonrpc":"2.0","id":2,"result":{"tools":[\#(names)]}}"#)
        guard case .finished(let findings)? = last.first else {
            Issue.record("\(last.count)")
            return
        }
        #expect(findings.tools?.count == ServerProbe.maxTools)
        #expect(findings.hasMoreTools)
    }

    @Test("R53: what was asked and not answered is cancelled at the end, initialize never")
    func farewell() {
        var probe = ServerProbe(clientVersion: "1")
        #expect(probe.farewell == nil)
        _ = probe.begin()
        _ = probe.received(Self.error(1, -32_601))
        #expect(probe.farewell == nil)
        _ = probe.received(Self.initialized(2))
        let farewell = probe.farewell.map { String(decoding: $0, as: UTF8.self) }
        #expect(farewell?.contains(#""requestId":3"#) == true)
        _ = probe.received(Self.tools(3))
        #expect(probe.farewell == nil)
    }

    @Test("the messages name the bridge and its version, and a modern one the revision")
    func messages() {
        var probe = ServerProbe(clientVersion: #"1"2"#)
        guard case .send(let discover)? = probe.begin().first else {
            Issue.record("no message")
            return
        }
        let text = String(decoding: discover, as: UTF8.self)
        #expect(text.contains(#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#))
        #expect(text.contains(#""io.modelcontextprotocol/clientCapabilities":{}"#))
        #expect(text.contains(#"{"name":"mcp-wsbridge","version":"1\"2"}"#))
        guard case .send(let initialize)? = probe.received(Self.error(1, 1)).first else {
            Issue.record("no initialize")
            return
        }
        #expect(String(decoding: initialize, as: UTF8.self).contains(#""protocolVersion":"2025-11-25""#))
    }

    // MARK: Driving

    private static func run(_ test: Case) {
        var probe = ServerProbe(clientVersion: "1")
        for (number, step) in test.steps.enumerated() {
            let actions =
                switch step.event {
                case .begin: probe.begin()
                case .message(let text): probe.received(text)
                case .fault(let id, let fault): probe.failed(.integer(id), fault.reply)
                case .ended: probe.ended("it ended")
                case .silent: probe.silent()
                case .timedOut: probe.timedOut("10s")
                }
            // An expectation may leave out the version that initialize names.
            let said = Self.summary(actions, with: step.actions)
            #expect(said == step.actions, "\(test.name), step \(number): \(step.testDescription)")
        }
    }

    /// The actions in words: method, id and what is particular.
    private static func summary(_ actions: [ServerProbe.Action], with expected: [String] = []) -> [String] {
        actions.map { action in
            switch action {
            case .restart: return "restart"
            case .failed(let reason): return "failed \(reason)"
            case .finished(let findings):
                let tools = findings.tools.map { "[\($0.joined(separator: ", "))]" } ?? "none"
                let name = "\(findings.serverName ?? "–") \(findings.serverVersion ?? "–")"
                return "finished \(name) \(findings.revision) \(tools)\(findings.hasMoreTools ? "+" : "")"
            case .send(let message):
                let text = message.withUnsafeBytes { Self.words($0) }
                return expected.contains { text == $0 + " 2025-11-25" } ? String(text.dropLast(11)) : text
            }
        }
    }

    private static func words(_ text: UnsafeRawBufferPointer) -> String {
        guard let envelope = try? EnvelopeScanner.scan(text) else { return "not JSON" }
        func token(_ value: Envelope.Value?) -> String? {
            value.map { String(decoding: text[$0.range], as: UTF8.self) }
        }
        let id = token(envelope.id)
        guard let method = envelope.method else {
            return "\(envelope.result != nil ? "result" : "error") \(id ?? "–")"
        }
        var words = [String(decoding: text[method.contents], as: UTF8.self)]
        if let id { words.append(id) }
        if let params = envelope.params {
            let object = UnsafeRawBufferPointer(rebasing: text[params.range])
            if let cursor = ObjectMembers.text(of: "cursor", in: object) {
                words.append(String(decoding: cursor, as: UTF8.self))
            }
            if let version = ProbeAnswer.string("protocolVersion", in: object) { words.append(version) }
        }
        return words.joined(separator: " ")
    }

    // MARK: What servers say

    private static func discovered(_ id: Int, versions: String = #""2026-07-28""#, tools: Bool = true) -> String {
        let capabilities = tools ? #"{"tools":{}}"# : #"{"prompts":{}}"#
        let info = #"{"io.modelcontextprotocol/serverInfo":{"name":"M","version":"9"}}"#
        return #"{"jsonrpc":"2.0","id":\#(id),"result":{"supportedVersions":[\#(versions)],"#
            + #""capabilities":\#(capabilities),"_meta":\#(info)}}"#
    }

    private static func initialized(_ id: Int, tools: Bool = true) -> String {
        let capabilities = tools ? #"{"tools":{"listChanged":true}}"# : "{}"
        return #"{"jsonrpc":"2.0","id":\#(id),"result":{"protocolVersion":"2025-06-18","#
            + #""capabilities":\#(capabilities),"serverInfo":{"name":"L","version":"8"}}}"#
    }

    private static func tools(_ id: Int, _ names: String..., cursor: String = "null") -> String {
        let tools = names.map { #"{"inputSchema":{"name":"no"},"name":"\#($0)"}"# }.joined(separator: " , ")
        return #"{"jsonrpc":"2.0","id":\#(id),"result":{"tools":[ \#(tools) ],"nextCursor":\#(cursor)}}"#
    }

    private static func error(_ id: Int, _ code: Int, _ data: String = "null") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"no","data":\#(data)}}"#
    }
}

extension ServerProbe {
    fileprivate mutating func received(_ text: String) -> [Action] {
        Array(text.utf8).withUnsafeBytes { self.received($0) }
    }
}
