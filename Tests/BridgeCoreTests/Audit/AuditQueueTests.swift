// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Audit records on their way")
struct AuditQueueTests {
    private static let time = Timestamp(seconds: 0)
    private static let second: Int64 = 1_000_000_000

    private static func record(_ event: AuditRecord.Event, origin: String? = nil) -> AuditRecord {
        AuditRecord(
            time: Self.time,
            client: AuditRecord.Client(principal: nil, peer: "unix", origin: origin),
            event: event
        )
    }

    private static let refusal = Self.record(.refused(.malformed("x"), server: nil))
    private static let denial = Self.record(
        .denied(Denial(.tool, method: "x", name: nil), connection: "c", server: "s")
    )

    /// Whether adding it was news.
    private static func add(_ record: AuditRecord, to queue: inout AuditQueue, now: Int64) -> Bool {
        queue.add(record, now: now)
    }

    /// The events of a batch, an omission with why and how many.
    private static func events(_ batch: AuditQueue.Batch) throws -> [String] {
        try batch.bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            let name = try #require(object["event"] as? String)
            guard name == "omitted" else { return name }
            return "\(object["of"] ?? "") \(object["cause"] ?? "") \(object["count"] ?? "")"
        }
    }

    @Test("R77: records are taken in their order, and the first one is news")
    func order() throws {
        var queue = AuditQueue()
        #expect(queue.isEmpty)
        #expect(Self.add(Self.refusal, to: &queue, now: 0))
        #expect(!Self.add(Self.denial, to: &queue, now: 0))
        #expect(try Self.events(queue.take(now: 0, time: Self.time)) == ["refused", "denied"])
        #expect(queue.isEmpty)
        #expect(queue.take(now: 0, time: Self.time).bytes.isEmpty)
        #expect(Self.add(Self.denial, to: &queue, now: 0))
    }

    @Test("R74, R77: a flood of refusals leaves so many a second and their count, and everything else")
    func flood() throws {
        var queue = AuditQueue()
        let limit = AuditQueue.refusalsPerSecond
        for _ in 0..<limit { _ = queue.add(Self.refusal, now: 5) }
        #expect(try Self.events(queue.take(now: 6, time: Self.time)).count == limit)
        // The first one that is left out has the writer wait for the second to be over.
        #expect(Self.add(Self.refusal, to: &queue, now: 7))
        #expect(!Self.add(Self.refusal, to: &queue, now: 8))
        #expect(Self.add(Self.denial, to: &queue, now: 8))
        #expect(try Self.events(queue.take(now: 9, time: Self.time)) == ["denied"])
        #expect(!queue.isEmpty)
        #expect(queue.take(now: Self.second, time: Self.time).bytes.isEmpty)
        #expect(try Self.events(queue.take(now: 5 + Self.second, time: Self.time)) == ["refused rate 2"])
        #expect(queue.isEmpty)
        #expect(Self.add(Self.refusal, to: &queue, now: 6 + Self.second))
        #expect(try Self.events(queue.take(now: 7 + Self.second, time: Self.time)) == ["refused"])
    }

    @Test("R77: at the end everything is told")
    func end() throws {
        var queue = AuditQueue()
        for _ in 0...AuditQueue.refusalsPerSecond { _ = queue.add(Self.refusal, now: 5) }
        let events = try Self.events(queue.take(now: 6, time: Self.time, isEnd: true))
        #expect(events.count == AuditQueue.refusalsPerSecond + 1 && events.first == "refused rate 1")
        #expect(queue.isEmpty)
    }

    @Test("R46, R77: what finds no room is counted, and the count is told when there is room")
    func full() throws {
        var queue = AuditQueue()
        var size: [UInt8] = []
        Self.denial.append(to: &size)
        let room = AuditQueue.limit / size.count
        for _ in 0..<room + 3 { _ = queue.add(Self.denial, now: 0) }
        let batch = queue.take(now: 0, time: Self.time)
        #expect(batch.bytes.count <= AuditQueue.limit + 200)
        let events = try Self.events(batch)
        #expect(events.first == "records full 3" && events.count == room + 1)
        _ = queue.add(Self.denial, now: 0)
        #expect(try Self.events(queue.take(now: 0, time: Self.time)) == ["denied"])
    }

    @Test("R77: what could not be written is counted, whole records are not, and no count is lost with its own record")
    func failed() throws {
        var queue = AuditQueue()
        for _ in 0..<4 { _ = queue.add(Self.denial, now: 0) }
        let first = queue.take(now: 0, time: Self.time)
        // The second of four lines is torn.
        var lost = queue.failed(first, written: first.bytes.count / 4 + 1)
        #expect(lost == 3)
        _ = queue.add(Self.denial, now: 0)
        let second = queue.take(now: 0, time: Self.time)
        #expect(try Self.events(second) == ["records error 3", "denied"])
        lost = queue.failed(second, written: 7)
        #expect(lost == 1)
        let third = queue.take(now: 0, time: Self.time)
        #expect(try Self.events(third) == ["records error 4"])
        // The disk takes nothing, again and again: the count stays what it is.
        lost = queue.failed(third, written: 0)
        #expect(lost == 0)
        #expect(!queue.isEmpty)
        #expect(try Self.events(queue.take(now: 0, time: Self.time)) == ["records error 4"])
        #expect(queue.isEmpty)
    }

    @Test("R77: the log is told of a fault at once, once a minute, and when it is over")
    func faults() {
        var faults = AuditFaults()
        var told = faults.succeeded()
        #expect(told == nil)
        told = faults.failed(2, now: 0)
        #expect(told == 2)
        told = faults.failed(3, now: 1)
        #expect(told == nil)
        told = faults.failed(0, now: AuditFaults.interval - 1)
        #expect(told == nil)
        told = faults.failed(1, now: AuditFaults.interval)
        #expect(told == 6)
        told = faults.failed(1, now: AuditFaults.interval + 1)
        #expect(told == nil)
        told = faults.succeeded()
        #expect(told == 7)
        told = faults.succeeded()
        #expect(told == nil)
        told = faults.failed(1, now: AuditFaults.interval + 2)
        #expect(told == 1)
    }
}
