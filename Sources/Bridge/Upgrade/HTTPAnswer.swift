// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore
internal import NIOHTTP1

/// The answers to an opening handshake, as bytes (RFC 9112, RFC 6455 §4.2.2).
enum HTTPAnswer {
    /// 101: from here on the connection speaks WebSocket.
    static func switchingProtocols(key: String, subprotocol: String?) -> ByteBuffer {
        var answer = ByteBuffer()
        answer.writeString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        answer.writeString("Sec-WebSocket-Accept: \(AcceptKey.accept(for: key))\r\n")
        if let subprotocol { answer.writeString("Sec-WebSocket-Protocol: \(subprotocol)\r\n") }
        answer.writeString("\r\n")
        return answer
    }

    /// 200 with one line of JSON; the connection ends behind it.
    static func document(_ json: String) -> ByteBuffer {
        var answer = ByteBuffer()
        answer.writeString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
        answer.writeString("Content-Length: \(json.utf8.count)\r\n\r\n\(json)")
        return answer
    }

    /// 200 or 503, with one word; the connection ends behind it.
    static func health(isWell: Bool, withBody: Bool) -> ByteBuffer {
        let word = isWell ? "ok" : "draining"
        var answer = ByteBuffer()
        answer.writeString("HTTP/1.1 \(isWell ? "200 OK" : "503 Service Unavailable")\r\nContent-Type: text/plain\r\n")
        answer.writeString("Cache-Control: no-store\r\nConnection: close\r\nContent-Length: \(word.utf8.count)\r\n\r\n")
        if withBody { answer.writeString(word) }
        return answer
    }

    /// A refusal (R3); the connection ends behind it.
    static func refusal(_ rejection: HandshakeRejection, withBody: Bool) -> ByteBuffer {
        let status = HTTPResponseStatus(statusCode: rejection.status)
        var answer = ByteBuffer()
        answer.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
        for (name, value) in rejection.headers { answer.writeString("\(name): \(value)\r\n") }
        answer.writeString("Connection: close\r\nContent-Length: \(rejection.body.utf8.count)\r\n\r\n")
        if withBody { answer.writeString(rejection.body) }
        return answer
    }
}
