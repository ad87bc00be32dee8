// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// What is judged before a message is looked at: that the request comes from this machine and not from a web page
/// somewhere else, and that its client understands the answers (2025-11-25 transports, Security Warning).
enum DemoHTTPAdmission {
    /// Why a request may not come in at all; nil if it may.
    static func refusal(of request: DemoHTTPRequest) -> DemoHTTPResponse? {
        // RFC 9112 §3.2: exactly one Host.
        guard let host = request.headers[only: "host"] else {
            return .refusal(400, "The request needs one Host header")
        }
        // A page whose name was rebound to this machine sends that name here.
        guard let authority = Authority(host), authority.isLoopback else {
            return .refusal(421, "This server answers to the names of this machine only, such as localhost")
        }
        let origins = request.headers[all: "origin"]
        guard origins.allSatisfy(isLoopback(origin:)), origins.count <= 1 else {
            return .refusal(403, "Pages from elsewhere may not use this server")
        }
        return nil
    }

    /// Why the body of a POST is not read; nil if it is.
    static func refusalOfPost(_ request: DemoHTTPRequest, accepting types: [String]) -> DemoHTTPResponse? {
        let type = request.headers[only: "content-type"].map { mediaType($0[...]) }
        guard type == "application/json" else { return .refusal(415, "Messages are application/json") }
        return refusal(of: request, accepting: types)
    }

    /// Why no answer would be understood; nil if the client takes all of `types`.
    static func refusal(of request: DemoHTTPRequest, accepting types: [String]) -> DemoHTTPResponse? {
        let accepted = request.headers[all: "accept"].flatMap { $0.split(separator: ",").map(mediaType) }
        let isAccepted = types.allSatisfy { type in
            accepted.contains(type) || accepted.contains("*/*") || accepted.contains("\(type.prefix { $0 != "/" })/*")
        }
        return isAccepted ? nil : .refusal(406, "The client must accept \(types.joined(separator: " and "))")
    }

    private static func isLoopback(origin text: String) -> Bool {
        guard let origin = WebOrigin(text), origin.scheme == "http" || origin.scheme == "https",
            let authority = origin.authority.flatMap(Authority.init)
        else { return false }
        return authority.isLoopback
    }

    /// A media type in lower case, without its parameters.
    private static func mediaType(_ value: Substring) -> String {
        value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}
