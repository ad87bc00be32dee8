// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Lists without what is denied")
struct ListFilterTests {
    private static let policy = AccessPolicy(
        tools: .init(allow: ["git_*", "é", "a\"b"].map(NamePattern.init), deny: [NamePattern("git_push")]),
        prompts: .init(deny: [NamePattern("secret*")]),
        resources: .init(allow: ["file:///public/*", "memo://{x}"].map(NamePattern.init))
    )!

    /// What is left of `result`; nil if it cannot be read.
    private static func filtered(
        _ result: String,
        _ listed: ListedKind = .tools,
        _ policy: AccessPolicy = policy
    ) -> String? {
        var bytes = Array(result.utf8)
        let page = GuardedPage(atLeast: bytes.count)
        let text = page.place(bytes)
        let cuts = withExtendedLifetime(page) { try? ListFilter.cuts(text, listed, policy) }
        guard let cuts else { return nil }
        for cut in cuts.reversed() { bytes.removeSubrange(cut) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "R22: a list loses the denied elements and a comma each, and keeps every other byte",
        arguments: [
            (#"{"tools":[]}"#, #"{"tools":[]}"#), (#"{"tools" : [ ] }"#, #"{"tools" : [ ] }"#),
            (#"{"tools":[{"name":"git_push"}]}"#, #"{"tools":[]}"#),
            (
                #"{"tools":[{"name":"git_push"},{"name":"git_log"}],"nextCursor":"x\/"}"#,
                #"{"tools":[{"name":"git_log"}],"nextCursor":"x\/"}"#
            ),
            (
                #"{"tools":[{"name":"git_log"},{"name":"git_push"}]}"#, #"{"tools":[{"name":"git_log"}]}"#
            ),
            (
                #"{"tools":[{"name":"git_a"} , {"name":"git_push"} , {"name":"git_b"}],"_meta":{"tools":1}}"#,
                #"{"tools":[{"name":"git_a"} , {"name":"git_b"}],"_meta":{"tools":1}}"#
            ),
            // Names compare after unescaping, and by case.
            (
                #"{"tools":[{"name":"g\u0069t_push"},{"n\u0061me":"\u0067it_log"}]}"#,
                #"{"tools":[{"n\u0061me":"\u0067it_log"}]}"#
            ),
            (#"{"t\u006fols":[{"name":"Git_log"},{"name":"a\"b"}]}"#, #"{"t\u006fols":[{"name":"a\"b"}]}"#),
            (#"{"tools":[{"name":"\u00e9"},{"name":"e\u0301"}]}"#, #"{"tools":[{"name":"\u00e9"}]}"#),
            (#"{"tools":[{"name":"git_\u0000"},{"name":"git_\n"}]}"#, #"{"tools":[]}"#),
            // Only the element's own name counts.
            (
                #"{"tools":[{"title":"git_push","inputSchema":{"properties":{"name":{"name":"git_push"}}},"name":"git_c"}]}"#,
                #"{"tools":[{"title":"git_push","inputSchema":{"properties":{"name":{"name":"git_push"}}},"name":"git_c"}]}"#
            ),
            (
                #"{"tools":[{"annotations":{"name":"git_c"},"name":"no"},{"name":"git_1","n":1e400}]}"#,
                #"{"tools":[{"name":"git_1","n":1e400}]}"#
            ),
        ]
    )
    func cuts(_ result: String, _ expected: String) {
        #expect(Self.filtered(result) == expected)
    }

    @Test("Tool policy: prompts go by name, resources by URI, templates by the text of theirs")
    func kinds() {
        let prompts = #"{"prompts":[{"name":"secret"},{"name":"a"}]}"#
        #expect(Self.filtered(prompts, .prompts) == #"{"prompts":[{"name":"a"}]}"#)
        let resources =
            #"{"resources":[{"name":"file:///public/x","uri":"file:///x"},{"uri":"file:///public/x"},{"uri":"file:///public/../x"},{"uri":"file:///public/%2E%2e/x"}]}"#
        #expect(Self.filtered(resources, .resources) == #"{"resources":[{"uri":"file:///public/x"}]}"#)
        let templates =
            #"{"resourceTemplates":[{"uriTemplate":"file:///{path}"},{"uriTemplate":"file:///public/{name}","uri":"x"},{"uriTemplate":"memo:\/\/{x}"}]}"#
        #expect(
            Self.filtered(templates, .templates)
                == #"{"resourceTemplates":[{"uriTemplate":"file:///public/{name}","uri":"x"},{"uriTemplate":"memo:\/\/{x}"}]}"#
        )
    }

    @Test(
        "Tool policy: a list that is not as MCP has it is not passed on",
        arguments: [
            "{}", #"{"tools":{}}"#, #"{"tools":null}"#, #"{"tools":"git_log"}"#, #"{"Tools":[]}"#,
            #"{"tools":[],"tools":[]}"#, #"{"tools":[],"t\u006fols":[]}"#, #"{"tools":[],"TOOLS":[{"name":"x"}]}"#,
            #"{"tools":[],"tool\u017f":[]}"#, #"{"tools":["git_log"]}"#, #"{"tools":[null]}"#, #"{"tools":[{}]}"#,
            #"{"tools":[[{"name":"git_log"}]]}"#, #"{"tools":[{"name":1}]}"#, #"{"tools":[{"name":["git_log"]}]}"#,
            #"{"tools":[{"name":"git_log","name":"git_log"}]}"#, #"{"tools":[{"name":"git_log","Name":"x"}]}"#,
            #"{"tools":[{"name":"git_\ud800"}]}"#, #"{"tools":[{"uri":"git_log"}]}"#, #"{"prompts":[]}"#,
        ]
    )
    func unreadable(_ result: String) throws {
        #expect(throws: Never.self) { try scanned(result) }
        #expect(Self.filtered(result) == nil)
    }

    @Test("R22: filtering is taking elements out, whatever the list")
    func random() throws {
        var generator = SeededGenerator(state: 22)
        func one(_ choices: [String]) -> String { choices.randomElement(using: &generator)! }
        for _ in 0..<3_000 {
            var elements: [(text: String, isAllowed: Bool)] = []
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                let (name, isAllowed) = [
                    ("git_a", true), (#"git\u005flog"#, true), ("git_push", false), (#"\u0067it_push"#, false),
                    ("é", true), (#"a\"b"#, true), ("x", false), ("", false), ("git_😀", true), ("{[,", false),
                ].randomElement(using: &generator)!
                let before = one(["", #""a":[1,{"name":"git_push"},"]}"], "#, #""title":"\\\"," ,"#])
                let after = one(["", #","z":{}"#, #" , "n":-0.0e+1 "#])
                elements.append(
                    ("{\(before)\"name\"\(one(["", " "])):\(one(["", "\n"]))\"\(name)\"\(after)}", isAllowed)
                )
            }
            let gap = one(["", " ", "\r\n\t"])
            func list(_ elements: [String]) -> String { elements.map { gap + $0 + gap }.joined(separator: ",") }
            let head = one(["{", #"{"nextCursor":"a,]","#]) + "\"tools\":\(gap)["
            let tail = "\(gap)]" + one(["}", #","_meta":{"tools":[{"name":"git_push"}]}}"#])
            let text = head + list(elements.map(\.text)) + tail
            let rest = try #require(Self.filtered(text), "\(text)")
            #expect(rest.hasPrefix(head) && rest.hasSuffix(tail))
            let expected = head + list(elements.filter(\.isAllowed).map(\.text)) + tail
            let both = try [rest, expected].map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSDictionary
            }
            #expect(both[0] == both[1], "\(text) became \(rest)")
            // As bytes too, but for the white space beside what was cut out.
            let bare = [rest, expected].map { $0.filter { !$0.isWhitespace } }
            #expect(bare[0] == bare[1])
            if elements.allSatisfy(\.isAllowed) { #expect(rest == text) }
        }
    }

    @Test("R74: a list of many elements, or of a deep one, takes its length in time", .timeLimit(.minutes(1)))
    func large() throws {
        let count = 100_000
        let many =
            "{\"tools\":[" + String(repeating: #"{"name":"git_push"},{"name":"git_a"},"#, count: count)
            + #"{"name":"x"}]}"#
        let rest = try #require(Self.filtered(many))
        #expect(rest.utf8.count == 12 + count * 17 - 1)
        let deep = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
        let text = #"{"tools":[{"x":\#(deep),"name":"git_a"}]}"#
        #expect(Self.filtered(text) == text)
    }
}
