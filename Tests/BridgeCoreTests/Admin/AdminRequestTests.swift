// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("The admin address")
struct AdminRequestTests {
    @Test(
        "Admin: what there is, by method and path",
        arguments: [
            ("GET", "/healthz", AdminRoute.health), ("HEAD", "/readyz", .readiness), ("GET", "/metrics?x=1", .metrics),
            ("GET", "/connections", .connections), ("POST", "/drain", .drain), ("POST", "/reload", .reload),
            ("POST", "/connections/abc/close", .close(connection: "abc")),
            ("GET", "/connections/abc/tap", .tap(connection: "abc")),
        ]
    )
    func routes(method: String, target: String, route: AdminRoute) throws {
        #expect(try AdminRoute(method: method, target: target) == route)
    }

    @Test(
        "Admin: other paths are 404, other methods 405 with the right one",
        arguments: [
            ("GET", "/", 404, nil), ("GET", "/metricsx", 404, nil), ("POST", "/connections//close", 404, nil),
            ("POST", "/connections/a/b/close", 404, nil), ("GET", "metrics", 404, nil),
            ("POST", "/metrics", 405, "GET"),
            ("GET", "/drain", 405, "POST"), ("HEAD", "/reload", 405, "POST"),
            ("GET", "/connections/a/close", 405, "POST"), ("POST", "/connections/a/tap", 405, "GET"),
            // It has no end.
            ("HEAD", "/connections/a/tap", 405, "GET"), ("GET", "/connections/a/tip", 404, nil),
        ] as [(String, String, Int, String?)]
    )
    func refused(method: String, target: String, status: Int, allow: String?) {
        let refusal = #expect(throws: AdminRefusal.self) { try AdminRoute(method: method, target: target) }
        #expect(refusal?.status == status && refusal?.allow == allow)
    }

    @Test("Admin: health and metrics are for all who reach the address, the rest takes a token or the Unix socket")
    func access() throws {
        let open: [AdminRoute] = [.health, .readiness, .metrics]
        let guarded: [AdminRoute] = [.connections, .drain, .reload, .close(connection: "a"), .tap(connection: "a")]
        for reach in [AdminClient.Reach.unixSocket, .loopback, .network] {
            var client = AdminClient(reach: reach, host: "localhost:1", hasOrigin: false, hasToken: false)
            for route in open { try client.requireAccess(to: route) }
            for route in guarded {
                let refusal = Result { () throws(AdminRefusal) in try client.requireAccess(to: route) }
                #expect(refusal.failure?.status == (reach == .unixSocket ? nil : 401))
            }
            client.hasToken = true
            for route in open + guarded { try client.requireAccess(to: route) }
        }
    }

    @Test("Admin: a page in a browser is refused everywhere, and so is a foreign name for this machine's own address")
    func browsers() {
        for reach in [AdminClient.Reach.unixSocket, .loopback, .network] {
            let page = AdminClient(reach: reach, host: "localhost", hasOrigin: true, hasToken: true)
            #expect(throws: AdminRefusal.self) { try page.requireAccess(to: .metrics) }
        }
        for host in ["evil.example", "127.0.0.1.evil.example:80", nil] {
            let rebound = AdminClient(reach: .loopback, host: host, hasOrigin: false, hasToken: true)
            let refusal = #expect(throws: AdminRefusal.self) { try rebound.requireAccess(to: .health) }
            #expect(refusal?.status == 421)
        }
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
