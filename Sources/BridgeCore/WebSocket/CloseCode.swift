// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The status code of a close frame (RFC 6455 §7.4 and the registry of IANA that it founded).
package struct CloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The purpose of the connection is fulfilled.
    package static let normal = CloseCode(rawValue: 1000)
    /// The daemon drains or stops, or the server behind it died.
    package static let goingAway = CloseCode(rawValue: 1001)
    /// The peer broke RFC 6455.
    package static let protocolError = CloseCode(rawValue: 1002)
    /// A kind of data that is not taken here: binary.
    package static let unsupportedData = CloseCode(rawValue: 1003)
    /// A close frame without a code was received. Never on the wire.
    package static let noStatus = CloseCode(rawValue: 1005)
    /// The connection was lost without a close frame. Never on the wire.
    package static let abnormal = CloseCode(rawValue: 1006)
    /// Text that is not UTF-8.
    package static let invalidPayload = CloseCode(rawValue: 1007)
    /// A limit or rule of the operator's was broken.
    package static let policyViolation = CloseCode(rawValue: 1008)
    /// A message over the limit.
    package static let messageTooBig = CloseCode(rawValue: 1009)
    /// A fault of the bridge itself.
    package static let internalError = CloseCode(rawValue: 1011)
    /// The service restarts.
    package static let serviceRestart = CloseCode(rawValue: 1012)
    /// The service is overloaded: try again later.
    package static let tryAgainLater = CloseCode(rawValue: 1013)

    /// Whether the code may stand in a close frame, from either side (RFC 6455 §7.4.2).
    ///
    /// 1004, 1005, 1006 and 1015 are reserved, 1016–2999 are not yet given out, 3000–3999 are registered by frameworks
    /// and 4000–4999 are private.
    package var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension CloseCode: CustomStringConvertible {
    package var description: String { String(rawValue) }
}
