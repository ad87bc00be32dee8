// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

@testable import BridgeCore

/// Memory whose last readable byte is followed by a page that nobody may touch: who reads past a text's end crashes.
final class GuardedPage {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private let mapped: Int

    /// - Parameter atLeast: the longest text to be placed, in bytes.
    init(atLeast: Int) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        capacity = max(1, (atLeast + page - 1) / page) * page
        mapped = capacity + page
        base = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(base != MAP_FAILED && mprotect(base + capacity, page, PROT_NONE) == 0)
    }

    deinit { munmap(base, mapped) }

    /// A copy of `bytes` that ends where the forbidden page begins; good until the next call.
    func place(_ bytes: some Collection<UInt8>) -> UnsafeRawBufferPointer {
        precondition(bytes.count <= capacity)
        let target = UnsafeMutableRawBufferPointer(start: base + capacity - bytes.count, count: bytes.count)
        target.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(target)
    }
}

/// Scans one text in front of a forbidden page.
func scanned(_ text: String) throws(JSONSyntaxError) -> Envelope { try scanned(Array(text.utf8)) }

/// Scans one text in front of a forbidden page.
func scanned(_ bytes: [UInt8]) throws(JSONSyntaxError) -> Envelope {
    let page = GuardedPage(atLeast: bytes.count)
    let result = withExtendedLifetime(page) { () -> Result<Envelope, JSONSyntaxError> in
        do throws(JSONSyntaxError) {
            return .success(try EnvelopeScanner.scan(page.place(bytes)))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

/// Whether the scanner takes a text, scanned in front of a forbidden page.
func isTaken(_ bytes: [UInt8]) -> Bool {
    (try? scanned(bytes)) != nil
}

/// The id or token that stands at `value` in `text`.
func requestID(_ token: String) -> RequestID? {
    identify(token) { RequestID($0, in: $1) }
}

/// The id or token as a server may have respelled it.
func respelledID(_ token: String) -> RequestID? {
    identify(token) { RequestID(respelled: $0, in: $1) }
}

private func identify(
    _ token: String,
    _ make: (Envelope.Value, UnsafeRawBufferPointer) -> RequestID?
) -> RequestID? {
    Array(#"{"id":\#(token)}"#.utf8).withUnsafeBytes { text in
        (try? EnvelopeScanner.scan(text))?.id.flatMap { make($0, text) }
    }
}

extension String {
    /// The text of a range of UTF-8 offsets.
    subscript(bytes range: Range<Int>) -> String { String(decoding: Array(utf8)[range], as: UTF8.self) }
}
