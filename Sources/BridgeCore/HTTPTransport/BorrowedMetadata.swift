// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The envelope of a client's request, for a request that the bridge makes on its behalf (R58).
///
/// A modern server wants to know version, capabilities and client of each request; the bridge has none of its own.
package enum BorrowedMetadata {
    /// The JSON text of `params._meta` of a request, without a `progressToken`: progress of the bridge's own request is
    /// not the client's. Nil if the request has no such object.
    ///
    /// - Parameter message: validated by ``EnvelopeScanner``.
    package static func metadata(of message: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let params = ObjectMembers.text(of: "params", in: message),
            let metadata = ObjectMembers.text(of: "_meta", in: params), metadata.first == UInt8(ascii: "{")
        else { return nil }
        let members = ObjectMembers(metadata).map { member in
            let key = UnsafeRawBufferPointer(rebasing: metadata[member.key])
            return (
                range: member.key.lowerBound - 1..<member.value.upperBound,
                isCut: JSONString.equals(key, isEscaped: member.isKeyEscaped, "progressToken")
            )
        }
        var output: [UInt8] = []
        output.reserveCapacity(metadata.count)
        var at = 0
        for cut in JSONText.cuts(members) {
            output.append(contentsOf: metadata[at..<cut.lowerBound])
            at = cut.upperBound
        }
        output.append(contentsOf: metadata[at...])
        return output
    }
}
