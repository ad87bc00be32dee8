// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The masking of RFC 6455 §5.3, undone while the payload is copied: one pass, 64 bytes at a time.
enum Unmasking {
    /// Copies `source` to `destination` with the mask taken off.
    ///
    /// - Parameters:
    ///   - source: Masked bytes.
    ///   - destination: Room for `source.count` bytes, which must not overlap `source`.
    ///   - mask: The masking key as in ``FrameHeader/mask``.
    ///   - offset: Where in its frame's payload `source` begins.
    /// - Returns: Whether all copied bytes are ASCII, which makes looking for invalid UTF-8 needless.
    @inline(__always)
    static func copy(
        _ source: UnsafeRawBufferPointer,
        to destination: UnsafeMutableRawPointer,
        mask: UInt32,
        offset: Int
    ) -> Bool {
        guard let from = source.baseAddress else { return true }
        let rotation = UInt32(truncatingIfNeeded: offset & 3) &* 8
        let rotated = (mask &>> rotation) | (mask &<< ((32 &- rotation) & 31))
        let key = (UInt64(rotated) | UInt64(rotated) &<< 32).littleEndian
        let end = source.count
        var index = 0

        let wideKey = SIMD8<UInt64>(repeating: key)
        var wideSeen = SIMD8<UInt64>(repeating: 0)
        while end &- index >= 64 {
            let plain = from.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self) ^ wideKey
            wideSeen |= plain
            destination.storeBytes(of: plain, toByteOffset: index, as: SIMD8<UInt64>.self)
            index &+= 64
        }
        let half = wideSeen.lowHalf | wideSeen.highHalf
        let quarter = half.lowHalf | half.highHalf
        var seen = quarter[0] | quarter[1]
        while end &- index >= 8 {
            let plain = from.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ key
            seen |= plain
            destination.storeBytes(of: plain, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        // Steps of 64 and 8 keep the key's phase, so that its first bytes belong to what is left.
        var rest = key.littleEndian
        while index < end {
            let plain = from.load(fromByteOffset: index, as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
            seen |= UInt64(plain)
            destination.storeBytes(of: plain, toByteOffset: index, as: UInt8.self)
            rest &>>= 8
            index &+= 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}
