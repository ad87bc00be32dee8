// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Which of a client's messages are about something that the policy forbids.
extension AccessPolicy {
    /// What a message is to the policy.
    enum Verdict {
        /// It is nothing to the policy, or allowed.
        case passes
        /// It asks for a list, whose answer has to be filtered.
        case lists(ListedKind)
        case denied(Denial)
        /// A server might read another method or name than the bridge does.
        case ambiguous
    }

    /// How a method says what it is about.
    private enum Subject {
        /// By a member of `params`.
        case named(Kind, StaticString)
        /// By what the answer holds.
        case list(ListedKind)
        /// `params.ref`, a prompt or a resource.
        case reference
        /// `params.notifications.resourceSubscriptions`.
        case subscriptions
    }

    /// All methods of all revisions that name a tool, a prompt or a resource.
    private static let methods: [(StaticString, Subject)] = [
        ("tools/call", .named(.tool, "name")),
        ("tools/list", .list(.tools)),
        ("prompts/get", .named(.prompt, "name")),
        ("prompts/list", .list(.prompts)),
        ("resources/read", .named(.resource, "uri")),
        ("resources/subscribe", .named(.resource, "uri")),
        ("resources/unsubscribe", .named(.resource, "uri")),
        ("resources/list", .list(.resources)),
        ("resources/templates/list", .list(.templates)),
        ("completion/complete", .reference),
        ("subscriptions/listen", .subscriptions),
    ]

    /// Judges an object of the client's, be it request, notification or response.
    ///
    /// - Parameter envelope: of `text`, and without duplicate keys (R24).
    func judge(_ text: UnsafeRawBufferPointer, _ envelope: Envelope) -> Verdict {
        if LikeKey.stands(in: text, ["method", "params"]) { return .ambiguous }
        guard let method = envelope.method, method.kind == .string else { return .passes }
        // At a NUL a text ends for programs in C: these would read another method. None stands there but as an escape.
        if method.isEscaped {
            let name = JSONText.string(UnsafeRawBufferPointer(rebasing: text[method.range]))
            if name?.contains(0) ?? true { return .ambiguous }
        }
        guard let (name, subject) = Self.methods.first(where: { method.names($0.0, in: text) }) else { return .passes }
        let params = envelope.params.flatMap { value in
            value.kind == .object ? UnsafeRawBufferPointer(rebasing: text[value.range]) : nil
        }
        switch subject {
        case .list(let kind):
            guard self.judges(kind.kind) else { return .passes }
            // The list of a task comes as another request's answer, which nobody would filter.
            return envelope.concernsTask ? .denied(Denial(kind.kind, method: "\(name)", name: nil)) : .lists(kind)
        case .named(let kind, let key):
            guard self.judges(kind) else { return .passes }
            return self.judge(params, kind, key, method: name)
        case .reference:
            guard self.judges(.prompt) || self.judges(.resource) else { return .passes }
            return self.judgeReference(params, method: name)
        case .subscriptions:
            guard self.judges(.resource) else { return .passes }
            if let params { return self.judgeSubscriptions(params, method: name) }
            let isReadable = envelope.params.map { $0.kind == .null } ?? true
            return isReadable ? .passes : .denied(Denial(.resource, method: "\(name)", name: nil))
        }
    }

    /// By the member `key` of `object`; denied where there is none.
    private func judge(
        _ object: UnsafeRawBufferPointer?,
        _ kind: Kind,
        _ key: StaticString,
        method: StaticString
    ) -> Verdict {
        guard let object else { return .denied(Denial(kind, method: "\(method)", name: nil)) }
        if LikeKey.stands(in: object, [key]) { return .ambiguous }
        let name = JSONText.string(ObjectMembers.text(of: key, in: object))
        guard let name, self.allows(kind, name) else {
            return .denied(Denial(kind, method: "\(method)", name: name))
        }
        return .passes
    }

    private func judgeReference(_ params: UnsafeRawBufferPointer?, method: StaticString) -> Verdict {
        let kind = self.judges(.prompt) ? Kind.prompt : .resource
        let unreadable = Verdict.denied(Denial(kind, method: "\(method)", name: nil))
        guard let params else { return unreadable }
        if LikeKey.stands(in: params, ["ref"]) { return .ambiguous }
        let references = params.members(named: "ref")
        guard let reference = references.first, references.count == 1, reference.first == UInt8(ascii: "{") else {
            return unreadable
        }
        if LikeKey.stands(in: reference, ["type", "name", "uri"]) { return .ambiguous }
        let types = reference.members(named: "type").map { JSONText.string($0) }
        let isPrompt = types == [Array("ref/prompt".utf8)]
        guard isPrompt || types == [Array("ref/resource".utf8)] else { return unreadable }
        // Whatever it says of itself, nothing that is forbidden may stand in it.
        if self.judges(.prompt), isPrompt || !reference.members(named: "name").isEmpty {
            let verdict = self.judge(reference, .prompt, "name", method: method)
            guard case .passes = verdict else { return verdict }
        }
        if self.judges(.resource), !isPrompt || !reference.members(named: "uri").isEmpty {
            return self.judge(reference, .resource, "uri", method: method)
        }
        return .passes
    }

    private func judgeSubscriptions(_ params: UnsafeRawBufferPointer, method: StaticString) -> Verdict {
        for object in [params] + params.members(named: "notifications") {
            if LikeKey.stands(in: object, ["notifications", "resourceSubscriptions"]) { return .ambiguous }
            for list in object.members(named: "resourceSubscriptions") where list.first != UInt8(ascii: "n") {
                guard list.first == UInt8(ascii: "[") else {
                    return .denied(Denial(.resource, method: "\(method)", name: nil))
                }
                for element in ArrayElements(list) {
                    let end = JSONText.skipValue(list, element.lowerBound)
                    let uri = JSONText.string(UnsafeRawBufferPointer(rebasing: list[element.lowerBound..<end]))
                    guard let uri, self.allows(.resource, uri) else {
                        return .denied(Denial(.resource, method: "\(method)", name: uri))
                    }
                }
            }
        }
        return .passes
    }
}

extension UnsafeRawBufferPointer {
    /// The values of all members of this name: a key that the bridge does not always read may stand there twice.
    fileprivate func members(named name: StaticString) -> [UnsafeRawBufferPointer] {
        ObjectMembers(self).compactMap { member in
            let key = UnsafeRawBufferPointer(rebasing: self[member.key])
            guard JSONString.equals(key, isEscaped: member.isKeyEscaped, name) else { return nil }
            return UnsafeRawBufferPointer(rebasing: self[member.value])
        }
    }
}
