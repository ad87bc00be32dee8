// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Templates in values of the configuration")
struct ValueTemplateTests {
    private static func values(_ source: ValueTemplate.Source) -> [String] {
        switch source {
        case .header("X-Token"): ["t0ken"]
        case .header("Empty"): [""]
        case .header("Evil"): ["{{header:X-Token}}{{principal}}"]
        case .header("Twice"): ["a", "b"]
        case .header("NUL"), .claim("NUL"): ["a\0b"]
        case .header("CR"): ["a\rb"]
        case .header("LF"): ["\n"]
        case .header("Unit"): ["\u{1F}"]
        case .header("Text"): ["é\t😀"]
        case .claim("https://x.example/team"): ["red"]
        case .principal: ["ci"]
        case .peer: ["127.0.0.1:5"]
        case .header, .claim: []
        }
    }

    @Test(
        "R72: a template is expanded once, and what stands in a value is never expanded again",
        arguments: [
            ("", ""), ("plain }} { text", "plain }} { text"), ("{{header:X-Token}}", "t0ken"),
            ("Bearer {{header:X-Token}}", "Bearer t0ken"), ("{{principal}}{{peer}}", "ci127.0.0.1:5"),
            ("<{{header:Empty}}>", "<>"), ("{{header:Evil}}", "{{header:X-Token}}{{principal}}"),
            ("{{header:Evil}}{{principal}}", "{{header:X-Token}}{{principal}}ci"), ("{{header:Text}}", "é\t😀"),
            ("é{{claim:https://x.example/team}}é", "éredé"), ("{{peer}}}", "127.0.0.1:5}"),
            ("{ {{peer}} }", "{ 127.0.0.1:5 }"),
        ]
    )
    func expands(_ text: String, _ expected: String) throws {
        #expect(try ValueTemplate(parsing: text).expanded(Self.values) == expected)
        #expect(try ValueTemplate(parsing: text).sources.isEmpty == !ValueTemplate.isTemplate(text))
    }

    @Test(
        "Two braces are written as a text within braces, in either quotes",
        arguments: [
            ("{{\"{{\"}}", "{{"), ("{{'{{'}}", "{{"), ("a {{\"{{\"}}name}} b", "a {{name}} b"),
            ("{{\"{{\"}}{{\"{{\"}}", "{{{{"), ("{{'{{'}}header:X-Token}}", "{{header:X-Token}}"),
        ]
    )
    func braces(_ text: String, _ expected: String) throws {
        let template = try ValueTemplate(parsing: text)
        #expect(template.plainText == expected)
        #expect(try template.expanded(Self.values) == expected)
        let both = try ValueTemplate(parsing: text + "{{peer}}")
        #expect(both.plainText == nil)
        #expect(try both.expanded(Self.values) == expected + "127.0.0.1:5")
    }

    @Test(
        "R72: what is no template is refused when the configuration is read, with its place",
        arguments: [
            ("{{", 0), ("a{{header:X", 1), ("é{{header:X}", 2), ("{{}}", 0), ("{{header}}", 0), ("{{header:}}", 0),
            ("{{claim}}", 0), ("{{claim:}}", 0), ("{{claim:a b}}", 0), ("{{Header:X}}", 0), ("{{header:X Y}}", 0),
            ("{{ header:X}}", 0), ("{{env:HOME}}", 0), ("{{principal:x}}", 0), ("{{peer:}}", 0), ("{{{header:X}}}", 0),
            ("{{header:{{header:X}}}}", 0), ("{{claim:{{peer}}}}", 0), ("{{peer}} {{nobody}}", 9),
            ("{{header:X\r\n}}", 0), ("{{\"{{'}}", 0), ("{{\"{{}}", 0), ("{{\"}}\"}}", 0), ("{{\u{301}", 0),
            ("{{header:X\u{301}}}", 0),
        ]
    )
    func malformed(_ text: String, _ offset: Int) {
        let failure = #expect(throws: ValueTemplate.Malformed.self) { try ValueTemplate(parsing: text) }
        #expect(failure?.offset == offset)
        #expect(failure?.reason.isEmpty == false)
    }

    @Test(
        "R72: a handshake that lacks a value, or brings one that cannot stand there, is refused with 400 and its name",
        arguments: [
            ("{{header:Nothing}}", .header("Nothing"), .missing), ("{{claim:sub}}", .claim("sub"), .missing),
            ("{{header:Twice}}", .header("Twice"), .repeated), ("{{header:NUL}}", .header("NUL"), .controlCharacter),
            ("{{header:CR}}", .header("CR"), .controlCharacter), ("{{header:LF}}", .header("LF"), .controlCharacter),
            ("{{claim:NUL}}", .claim("NUL"), .controlCharacter),
            ("{{header:Unit}}", .header("Unit"), .controlCharacter),
            ("{{peer}}{{header:LF}}", .header("LF"), .controlCharacter),
        ] as [(String, ValueTemplate.Source, TemplateFailure.Reason)]
    )
    func refuses(_ text: String, _ source: ValueTemplate.Source, _ reason: TemplateFailure.Reason) throws {
        let template = try ValueTemplate(parsing: text)
        let failure = #expect(throws: TemplateFailure.self) { try template.expanded(Self.values) }
        #expect(failure == TemplateFailure(source, reason))
        let rejection = try #require(failure?.rejection)
        #expect(rejection.status == 400 && rejection.message.contains("\(source)"))
    }

    @Test("R73: a template shows its places, never its text")
    func hidden() throws {
        let template = try ValueTemplate(parsing: "s3cret-{{header:X-Token}}-s3cret{{claim:a}}{{peer}}{{principal}}")
        var dumped = ""
        dump(template, to: &dumped)
        for text in ["\(template)", String(reflecting: template), dumped] {
            #expect(!text.contains("s3cret"), "\(text)")
        }
        #expect("\(template)" == "…{{header:X-Token}}…{{claim:a}}{{peer}}{{principal}}")
    }
}
