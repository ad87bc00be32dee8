// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One value of a TOML document with its place.
struct TOMLNode: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case table([TOMLEntry])
        case array([TOMLNode])
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        /// No key takes a date or a time, so that the value itself is not kept.
        case dateOrTime
    }

    let value: Value
    let position: TOMLPosition

    /// What kind of value this is, as it reads in "…, not an integer". Never the value: it may be a secret.
    var kind: String {
        switch value {
        case .table: "a table"
        case .array: "an array"
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a floating-point number"
        case .boolean: "a boolean"
        case .dateOrTime: "a date or time"
        }
    }
}

/// A key of a table with its value. Tables keep the order of their file.
struct TOMLEntry: Sendable, Equatable {
    let key: String
    let keyPosition: TOMLPosition
    let node: TOMLNode
}

/// Line and column, both counted from 1; a column is a code point.
struct TOMLPosition: Sendable, Equatable {
    let line: Int
    let column: Int
}

/// The first place where a text stops being TOML.
struct TOMLSyntaxError: Error, Equatable {
    let message: String
    let position: TOMLPosition
}
