// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a run of bytes is worth as UTF-8 when more may follow (RFC 6455 §5.6 and §8.1).
enum UTF8Check: Equatable {
    /// Well-formed up to the last byte.
    case valid
    /// Well-formed up to this offset; from there on the beginning of one scalar value that may still be completed.
    case incomplete(from: Int)
    case invalid

    /// Judges `bytes`, which begin at the boundary of a scalar value.
    ///
    /// A beginning that no continuation can save (a surrogate, an overlong form, over U+10FFFF) is `invalid` at once.
    init(_ bytes: UnsafeRawBufferPointer) {
        self = bytes.withMemoryRebound(to: UInt8.self) { units in
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: units.span)
                return .valid
            } catch {
                guard error.kind == .truncatedScalar, error.byteOffsets.upperBound == units.count else {
                    return .invalid
                }
                return .incomplete(from: error.byteOffsets.lowerBound)
            }
        }
    }
}
