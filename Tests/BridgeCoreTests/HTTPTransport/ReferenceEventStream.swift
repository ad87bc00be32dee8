// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// HTML Standard §9.2.6 written down as it reads, over a stream that lies in one piece.
struct ReferenceEventStream {
    /// One thing told, comparable.
    enum Told: Equatable, CustomStringConvertible {
        case event(name: String, data: [UInt8], hasID: Bool, lastEventID: String?)
        case tooLong

        var description: String {
            switch self {
            case .event(let name, let data, let hasID, let id):
                "\(name)[\(hasID ? "#" : "")\(id ?? "-")]: \(String(decoding: data, as: UTF8.self).debugDescription)"
            case .tooLong: "too long"
            }
        }
    }

    var told: [Told] = []
    var lastEventID: String?
    var reconnectionTime: Int?

    init(_ stream: [UInt8], limit: Int) {
        var bytes = stream[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var size = 0
        var name: [UInt8] = []
        var data: [[UInt8]] = []
        var id: [UInt8]?
        var isBegun = false
        while !bytes.isEmpty {
            let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
            let isEnded = line.endIndex < bytes.endIndex
            if line.first != 0x3A { size += line.count }
            if size > limit {
                told.append(.tooLong)
                return
            }
            guard isEnded else { return }
            bytes = bytes[line.endIndex...].dropFirst(bytes[line.endIndex...].starts(with: [0x0D, 0x0A]) ? 2 : 1)
            if line.isEmpty {
                if let id { lastEventID = id.isEmpty ? nil : String(decoding: id, as: UTF8.self) }
                if isBegun {
                    let text = name.isEmpty ? "message" : String(decoding: name, as: UTF8.self)
                    let joined = Array(data.joined(separator: [0x0A]))
                    told.append(.event(name: text, data: joined, hasID: id != nil, lastEventID: lastEventID))
                }
                (size, name, data, id, isBegun) = (0, [], [], nil, false)
                continue
            }
            if line.first == 0x3A { continue }
            let colon = line.firstIndex(of: 0x3A) ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == 0x20 { value = value.dropFirst() }
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "data": data.append(Array(value))
            case "event": name = Array(value)
            case "id" where !value.contains(0): id = Array(value)
            case "retry" where !value.isEmpty && value.allSatisfy({ 0x30...0x39 ~= $0 }):
                reconnectionTime = min(Int(String(decoding: value, as: UTF8.self)) ?? .max, 3_600_000)
            default: continue
            }
            isBegun = true
        }
    }
}
