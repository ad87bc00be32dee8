// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("What the templates of a server make of a handshake")
struct ServerTemplatesTests {
    private func handshake(
        _ headers: [(String, String)] = [],
        principal: Principal = Principal(kind: .token, name: "ci"),
        claims: [String: String] = [:]
    ) -> HandshakeValues {
        HandshakeValues(
            headers: headers.map { (name: $0.0, value: $0.1) },
            principal: principal,
            claims: Claims(claims),
            peer: "127.0.0.1:5"
        )
    }

    private enum Place: CaseIterable {
        case variable
        case argument
        case field
    }

    private func templates(_ place: Place, _ texts: String...) throws -> ServerTemplates {
        var templates = ServerTemplates()
        for (index, text) in texts.enumerated() {
            let template = try ValueTemplate(parsing: text)
            switch place {
            case .variable: templates.add(variable: "V\(index)", template)
            case .argument: templates.add(argument: index + 1, template)
            case .field: templates.add(field: "X-\(index)", template)
            }
        }
        return templates
    }

    private func failure(_ templates: ServerTemplates, _ values: HandshakeValues) -> TemplateFailure? {
        do throws(TemplateFailure) {
            _ = try templates.expanded(with: values)
            return nil
        } catch {
            return error
        }
    }

    @Test("R42, R72: each value goes to where it was asked for, and what is not asked for goes nowhere")
    func places() throws {
        var templates = ServerTemplates()
        #expect(templates.isEmpty)
        templates.add(variable: "TOKEN", try ValueTemplate(parsing: "{{header:x-token}}"))
        templates.add(argument: 2, try ValueTemplate(parsing: "--user={{principal}}"))
        templates.add(field: "Authorization", try ValueTemplate(parsing: "Bearer {{claim:upstream}}"))
        templates.add(field: "X-Peer", try ValueTemplate(parsing: "{{peer}}"))
        #expect(!templates.isEmpty)
        #expect(templates.sources == [.header("x-token"), .principal, .claim("upstream"), .peer])
        let values = handshake([("X-TOKEN", " \tt0ken "), ("X-Other", "o")], claims: ["upstream": "up", "more": "m"])
        let expanded = try templates.expanded(with: values)
        #expect(expanded.variables.map { "\($0)=\($1)" } == ["TOKEN=t0ken"])
        #expect(expanded.arguments.map { "\($0) \($1)" } == ["2 --user=ci"])
        #expect(expanded.fields.map { "\($0): \($1)" } == ["Authorization: Bearer up", "X-Peer: 127.0.0.1:5"])
        #expect(expanded.secrets == ["t0ken", "up"])
    }

    @Test(
        "R72: names of headers compare without case, and two lines of one name are refused whatever their case",
        arguments: [
            ([("X-Token", "a")], nil), ([("x-tOKEN", "a")], nil), ([("X-Toke", "a"), ("XX-Token", "a")], .missing),
            ([], .missing), ([("X-Token", "a"), ("x-token", "a")], .repeated),
        ] as [([(String, String)], TemplateFailure.Reason?)]
    )
    func headerNames(_ headers: [(String, String)], _ reason: TemplateFailure.Reason?) throws {
        for place in Place.allCases {
            let failure = failure(try templates(place, "{{header:X-Token}}"), handshake(headers))
            #expect(failure?.reason == reason)
        }
    }

    @Test("R72: whoever is nobody in particular has no name, and a static token no claims")
    func nobody() throws {
        let templates = try templates(.variable, "{{principal}}")
        #expect(failure(templates, handshake(principal: .anonymous))?.reason == .missing)
        #expect(failure(try self.templates(.variable, "{{claim:a}}"), handshake())?.source == .claim("a"))
    }

    @Test(
        "R72: a header that goes upstream takes visible ASCII alone, without blanks at its ends",
        arguments: [
            ("{{header:H}}", "a b\tc", nil), ("{{header:H}}", "", nil), ("Bearer {{header:H}}", "", .noFieldValue),
            ("{{header:H}}", "\u{E9}", .noFieldValue), ("{{header:H}}", "\u{FFFD}", .noFieldValue),
            ("{{header:H}}", "a\r\nX: y", .controlCharacter), ("{{header:H}}", "a\0", .controlCharacter),
            ("{{claim:c}}", " a", .noFieldValue), ("{{claim:c}}", "a\n", .controlCharacter),
            ("x{{claim:c}}", "a\t", .noFieldValue),
        ] as [(String, String, TemplateFailure.Reason?)]
    )
    func fields(_ text: String, _ value: String, _ reason: TemplateFailure.Reason?) throws {
        let templates = try templates(.field, text)
        let failure = failure(templates, handshake([("H", value)], claims: ["c": value]))
        #expect(failure?.reason == reason)
        if let failure { #expect(failure.source == templates.sources[0]) }
    }

    @Test("R72: of several values it is the unfit one that is named")
    func culprit() throws {
        let templates = try templates(.field, "{{peer}} {{header:A}} {{header:B}}")
        #expect(failure(templates, handshake([("A", "a"), ("B", "\u{E9}")]))?.source == .header("B"))
    }

    @Test(
        "R42: an argument that begins with what a client brings is no option",
        arguments: [
            ("{{header:H}}", "-x", true), ("{{header:H}}", "--upload-pack=id", true), ("{{header:H}}", "x-", false),
            ("--user={{header:H}}", "-x", false), ("{{header:Empty}}{{header:H}}", "-x", true),
            ("{{header:Empty}}-x", "", true), ("{{header:H}}", "", false), ("{{header:H}}", "$(id)", false),
        ]
    )
    func options(_ text: String, _ value: String, _ isRefused: Bool) throws {
        let values = handshake([("H", value), ("Empty", "")])
        #expect(failure(try templates(.argument, text), values)?.reason == (isRefused ? .option : nil))
        // It is one for no variable.
        #expect(failure(try templates(.variable, text), values) == nil)
    }

    @Test("R74: what values add is bounded, however often they are named, and no text is longer than the kernel takes")
    func bounds() throws {
        let half = String(repeating: "x", count: 40 << 10)
        let values = handshake([("H", half), ("I", "x")])
        #expect(failure(try templates(.variable, "{{header:H}}", "{{header:H}}"), values) == nil)
        #expect(failure(try templates(.variable, "{{header:H}}{{header:H}}"), values) == nil)
        let tooMuch = [
            try templates(.variable, "{{header:H}}", "{{header:H}}{{header:I}}"),
            try templates(.argument, String(repeating: "{{header:H}}", count: 10_000)),
        ]
        for templates in tooMuch { #expect(failure(templates, values)?.reason == .tooLong) }
        let field = try templates(.field, "{{header:H}}")
        for (count, reason) in [(16 << 10, nil), ((16 << 10) + 1, .tooLong)] as [(Int, TemplateFailure.Reason?)] {
            let values = handshake([("H", String(repeating: "x", count: count))])
            #expect(failure(field, values)?.reason == reason)
        }
        let long = try templates(.variable, String(repeating: "y", count: 100 << 10) + "{{header:I}}{{header:H}}")
        #expect(failure(long, values) == TemplateFailure(.header("H"), .tooLong))
    }

    @Test("R72: each reason is a 400 that names what is wrong, without its value")
    func rejections() {
        for reason in TemplateFailure.Reason.allCases {
            let failure = TemplateFailure(.header("X-Token"), reason)
            #expect(failure.rejection.status == 400 && failure.rejection.message.contains("the header X-Token"))
            #expect("\(failure)".contains("the header X-Token"))
        }
    }

    @Test("R73: what clients bring in headers and claims is listed for redaction, with its parts; the rest is not")
    func secrets() throws {
        let headers = [
            ("Auth", "Bearer abcdefgh.ijk"), ("Cookie", "a=1; session=0123456789"), ("Short", "abc"), ("Empty", ""),
            ("Sec-WebSocket-Protocol", "mcp, mcp.auth.0tokentoken"),
        ]
        let names = headers.map { "{{header:\($0.0)}}" }.joined()
        let templates = try templates(.variable, "\(names){{claim:c}}{{principal}}{{peer}}")
        let expanded = try templates.expanded(with: handshake(headers, claims: ["c": "claimed"]))
        #expect(
            expanded.secrets == [
                "Bearer abcdefgh.ijk", "abcdefgh.ijk", "a=1; session=0123456789", "0123456789", "abc",
                "mcp, mcp.auth.0tokentoken", "mcp.auth.0tokentoken", "0tokentoken", "claimed",
            ]
        )
        let many = (0..<5_000).map { "part\(10_000 + $0)" }.joined(separator: " ")
        #expect(ExpandedValues.redactable(many).count <= 9)
    }

    @Test("R73: no description shows a value")
    func hidden() throws {
        let canary = "canary-7f3a"
        let values = handshake([("H", canary)], claims: ["c": canary])
        var templates = try templates(.variable, "{{header:H}}")
        templates.add(argument: 1, try ValueTemplate(parsing: "{{claim:c}}"))
        templates.add(field: "X-Key", try ValueTemplate(parsing: "\(canary){{claim:c}}"))
        let expanded = try templates.expanded(with: values)
        var dumped = ""
        dump(values, to: &dumped)
        dump(expanded, to: &dumped)
        dump(templates, to: &dumped)
        for text in ["\(values)", "\(expanded)", "\(templates)", String(reflecting: [expanded]), dumped] {
            #expect(!text.isEmpty && !text.contains(canary), "\(text)")
        }
        #expect("\(expanded)" == "values of V0, X-Key and 1 arguments")
    }
}
