// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// The tools that calls are counted by, each known by a small number, for one event loop and server.
///
/// A name gets a number when the server has answered a call of it with a result: what clients make up gets none. There are at
/// most ``most`` numbers; all else is ``other``, and some names are known to be that.
struct ToolTable: ~Copyable {
    /// The number of whatever is no call of a tool.
    static let none: UInt8 = 0
    static let other: UInt8 = 1
    private static let first: UInt8 = 2
    /// Stands for a name that may get a number.
    static let unproven = UInt8.max
    static let most = 64
    /// Bytes of the longest name: longer ones are ``other``, and so are those with unusual characters (MCP, Tools, "Tool
    /// Names").
    private static let longest = 128
    private static let slotCount = 256
    /// Names that are known, so that slots stay free.
    private static let mostKnown = 192

    private var known: [(name: [UInt8], number: UInt8)] = []
    /// By their numbers.
    private(set) var names: [String] = []
    // SAFETY: owned by this value alone, which cannot be copied, and freed with it; indices are below `slotCount`. A slot has
    // the index in `known` plus one, or 0.
    private let slots: UnsafeMutablePointer<UInt8>

    init() {
        self.slots = .allocate(capacity: Self.slotCount)
        self.slots.initialize(repeating: 0, count: Self.slotCount)
    }

    deinit {
        self.slots.deallocate()
    }

    /// The number of a name, or ``unproven``.
    @inline(__always)
    func number(of name: UnsafeRawBufferPointer) -> UInt8 {
        guard let start = name.baseAddress, name.count <= Self.longest, !name.isEmpty else { return Self.other }
        var slot = Self.slot(name)
        while true {
            let place = Int(self.slots[slot])
            guard place > 0 else { break }
            let isSame = self.known[place - 1].name.withUnsafeBufferPointer { known in
                known.count == name.count
                    && cbytes_equal(
                        start.assumingMemoryBound(to: UInt8.self),
                        known.baseAddress.unsafelyUnwrapped,
                        name.count
                    )
            }
            if isSame { return self.known[place - 1].number }
            slot = (slot &+ 1) & (Self.slotCount &- 1)
        }
        return self.known.count < Self.mostKnown && name.allSatisfy(Self.isPlain) ? Self.unproven : Self.other
    }

    /// Gives a name a number that had none.
    ///
    /// - Parameter isAdmitted: whether the name may have one, wherever else it is counted.
    mutating func learn(_ name: [UInt8], isAdmitted: (String) -> Bool) -> UInt8 {
        let known = name.withUnsafeBytes { self.number(of: $0) }
        guard known == Self.unproven else { return known }
        let text = String(decoding: name, as: UTF8.self)
        let hasNumber = self.names.count < Self.most && isAdmitted(text)
        let number = hasNumber ? Self.first + UInt8(self.names.count) : Self.other
        if hasNumber { self.names.append(text) }
        var slot = name.withUnsafeBytes { Self.slot($0) }
        while self.slots[slot] != 0 { slot = (slot &+ 1) & (Self.slotCount &- 1) }
        self.known.append((name, number))
        self.slots[slot] = UInt8(self.known.count)
        return number
    }

    /// How the name of a number is counted: what has a name of its own, and all others under an empty one.
    func name(of number: UInt8) -> String {
        number >= Self.first ? self.names[Int(number - Self.first)] : ""
    }

    /// Names of a server are much alike, so that their ends, their middles and their lengths all count.
    @inline(__always)
    private static func slot(_ name: UnsafeRawBufferPointer) -> Int {
        let middle = Int(name[name.count / 2])
        return (name.count &* 37 &+ Int(name[0]) &* 5 &+ middle &* 17 &+ Int(name[name.count &- 1])) & (slotCount &- 1)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): true
        default: false
        }
    }
}
