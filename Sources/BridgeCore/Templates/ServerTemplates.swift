// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The templates of one server, by what becomes of them (R42, R72).
package struct ServerTemplates: Sendable, Equatable {
    /// Most that values may add to one server, bytes: as much as a handshake can hold. A template that names a header often
    /// does not make more of it.
    static let maxValues = 80 << 10
    /// Longest text of a variable or argument, bytes: what the kernel takes (MAX_ARG_STRLEN) less room for a name. Beyond
    /// it the start would fail, and make the bridge believe that it is the server's fault.
    static let longestText = 120 << 10
    /// Longest value of a header that goes upstream: servers take no more in all their headers together.
    static let longestField = 16 << 10

    package struct Named: Sendable, Equatable {
        let name: String
        let template: ValueTemplate
    }

    package struct Argument: Sendable, Equatable {
        /// Its place in the command; the program is 0.
        let index: Int
        let template: ValueTemplate
    }

    private var variables: [Named] = []
    private var arguments: [Argument] = []
    private var fields: [Named] = []

    package init() {}

    /// The value of a variable in the environment of the server's process.
    package mutating func add(variable name: String, _ template: ValueTemplate) {
        self.variables.append(Named(name: name, template: template))
    }

    /// An argument of the server's command.
    package mutating func add(argument index: Int, _ template: ValueTemplate) {
        self.arguments.append(Argument(index: index, template: template))
    }

    /// The value of a header that every request to the server carries.
    package mutating func add(field name: String, _ template: ValueTemplate) {
        self.fields.append(Named(name: name, template: template))
    }

    package var isEmpty: Bool { self.variables.isEmpty && self.arguments.isEmpty && self.fields.isEmpty }

    /// What clients have to bring, each once, in the order in which it is asked for.
    package var sources: [ValueTemplate.Source] {
        let templates = self.variables.map(\.template) + self.arguments.map(\.template) + self.fields.map(\.template)
        return templates.flatMap(\.sources).reduce(into: []) { sources, source in
            if !sources.contains(source) { sources.append(source) }
        }
    }

    /// What one client's server is given. Each template is expanded once.
    package func expanded(with values: HandshakeValues) throws(TemplateFailure) -> ExpandedValues {
        var expansion = Expansion(values)
        var variables: [(name: String, value: String)] = []
        for variable in self.variables {
            variables.append((variable.name, try expansion.text(variable.template)))
        }
        var arguments: [(index: Int, value: String)] = []
        for argument in self.arguments {
            arguments.append((argument.index, try expansion.argument(argument.template)))
        }
        var fields: [(name: String, value: String)] = []
        for field in self.fields { fields.append((field.name, try expansion.field(field.template))) }
        return ExpandedValues(
            variables: variables,
            arguments: arguments,
            fields: fields,
            secrets: self.sources.filter(\.isSecret).flatMap { source in
                values.values(of: source).flatMap { ExpandedValues.redactable($0) }
            }
        )
    }
}

/// The values of one handshake on their way into the templates of one server.
private struct Expansion {
    private let values: HandshakeValues
    /// Bytes that values have added so far.
    private var size = 0

    init(_ values: HandshakeValues) {
        self.values = values
    }

    mutating func text(_ template: ValueTemplate) throws(TemplateFailure) -> String {
        try self.expand(template, atMost: ServerTemplates.longestText)
    }

    mutating func argument(_ template: ValueTemplate) throws(TemplateFailure) -> String {
        let text = try self.text(template)
        if let source = template.leadingSource, text.utf8.first == UInt8(ascii: "-") {
            throw TemplateFailure(source, .option)
        }
        return text
    }

    mutating func field(_ template: ValueTemplate) throws(TemplateFailure) -> String {
        let text = try self.expand(template, atMost: ServerTemplates.longestField)
        guard Self.isFieldValue(text) else {
            let culprit = template.sources.first { source in
                self.values.values(of: source).contains { $0.isEmpty || !Self.isFieldValue($0) }
            }
            throw TemplateFailure(culprit ?? .peer, .noFieldValue)
        }
        return text
    }

    private mutating func expand(
        _ template: ValueTemplate,
        atMost limit: Int
    ) throws(TemplateFailure) -> String {
        guard let first = template.sources.first else { return template.plainText ?? "" }
        var size = self.size
        var longest = (source: first, count: 0)
        let text = try template.expanded { source throws(TemplateFailure) in
            let values = self.values.values(of: source)
            let count = values.first?.utf8.count ?? 0
            if count > longest.count { longest = (source, count) }
            size += count
            guard size <= ServerTemplates.maxValues else { throw TemplateFailure(source, .tooLong) }
            return values
        }
        guard text.utf8.count <= limit else { throw TemplateFailure(longest.source, .tooLong) }
        self.size = size
        return text
    }

    /// Whether every server takes a text as what it is (RFC 9110 §5.5).
    private static func isFieldValue(_ text: String) -> Bool {
        let isBlank: (UInt8?) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        return text.utf8.allSatisfy { 0x20...0x7E ~= $0 || $0 == 0x09 } && !isBlank(text.utf8.first)
            && !isBlank(text.utf8.last)
    }
}

extension ValueTemplate.Source {
    /// Whether what stands there may be a secret of the client's.
    package var isSecret: Bool {
        switch self {
        case .header, .claim: true
        case .principal, .peer: false
        }
    }
}
