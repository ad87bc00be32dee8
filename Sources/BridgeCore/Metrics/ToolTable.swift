// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// The tools that calls are counted by, each known by a small number, for one event loop and server.
///
/// A name gets a number when the server has answered a call of it with a result: what clients make up gets none. There are at
/// most ``RequestMeter/mostTools`` numbers; all else is ``other``, and some names are known to be that. To find a name counts no references: with
/// arrays a call of a tool cost 100 instructions more.
struct ToolTable: ~Copyable {
    /// The number of whatever is no call of a tool.
    static let none: UInt16 = 0
    static let other: UInt16 = 1
    private static let first: UInt16 = 2
    /// From here on numbers stand for names that may get one.
    static let firstCandidate: UInt16 = 0x8000
    /// Bytes of the longest name: longer ones are ``other``, and so are those with unusual characters (MCP, Tools, "Tool
    /// Names").
    private static let longest = 128
    private static let slotCount = 256
    /// Names that are known, so that slots stay free.
    private static let mostKnown = 192
    /// Names that are remembered until an answer comes.
    private static let candidateCount = 64

    /// A name in a slot; none where `count` is 0.
    private struct Known {
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        var number = ToolTable.none
    }

    // SAFETY: both owned by this value alone, which cannot be copied, and freed with it, as are the bytes of each name; indices
    // are below `slotCount`.
    private let slots: UnsafeMutablePointer<Known>
    private var knownCount = 0
    /// By their numbers.
    private(set) var names: [String] = []
    private var candidates: [(number: UInt16, name: [UInt8])] = []
    private var nextCandidate = ToolTable.firstCandidate

    init() {
        self.slots = .allocate(capacity: Self.slotCount)
        self.slots.initialize(repeating: Known(), count: Self.slotCount)
    }

    deinit {
        for slot in 0..<Self.slotCount { self.slots[slot].bytes?.deallocate() }
        self.slots.deallocate()
    }

    /// The number of a name; one of those from ``firstCandidate`` on where it may get one by ``learn(_:isAdmitted:)``.
    @inline(__always)
    mutating func number(of name: UnsafeRawBufferPointer) -> UInt16 {
        guard name.count <= Self.longest, let start = name.baseAddress?.assumingMemoryBound(to: UInt8.self),
            !name.isEmpty
        else { return Self.other }
        var slot = Self.slot(start, name.count)
        while true {
            let known = self.slots[slot]
            guard let bytes = known.bytes else { return self.candidate(name) }
            if known.count == name.count, cbytes_equal(start, bytes, name.count) { return known.number }
            slot = (slot &+ 1) & (Self.slotCount &- 1)
        }
    }

    @inline(never)
    private mutating func candidate(_ name: UnsafeRawBufferPointer) -> UInt16 {
        guard self.knownCount < Self.mostKnown, name.allSatisfy(Self.isPlain) else { return Self.other }
        let number = self.nextCandidate
        self.nextCandidate = number == .max ? Self.firstCandidate : number + 1
        let place = Int(number) % Self.candidateCount
        if place < self.candidates.count {
            self.candidates[place] = (number, Array(name))
        } else {
            self.candidates.append((number, Array(name)))
        }
        return number
    }

    /// Gives the name of a candidate, whose call the server has answered, a number; ``other`` for one that has been forgotten.
    ///
    /// - Parameter isAdmitted: whether the name may have one, wherever else it is counted.
    mutating func learn(_ candidate: UInt16, isAdmitted: (String) -> Bool) -> UInt16 {
        let place = Int(candidate) % Self.candidateCount
        guard place < self.candidates.count, self.candidates[place].number == candidate else { return Self.other }
        let name = self.candidates[place].name
        // Another call of it may have been answered meanwhile.
        let known = name.withUnsafeBytes { self.number(of: $0) }
        guard known >= Self.firstCandidate else { return known }
        let text = String(decoding: name, as: UTF8.self)
        let hasNumber = self.names.count < RequestMeter.mostTools && isAdmitted(text)
        let number = hasNumber ? Self.first + UInt16(self.names.count) : Self.other
        if hasNumber { self.names.append(text) }
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: name.count)
        for (index, byte) in name.enumerated() { (bytes + index).initialize(to: byte) }
        var slot = Self.slot(bytes, name.count)
        while self.slots[slot].bytes != nil { slot = (slot &+ 1) & (Self.slotCount &- 1) }
        self.slots[slot] = Known(bytes: bytes, count: name.count, number: number)
        self.knownCount += 1
        return number
    }

    /// How the name of a number is counted: what has a name of its own, and all others under an empty one.
    func name(of number: UInt16) -> String {
        number >= Self.first ? self.names[Int(number - Self.first)] : ""
    }

    /// Names of a server are much alike, so that their ends, their middles and their lengths all count.
    @inline(__always)
    private static func slot(_ name: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let middle = Int(name[count / 2])
        return (count &* 37 &+ Int(name[0]) &* 5 &+ middle &* 17 &+ Int(name[count &- 1])) & (slotCount &- 1)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): true
        default: false
        }
    }
}
