// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The head of an HTTP request as it was read from the wire.
package struct HandshakeRequest: Sendable {
    package var method: String
    package var target: String
    package var httpMajor: Int
    package var httpMinor: Int
    /// In the order of the wire, one element a line.
    package var headers: [(name: String, value: String)]

    package init(
        method: String,
        target: String,
        httpMajor: Int = 1,
        httpMinor: Int = 1,
        headers: [(name: String, value: String)]
    ) {
        self.method = method
        self.target = target
        self.httpMajor = httpMajor
        self.httpMinor = httpMinor
        self.headers = headers
    }

    /// The values of all lines with this name, without white space round them.
    func values(_ name: String) -> [Substring] {
        var values: [Substring] = []
        for index in headers.indices where equalIgnoringCase(headers[index].name, name) {
            values.append(trimmed(headers[index].value[...]))
        }
        return values
    }
}

/// A request that has the form of an opening handshake (RFC 6455 §4.2.1); whether it is welcome is another question.
struct OpeningHandshake: Sendable {
    let authority: Authority
    /// The path of the target as it was spelt, without the query.
    let path: String
    /// What follows the `?` of the target, as it was spelt; nil where there is none. May hold secrets.
    let query: Substring?
    let key: String
    /// The value of each Origin header.
    let origins: [String]
    /// The subprotocols offered, in order.
    let subprotocols: [String]
    /// The value of each Authorization header.
    let authorizations: [Substring]

    /// Takes a request apart; throws 400 or 426.
    init(_ request: HandshakeRequest) throws(HandshakeRejection) {
        try Self.checkSyntax(of: request.headers)
        let isHTTP11 = request.httpMajor == 1 && request.httpMinor >= 1
        let hosts = request.values("Host")
        // RFC 9112 §3.2: this holds for each request of HTTP/1.1, upgrade or not.
        guard hosts.count == 1 || (hosts.isEmpty && !isHTTP11) else {
            throw .malformed(hosts.isEmpty ? "The Host header is missing." : "There is more than one Host header.")
        }
        try Self.checkUpgrade(of: request)
        guard isHTTP11 else { throw .malformed("The handshake needs HTTP/1.1.") }
        guard let host = hosts.first, let authority = Authority(String(host)) else {
            throw .malformed("The Host header is not a host with an optional port.")
        }
        guard request.values("Transfer-Encoding").isEmpty, request.values("Content-Length").allSatisfy({ $0 == "0" })
        else { throw .malformed("The handshake must not have a body.") }
        key = try Self.checkedKey(of: request)
        (path, query) = try Self.pathAndQuery(of: request.target, authority: authority)
        self.authority = authority
        origins = request.values("Origin").map(String.init)
        subprotocols = listElements(request.values("Sec-WebSocket-Protocol")).map(String.init)
        authorizations = request.values("Authorization")
    }

    /// No name that is not a token, no control character: neither obsolete line folding nor smuggled lines.
    private static func checkSyntax(of headers: [(name: String, value: String)]) throws(HandshakeRejection) {
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else {
                throw .malformed("The name of a header is not a token.")
            }
            guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
                throw .malformed("The value of a header has a control character.")
            }
        }
    }

    private static func checkUpgrade(of request: HandshakeRequest) throws(HandshakeRejection) {
        guard request.method == "GET" else { throw .upgradeRequired() }
        let asksForWebSocket = listElements(request.values("Upgrade")).contains { element in
            let name = element.utf8.prefix { $0 != UInt8(ascii: "/") }
            return equalIgnoringCase(Substring(name), "websocket")
        }
        guard asksForWebSocket else { throw .upgradeRequired() }
        guard listElements(request.values("Connection")).contains(where: { equalIgnoringCase($0, "upgrade") }) else {
            throw .upgradeRequired(
                "(The request has Upgrade: websocket but no Connection: Upgrade; a proxy may have taken it away.)"
            )
        }
    }

    private static func checkedKey(of request: HandshakeRequest) throws(HandshakeRejection) -> String {
        let versions = request.values("Sec-WebSocket-Version")
        guard versions.count == 1 else {
            throw .malformed("There must be one Sec-WebSocket-Version header, and its value must be 13.")
        }
        guard versions[0] == "13" else { throw .unsupportedVersion() }
        let keys = request.values("Sec-WebSocket-Key")
        guard keys.count == 1, AcceptKey.isValidClientKey(keys[0]) else {
            throw .malformed("There must be one Sec-WebSocket-Key header, with sixteen bytes in base64.")
        }
        return String(keys[0])
    }

    /// Of an origin-form or absolute-form target (RFC 9112 §3.2); nothing in it is decoded or normalised.
    static func pathAndQuery(
        of target: String,
        authority: Authority
    ) throws(HandshakeRejection) -> (path: String, query: Substring?) {
        let bytes = target.utf8
        guard bytes.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "#") }) else {
            throw .malformed("The request target has a character that it must not have.")
        }
        var rest = target[...]
        if bytes.first != UInt8(ascii: "/") {
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), target[colon...].hasPrefix("://"),
                ["http", "https", "ws", "wss"].contains(where: { equalIgnoringCase($0, target[..<colon]) })
            else { throw .malformed("The request target is neither a path nor a URI.") }
            rest = target[target.utf8.index(colon, offsetBy: 3)...]
            let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            // Two names for one request: a proxy may have judged the other one.
            guard Authority(String(rest[..<end])) == authority else {
                throw .malformed("The request target and the Host header name different hosts.")
            }
            rest = rest[end...]
        }
        let path = rest.utf8.prefix { $0 != UInt8(ascii: "?") }
        let query = path.endIndex == rest.endIndex ? nil : Substring(rest.utf8[path.endIndex...].dropFirst())
        return (path.isEmpty ? "/" : String(Substring(path)), query)
    }
}
