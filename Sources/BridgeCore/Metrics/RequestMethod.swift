// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// The methods that requests are counted by. All that is not among those of the specification's revisions is ``other``: no
/// client makes series of its own.
package enum RequestMethod: UInt8, Sendable, CaseIterable {
    case other
    case initialize, ping, discover
    case listTools, callTool
    case listResources, listTemplates, readResource, subscribe, unsubscribe
    case listPrompts, getPrompt
    case complete, setLevel, listen
    case getTask, taskResult, listTasks, cancelTask, updateTask

    /// As it stands in `method`; `other` for all others.
    package var name: String {
        self.literal.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
    }

    private var literal: StaticString {
        switch self {
        case .other: "other"
        case .initialize: "initialize"
        case .ping: "ping"
        case .discover: "server/discover"
        case .listTools: "tools/list"
        case .callTool: "tools/call"
        case .listResources: "resources/list"
        case .listTemplates: "resources/templates/list"
        case .readResource: "resources/read"
        case .subscribe: "resources/subscribe"
        case .unsubscribe: "resources/unsubscribe"
        case .listPrompts: "prompts/list"
        case .getPrompt: "prompts/get"
        case .complete: "completion/complete"
        case .setLevel: "logging/setLevel"
        case .listen: "subscriptions/listen"
        case .getTask: "tasks/get"
        case .taskResult: "tasks/result"
        case .listTasks: "tasks/list"
        case .cancelTask: "tasks/cancel"
        case .updateTask: "tasks/update"
        }
    }

    /// - Parameter value: that of `method`, a string.
    @inline(__always)
    init(_ value: Envelope.Value, in text: UnsafeRawBufferPointer) {
        if value.isEscaped {
            self = Self.allCases.first { value.names($0.literal, in: text) } ?? .other
            return
        }
        let contents = value.contents
        guard !contents.isEmpty, let start = text.baseAddress else {
            self = .other
            return
        }
        let name = (start + contents.lowerBound).assumingMemoryBound(to: UInt8.self)
        self = Self.find(name, contents.count)
    }

    /// By the length first: no more than five have the same.
    private static func find(_ name: UnsafePointer<UInt8>, _ count: Int) -> RequestMethod {
        switch count {
        case 4: self.same(name, "ping") ? .ping : .other
        case 9: self.same(name, "tasks/get") ? .getTask : .other
        case 10:
            self.same(name, "tools/call")
                ? .callTool
                : self.same(name, "tools/list")
                    ? .listTools
                    : self.same(name, "initialize") ? .initialize : self.same(name, "tasks/list") ? .listTasks : .other
        case 11: self.same(name, "prompts/get") ? .getPrompt : .other
        case 12:
            self.same(name, "prompts/list")
                ? .listPrompts
                : self.same(name, "tasks/result")
                    ? .taskResult
                    : self.same(name, "tasks/cancel")
                        ? .cancelTask : self.same(name, "tasks/update") ? .updateTask : .other
        case 14:
            self.same(name, "resources/read")
                ? .readResource : self.same(name, "resources/list") ? .listResources : .other
        case 15: self.same(name, "server/discover") ? .discover : .other
        case 16: self.same(name, "logging/setLevel") ? .setLevel : .other
        case 19:
            self.same(name, "completion/complete")
                ? .complete : self.same(name, "resources/subscribe") ? .subscribe : .other
        case 20: self.same(name, "subscriptions/listen") ? .listen : .other
        case 21: self.same(name, "resources/unsubscribe") ? .unsubscribe : .other
        case 24: self.same(name, "resources/templates/list") ? .listTemplates : .other
        default: .other
        }
    }

    @inline(__always)
    private static func same(_ name: UnsafePointer<UInt8>, _ literal: StaticString) -> Bool {
        cbytes_equal(name, literal.utf8Start, literal.utf8CodeUnitCount)
    }
}
