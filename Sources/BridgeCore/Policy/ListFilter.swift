// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a list is of.
enum ListedKind: Sendable {
    case tools
    case prompts
    case resources
    /// Judged like resources, by the text of `uriTemplate` as it stands.
    case templates

    var kind: AccessPolicy.Kind {
        switch self {
        case .tools: .tool
        case .prompts: .prompt
        case .resources, .templates: .resource
        }
    }

    /// The member of the result that is the list.
    var key: StaticString {
        switch self {
        case .tools: "tools"
        case .prompts: "prompts"
        case .resources: "resources"
        case .templates: "resourceTemplates"
        }
    }

    /// The member of an element that the policy compares.
    var nameKey: StaticString {
        switch self {
        case .tools, .prompts: "name"
        case .resources: "uri"
        case .templates: "uriTemplate"
        }
    }
}

/// Takes out of a server's list what clients may not see (R22: and nothing else).
enum ListFilter {
    /// The list is not what MCP says, so that nobody knows what a client would make of it.
    struct Unreadable: Error {}

    /// What to cut out of the result of a list request: the elements that the policy denies, each with one comma.
    ///
    /// - Parameter result: an object that ``EnvelopeScanner`` has validated. The ranges are offsets into it, ascending.
    static func cuts(
        _ result: UnsafeRawBufferPointer,
        _ listed: ListedKind,
        _ policy: AccessPolicy
    ) throws(Unreadable) -> [Range<Int>] {
        let range = try Self.only(listed.key, in: result)
        let list = UnsafeRawBufferPointer(rebasing: result[range])
        guard list.first == UInt8(ascii: "[") else { throw Unreadable() }
        var elements: [(range: Range<Int>, isCut: Bool)] = []
        for element in ArrayElements(list) {
            let place = element.lowerBound..<JSONText.skipValue(list, element.lowerBound)
            let object = UnsafeRawBufferPointer(rebasing: list[place])
            let value = UnsafeRawBufferPointer(rebasing: object[try Self.only(listed.nameKey, in: object)])
            guard let name = JSONText.string(value) else { throw Unreadable() }
            elements.append((place, !policy.allows(listed.kind, name)))
        }
        return JSONText.cuts(elements).map { $0.lowerBound + range.lowerBound..<$0.upperBound + range.lowerBound }
    }

    /// The value of a member that stands in an object once, and has no like.
    private static func only(_ key: StaticString, in object: UnsafeRawBufferPointer) throws(Unreadable) -> Range<Int> {
        var found: Range<Int>?
        for member in ObjectMembers(object) {
            let name = UnsafeRawBufferPointer(rebasing: object[member.key])
            if JSONString.equals(name, isEscaped: member.isKeyEscaped, key) {
                guard found == nil else { throw Unreadable() }
                found = member.value
            } else if LikeKey.resembles(name, isEscaped: member.isKeyEscaped, key) {
                throw Unreadable()
            }
        }
        guard let found else { throw Unreadable() }
        return found
    }
}
