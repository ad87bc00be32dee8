// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("URLs of servers, and what servers refer to")
struct HTTPURLTests {
    @Test(
        "R55: an absolute URL falls into its parts",
        arguments: [
            ("http://example.com", "http", "example.com", 80, "/"),
            ("HTTPS://Example.COM:443/a?b=c", "https", "example.com", 443, "/a?b=c"),
            ("http://127.0.0.1:8080/mcp", "http", "127.0.0.1", 8080, "/mcp"),
            ("http://[::1]:9/x", "http", "[::1]", 9, "/x"),
            ("http://[::FFFF:1.2.3.4]", "http", "[::ffff:1.2.3.4]", 80, "/"),
            ("http://h?x=/@:", "http", "h", 80, "/?x=/@:"), ("http://h#f", "http", "h", 80, "/"),
            ("https://h:/p#f?x", "https", "h", 443, "/p"), ("http://h:65535//p", "http", "h", 65_535, "//p"),
            ("http://a_b.c-d./%zz", "http", "a_b.c-d.", 80, "/%zz"),
        ]
    )
    func parts(_ text: String, _ scheme: String, _ host: String, _ port: Int, _ target: String) throws {
        let url = try #require(HTTPURL(text))
        #expect(url.scheme.rawValue == scheme)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.target == target)
        #expect(HTTPURL(url.description) == url)
        #expect(url.description == url.origin + url.target)
    }

    @Test(
        "R55: what is no URL of the two schemes, or reads two ways, is none",
        arguments: [
            "", "http", "http:", "http:/", "http://", "http:///x", "http://:80", "http://?x", "ftp://h", "ws://h",
            "//h/x", "/x",
            "h:80", "http:h", "http://u@h", "http://u:p@h", "http://h@evil/x", "http://h:0", "http://h:65536",
            "http://h:+1",
            "http://h:8x", "http://h:80:80", "http://h:000080", "http://[::1", "http://::1", "http://[]",
            "http://[x]",
            "http://[::1%25eth0]", "http://[::1]x", "http://[::1]x:80", "http://a[::1]", "http://h%2Fevil",
            "http://h\\x",
            "http://h\\@evil", "http://a b", "http://h/ x", " http://h", "http://h\n", "http://h/\r\nX: 1",
            "http://h/\t",
            "http://é", "http://h/é", "http://h\u{0}", "http://h/\u{7F}", "http://a<b", "http://a\"b", "http://a|b",
            "http://h^x", "http://{h}", "http\u{0}://h", "javascript://h/%0aalert", "file:///etc/passwd",
        ]
    )
    func refused(_ text: String) {
        #expect(HTTPURL(text) == nil)
    }

    @Test(
        "R63: a reference resolves as RFC 3986 §5.4 says",
        arguments: [
            // The normal examples, and then the abnormal ones.
            ("g", "/b/c/g"), ("./g", "/b/c/g"), ("g/", "/b/c/g/"), ("/g", "/g"), ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            ("#s", "/b/c/d;p?q"), ("g#s", "/b/c/g"), ("g?y#s", "/b/c/g?y"), (";x", "/b/c/;x"), ("g;x", "/b/c/g;x"),
            ("g;x?y#s", "/b/c/g;x?y"), ("", "/b/c/d;p?q"), (".", "/b/c/"), ("./", "/b/c/"), ("..", "/b/"),
            ("../", "/b/"),
            ("../g", "/b/g"), ("../..", "/"), ("../../", "/"), ("../../g", "/g"), ("../../../g", "/g"),
            ("../../../../g", "/g"), ("/./g", "/g"), ("/../g", "/g"), ("g.", "/b/c/g."), (".g", "/b/c/.g"),
            ("g..", "/b/c/g.."), ("..g", "/b/c/..g"), ("./../g", "/b/g"), ("./g/.", "/b/c/g/"), ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"), ("g;x=1/./y", "/b/c/g;x=1/y"), ("g;x=1/../y", "/b/c/y"),
            ("g?y/./x", "/b/c/g?y/./x"),
            ("g?y/../x", "/b/c/g?y/../x"), ("g#s/../x", "/b/c/g"),
            // What servers send.
            ("/messages?sessionId=a:b", "/messages?sessionId=a:b"), ("messages/?s=//x", "/b/c/messages/?s=//x"),
            ("?", "/b/c/d;p?"),
            ("http://a/x/../y?z", "/y?z"), ("HTTP://A:80/x", "/x"), ("//a/./x", "/x"), ("http://a", "/"),
            ("x/%2e%2e/y", "/b/c/x/%2e%2e/y"),
            ("/.//evil.example/x", "//evil.example/x"), ("/x//../y", "/x/y"),
        ]
    )
    func resolve(_ reference: String, _ target: String) throws {
        let base = try #require(HTTPURL("http://a/b/c/d;p?q"))
        let resolved = try #require(base.resolve(reference))
        #expect(resolved.target == target)
        #expect(resolved.hasSameOrigin(as: base))
        #expect(HTTPURL(resolved.description) == resolved)
    }

    @Test(
        "R63: a reference that leads elsewhere is seen to, and one that is no URL is none",
        arguments: [
            ("//evil.example/x", "http://evil.example/x"), ("http://evil.example", "http://evil.example/"),
            ("https://a.example/x", "https://a.example/x"), ("http://a.example:81/", "http://a.example:81/"),
            ("//a.example.evil.example", "http://a.example.evil.example/"),
            ("//a.example:8080", "http://a.example:8080/"),
            ("//a.example./", "http://a.example./"), ("https://a.example:80/", "https://a.example:80/"),
            ("///evil.example", nil), ("/\\evil.example", nil), ("\\\\evil.example", nil), ("//u@a.example/", nil),
            ("http://a.example@evil.example/", nil), ("http:x", nil), ("http:/x", nil), ("http:", nil),
            ("g:h", nil), (":x", nil),
            ("javascript:alert(1)", nil), ("file:///etc/passwd", nil), ("ws://a.example/", nil), (" /x", nil),
            ("/x ", nil),
            ("/x\r\nHost: evil.example", nil), ("/\t/evil.example", nil), ("/é", nil), ("/\u{0}", nil),
            ("//", nil), ("//:80", nil),
            ("//[::1", nil), ("x\n", nil),
        ] as [(String, String?)]
    )
    func elsewhere(_ reference: String, _ expected: String?) throws {
        let base = try #require(HTTPURL("http://a.example/b"))
        let resolved = base.resolve(reference)
        #expect(resolved?.description == expected)
        #expect(resolved?.hasSameOrigin(as: base) != true)
    }

    @Test("R63: a base without a folder, or with dots of its own, is a base")
    func bases() {
        #expect(HTTPURL("http://a")?.resolve("x")?.target == "/x")
        #expect(HTTPURL("http://a?q")?.resolve("x")?.target == "/x")
        #expect(HTTPURL("http://a/?q/r")?.resolve("x")?.target == "/x")
        #expect(HTTPURL("http://a/b/../c/d")?.resolve("x")?.target == "/c/x")
        #expect(HTTPURL("http://a/b/../c")?.resolve("?x")?.target == "/b/../c?x")
        #expect(HTTPURL("https://[::1]:8443/sse")?.resolve("/m")?.description == "https://[::1]:8443/m")
    }

    @Test(
        "R55: an origin is scheme, host and port",
        arguments: [
            ("http://h/a", "http://H:80/b?c", true), ("https://h", "https://h:443", true),
            ("http://h", "https://h", false),
            ("http://h:443", "https://h:443", false), ("http://h", "http://h:81", false),
            ("http://h", "http://h.", false),
            ("http://localhost", "http://127.0.0.1", false), ("http://[::1]", "http://[0:0:0:0:0:0:0:1]", false),
        ]
    )
    func origin(_ left: String, _ right: String, _ isSame: Bool) throws {
        let left = try #require(HTTPURL(left))
        let right = try #require(HTTPURL(right))
        #expect(left.hasSameOrigin(as: right) == isSame)
        #expect(right.hasSameOrigin(as: left) == isSame)
        #expect((left.origin == right.origin) == isSame)
    }
}
