// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

@testable internal import BridgeCore

/// An event stream: the events of the HTML Standard §9.2.6, whatever the reads (R66).
func fuzzEventStream(_ bytes: UnsafeRawBufferPointer) {
    for limit in [16, 1 << 16] {
        let reference = ReferenceEventStream(Array(bytes), limit: limit)
        for division in Divisions(of: bytes) {
            let parser = readEvents(bytes, division, limit: limit, expected: reference.told)
            requireEqual(parser.reconnectionTime, reference.reconnectionTime, "R66: retry, cut \(division)")
            requireEqual(parser.lastEventID, reference.lastEventID, "R66: the last id, cut \(division)")
        }
    }
}

private func readEvents(
    _ bytes: UnsafeRawBufferPointer,
    _ division: [Range<Int>],
    limit: Int,
    expected: [ReferenceEventStream.Told]
) -> EventStreamParser {
    var parser = EventStreamParser(limit: limit)
    var told: [ReferenceEventStream.Told] = []
    reading: for range in division {
        var input = ByteBuffer(bytes: bytes[range])
        while true {
            let output = parser.next(from: &input)
            require(parser.heldBytes <= limit, "no more is held than an event")
            switch output {
            case .needMoreData:
                require(input.readableBytes == 0, "all is read before more is asked for")
                continue reading
            case .event(let event):
                let data = Array(event.data.readableBytesView)
                let id = parser.lastEventID
                told.append(.event(name: event.name, data: data, hasID: event.hasID, lastEventID: id))
            case .tooLong:
                told.append(.tooLong)
                requireEqual(parser.next(from: &input), .tooLong, "an unreadable stream stays so")
                break reading
            }
        }
    }
    requireEqual(told, expected, "R66: the events of the standard, cut \(division)")
    return parser
}
