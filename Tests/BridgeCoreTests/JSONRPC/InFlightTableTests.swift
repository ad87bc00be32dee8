// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Requests in flight")
final class InFlightTableTests {
    private var table = InFlightTable()

    private func insert(
        _ id: RequestID,
        token: RequestID? = nil,
        role: InFlightRequest.Role = .other,
        concernsTask: Bool = false,
        spelling: [UInt8]? = nil
    ) -> InFlightTable.OnRequest {
        table.insert(
            id,
            spelling: spelling,
            progressToken: token,
            label: RequestLabel(.callTool),
            time: 7,
            role: role,
            concernsTask: concernsTask
        )
    }

    private func answer(_ id: RequestID, createsTask: Bool = false) -> InFlightRequest? {
        table.answer(id, createsTask: createsTask)
    }

    private func cancel(_ id: RequestID) -> Bool { table.cancel(id) != nil }

    private func removeAll() -> [RequestID] { table.removeAll().map(\.id) }

    private static func text(_ text: String) -> RequestID { .string(.init(Array(text.utf8))) }

    @Test("R27: an id in flight is refused without touching the first, and free again after the answer")
    func duplicates() throws {
        #expect(insert(.integer(1), token: .integer(7), spelling: Array("-0".utf8)) == .accepted)
        #expect(insert(.integer(1), token: .integer(8)) == .duplicate)
        #expect(insert(Self.text("1")) == .accepted)
        #expect(table.owed == 2)
        #expect(table.expectsProgress(.integer(7)) && !table.expectsProgress(.integer(8)))
        let first = try #require(answer(.integer(1)))
        #expect(first.spelling == Array("-0".utf8) && first.progressToken == .integer(7))
        #expect(table.owed == 1)
        #expect(insert(.integer(1)) == .accepted)
        #expect(table.owed == 2)
    }

    @Test("R28: one answer, and none for an id that nobody asked with")
    func answers() {
        #expect(answer(.integer(1)) == nil)
        #expect(insert(.integer(1)) == .accepted)
        #expect(answer(Self.text("1")) == nil)
        #expect(answer(.integer(1)) != nil)
        #expect(answer(.integer(1)) == nil)
        #expect(table.owed == 0)
    }

    @Test("R35: a cancelled request is owed nothing, yet its answer may come, once")
    func cancelThenAnswer() throws {
        #expect(insert(.integer(1), token: .integer(5)) == .accepted)
        #expect(cancel(.integer(1)))
        #expect(table.owed == 0 && table.busy == 0)
        #expect(!table.expectsProgress(.integer(5)))
        #expect(!cancel(.integer(1)))
        #expect(!cancel(.integer(2)))
        #expect(table.owed == 0)
        let late = try #require(answer(.integer(1)))
        #expect(late.isCancelled)
        #expect(answer(.integer(1)) == nil)
        #expect(table.owed == 0 && table.busy == 0)
    }

    @Test("R27: the id of a cancelled request may be used again, and is owed an answer again")
    func cancelThenReuse() throws {
        #expect(insert(.integer(1), token: .integer(5)) == .accepted)
        #expect(cancel(.integer(1)))
        #expect(insert(.integer(1), token: .integer(6)) == .accepted)
        #expect(insert(.integer(1)) == .duplicate)
        #expect(table.owed == 1 && table.busy == 1)
        #expect(table.expectsProgress(.integer(6)))
        let request = try #require(answer(.integer(1)))
        #expect(!request.isCancelled)
        #expect(table.owed == 0)
        #expect(!table.expectsProgress(.integer(6)))
    }

    @Test("R35: requests of all kinds are answered at the end in the order in which they came")
    func mixedOrder() {
        let ids: [RequestID] = [
            .integer(9), Self.text("a"), .integer(1), .integer(1 + 1_024), .integer(-3), Self.text("9"),
        ]
        for (index, id) in ids.enumerated() {
            #expect(insert(id, token: index == 2 ? .integer(5) : nil) == .accepted)
            #expect(insert(id) == .duplicate)
        }
        #expect(table.owed == ids.count)
        #expect(removeAll() == ids)
        #expect(table.owed == 0)
    }

    @Test("R35: a cancelled request is not answered at the end, all others are, in arrival order")
    func order() {
        let ids = (0..<200).map { index -> RequestID in
            index % 2 == 0 ? .integer(Int64(index * 7919 % 200)) : Self.text("s\(index)")
        }
        for id in ids { #expect(insert(id) == .accepted) }
        #expect(cancel(ids[3]))
        _ = answer(ids[10])
        #expect(insert(ids[10]) == .accepted)
        var expected = ids
        expected.remove(at: 10)
        expected.remove(at: 3)
        expected.append(ids[10])
        #expect(removeAll() == expected)
        #expect(table.owed == 0 && table.busy == 0)
        #expect(removeAll().isEmpty)
        #expect(insert(ids[3]) == .accepted)
    }

    @Test("R43, R44: a listen is owed an answer but keeps nobody busy")
    func listens() {
        #expect(insert(.integer(1), role: .listen) == .accepted)
        #expect(table.owed == 1 && table.busy == 0)
        #expect(insert(.integer(2)) == .accepted)
        #expect(insert(.integer(3), role: .listen) == .accepted)
        #expect(table.owed == 3 && table.busy == 1)
        #expect(cancel(.integer(1)))
        #expect(table.owed == 2 && table.busy == 1)
        #expect(insert(.integer(1)) == .accepted)
        #expect(table.owed == 3 && table.busy == 2)
        _ = answer(.integer(3))
        _ = answer(.integer(2))
        _ = answer(.integer(1))
        #expect(table.owed == 0 && table.busy == 0)
    }

    @Test("R28: progress is expected until the response")
    func progress() {
        #expect(insert(.integer(1), token: Self.text("t")) == .accepted)
        #expect(insert(.integer(2), token: .integer(1)) == .accepted)
        #expect(table.expectsProgress(Self.text("t")) && table.expectsProgress(.integer(1)))
        #expect(!table.expectsProgress(Self.text("1")) && !table.expectsProgress(.integer(2)))
        _ = answer(.integer(1))
        #expect(!table.expectsProgress(Self.text("t")) && table.expectsProgress(.integer(1)))
    }

    @Test("R28: where two requests share a progress token, it lives until both are answered")
    func sharedToken() {
        #expect(insert(.integer(1), token: .integer(0)) == .accepted)
        #expect(insert(.integer(2), token: .integer(0)) == .accepted)
        #expect(insert(.integer(3), token: .integer(0)) == .accepted)
        _ = answer(.integer(1))
        #expect(table.expectsProgress(.integer(0)))
        _ = cancel(.integer(2))
        #expect(table.expectsProgress(.integer(0)))
        _ = answer(.integer(2))
        #expect(table.expectsProgress(.integer(0)))
        _ = answer(.integer(3))
        #expect(!table.expectsProgress(.integer(0)))
    }

    @Test("R28: a task's progress outlives the response that created it", arguments: [(true, false), (false, true)])
    func tasks(_ concernsTask: Bool, _ createsTask: Bool) {
        #expect(insert(.integer(1), token: .integer(9), concernsTask: concernsTask) == .accepted)
        _ = answer(.integer(1), createsTask: createsTask)
        #expect(table.expectsProgress(.integer(9)))
        #expect(table.owed == 0)
    }

    @Test("R74: the tokens of tasks are bounded, the oldest forgotten first")
    func taskBound() {
        let count = Int64(InFlightTable.maxCancelled + 10)
        for index in 0..<count {
            #expect(insert(.integer(index), token: .integer(index)) == .accepted)
            _ = answer(.integer(index), createsTask: true)
        }
        #expect(!table.expectsProgress(.integer(9)))
        #expect(table.expectsProgress(.integer(10)) && table.expectsProgress(.integer(count - 1)))
    }

    @Test("R74: requests in flight are bounded in number")
    func bounded() {
        for index in 0..<Int64(InFlightTable.maxRequests) { _ = insert(.integer(index)) }
        #expect(table.owed == InFlightTable.maxRequests)
        #expect(insert(.integer(-1)) == .full)
        #expect(insert(.integer(5)) == .duplicate)
        _ = answer(.integer(5))
        #expect(insert(.integer(-1)) == .accepted)
        #expect(insert(.integer(-2)) == .full)
        #expect(table.owed == InFlightTable.maxRequests)
    }

    @Test(
        "R74: the bytes of ids, spellings and progress tokens are bounded",
        arguments: ["id", "spelling", "token", "both"]
    )
    func boundedBytes(_ kind: String) {
        let size = 64 << 10
        func long(_ index: Int) -> RequestID { Self.text("\(index)" + String(repeating: "x", count: size)) }
        let spelling = [UInt8](repeating: 0x78, count: size)
        var accepted: [RequestID] = []
        for index in 0..<100 {
            let id = kind == "id" || kind == "both" ? long(index) : .integer(Int64(index))
            let token = kind == "token" || kind == "both" ? long(index) : nil
            guard insert(id, token: token, spelling: kind == "spelling" ? spelling : nil) == .accepted else { break }
            accepted.append(id)
        }
        let held = kind == "both" ? 2 * size : size
        #expect(accepted.count <= InFlightTable.maxIDBytes / held)
        #expect(accepted.count >= InFlightTable.maxIDBytes / held - 1)
        // Small ones still pass where the large ones do not, and the room is given back.
        #expect(insert(.integer(-1)) == .accepted)
        for turn in 0..<3 {
            for id in accepted {
                if turn == 1 { #expect(cancel(id)) } else { #expect(answer(id) != nil) }
            }
            for index in accepted.indices {
                let token = kind == "token" || kind == "both" ? long(index) : nil
                let answer = insert(accepted[index], token: token, spelling: kind == "spelling" ? spelling : nil)
                #expect(answer == .accepted, "turn \(turn), \(index)")
            }
        }
    }

    @Test("R74: the bytes of the tokens of tasks are bounded too, the oldest forgotten first")
    func boundedTaskBytes() {
        let size = 256 << 10
        func long(_ index: Int) -> RequestID { Self.text("\(index)" + String(repeating: "x", count: size)) }
        for index in 0..<20 {
            #expect(insert(.integer(1), token: long(index)) == .accepted)
            _ = answer(.integer(1), createsTask: true)
        }
        let remembered = (0..<20).filter { table.expectsProgress(long($0)) }
        #expect(remembered.last == 19 && remembered.count * size <= InFlightTable.maxIDBytes)
        #expect(remembered.count >= 2)
    }

    @Test("R74: cancelled requests whose answer never comes are bounded and do not fill the table")
    func boundedCancelled() {
        for index in 0..<Int64(3 * InFlightTable.maxCancelled) {
            #expect(insert(.integer(index), token: .integer(index)) == .accepted)
            #expect(cancel(.integer(index)))
            #expect(table.owed == 0)
        }
        let late = (0..<Int64(3 * InFlightTable.maxCancelled)).count {
            answer(.integer($0)) != nil
        }
        #expect(late >= 1 && late <= InFlightTable.maxCancelled)
        #expect(table.owed == 0)
    }
}
