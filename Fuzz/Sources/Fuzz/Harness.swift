// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Ends the process as a finding if something does not hold that must.
///
/// - Parameters:
///   - promise: what should have held, in words.
///   - details: what was seen instead.
func require(_ condition: Bool, _ promise: @autoclosure () -> String, _ details: @autoclosure () -> String = "") {
    if condition { return }
    say("fuzz: not so: \(promise())")
    let details = details()
    if !details.isEmpty { say(details) }
    abort()
}

/// Requires that two are equal, and shows both if they are not.
func requireEqual<T: Equatable>(_ actual: T, _ expected: T, _ promise: @autoclosure () -> String) {
    require(actual == expected, promise(), "  is:        \(actual)\n  should be: \(expected)")
}

/// A line on standard error, unbuffered: the process may be about to end.
func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

/// Ways to divide a stream into reads. All follow from the bytes themselves, so that a seed or a reproducer is the stream
/// and nothing else, and so that the same input is always divided alike.
struct Divisions: Sequence, IteratorProtocol {
    /// Streams up to this are cut in two, at each place in turn.
    private static let shortest = 24
    /// Streams up to this are read byte by byte.
    private static let short = 256
    private static let randomOnes = 2

    private let count: Int
    private var random: UInt64
    private var step = 0

    init(of bytes: UnsafeRawBufferPointer) {
        self.count = bytes.count
        self.random = hash(bytes)
    }

    /// The reads, each as a range of the stream: none is empty.
    mutating func next() -> [Range<Int>]? {
        defer { self.step += 1 }
        switch self.step {
        case 0: return self.count == 0 ? [] : [0..<self.count]
        case 1 where self.count <= Self.short: return (0..<self.count).map { $0..<$0 + 1 }
        case 1..<(2 + Self.randomOnes): return self.randomRanges()
        default:
            let cut = self.step - 1 - Self.randomOnes
            guard self.count <= Self.shortest, cut < self.count else { return nil }
            return [0..<cut, cut..<self.count]
        }
    }

    private mutating func randomRanges() -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var at = 0
        while at < self.count {
            self.random = self.random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Mostly small ones: faults live where things are cut off.
            let bits = self.random >> 33
            let length = bits & 3 == 0 ? Int(bits >> 2 & 63) + 1 : Int(bits >> 2 & 7) + 1
            ranges.append(at..<Swift.min(self.count, at + length))
            at = ranges[ranges.count - 1].upperBound
        }
        return ranges
    }
}

/// FNV-1a.
func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a range as a buffer of its own.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// The text, if all is UTF-8.
    var text: String? { String(validating: self, as: UTF8.self) }
}

extension Sequence<UInt8> {
    /// As it is shown with a finding.
    var shown: String { String(decoding: Array(self), as: UTF8.self).debugDescription }
}
