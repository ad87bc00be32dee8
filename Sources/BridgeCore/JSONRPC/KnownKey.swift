// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// The keys that the bridge reads, now or for a policy: two parsers must never disagree about them (R24).
enum KnownKey: UInt8 {
    case id, method, params, result, error, jsonrpc
    case meta, name, uri, taskID
    case requestID, progressToken, protocolVersion, resultType, task
    case modernVersion

    @inline(__always)
    var bit: UInt32 { 1 << UInt32(self.rawValue) }

    @inline(__always)
    static func find(_ key: UnsafePointer<UInt8>, _ count: Int) -> KnownKey? {
        switch count {
        case 2: same(key, "id") ? .id : nil
        case 3: same(key, "uri") ? .uri : nil
        case 4: same(key, "name") ? .name : same(key, "task") ? .task : nil
        case 5: same(key, "_meta") ? .meta : same(key, "error") ? .error : nil
        case 6:
            same(key, "method")
                ? .method
                : same(key, "params") ? .params : same(key, "result") ? .result : same(key, "taskId") ? .taskID : nil
        case 7: same(key, "jsonrpc") ? .jsonrpc : nil
        case 9: same(key, "requestId") ? .requestID : nil
        case 10: same(key, "resultType") ? .resultType : nil
        case 13: same(key, "progressToken") ? .progressToken : nil
        case 15: same(key, "protocolVersion") ? .protocolVersion : nil
        case 39: same(key, "io.modelcontextprotocol/protocolVersion") ? .modernVersion : nil
        default: nil
        }
    }

    @inline(__always)
    private static func same(_ key: UnsafePointer<UInt8>, _ literal: StaticString) -> Bool {
        cbytes_equal(key, literal.utf8Start, literal.utf8CodeUnitCount)
    }
}
