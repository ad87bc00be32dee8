// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("The trace of a client")
struct TraceParentTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    @Test(
        "Tracing: a trace and a span are read, of a later version too",
        arguments: ["00-@-01", "cc-@-00-more", "01-@-09"]
    )
    func valid(form: String) throws {
        let text = form.replacing("@", with: "\(Self.trace)-\(Self.span)")
        let parent = try #require(TraceParent(text))
        #expect(parent.traceID == Self.trace && parent.spanID == Self.span)
    }

    @Test(
        "Tracing: what is none is left alone",
        arguments: [
            "", "00", "ff-@-01", "00-@-01-more", "00-@-0", "00-@", "0-@-01", "00-@-0g", "01-@-01more",
        ]
    )
    func invalid(form: String) {
        #expect(TraceParent(form.replacing("@", with: "\(Self.trace)-\(Self.span)")) == nil)
    }

    @Test("Tracing: zeros name nothing, capitals are no digits")
    func ids() {
        let (trace, span) = (Self.trace, Self.span)
        let (noTrace, noSpan) = (String(repeating: "0", count: 32), String(repeating: "0", count: 16))
        for text in ["00-\(noTrace)-\(span)-01", "00-\(trace)-\(noSpan)-01", "00-\(trace.uppercased())-\(span)-01"] {
            #expect(TraceParent(text) == nil)
        }
    }
}
