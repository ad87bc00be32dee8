// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// An argument of a server's command that holds what a client brings.
package struct ArgumentTemplate: Sendable, Equatable {
    /// Its place in the command; the program is 0.
    package let index: Int
    package let template: ValueTemplate
    @NotCompared package var place: Place

    package init(index: Int, template: ValueTemplate, place: Place) {
        self.index = index
        self.template = template
        self.place = place
    }
}

/// A template of a server, for messages about it.
struct TemplateUse {
    /// `env.TOKEN`, `headers.Authorization`, `command`.
    let key: String
    let template: ValueTemplate
    let place: Place
}

extension Server {
    /// All templates, for handshakes.
    package var templates: ServerTemplates {
        var templates = ServerTemplates()
        for case (let name, .template(let template)) in env.map({ ($0.name, $0.value) }) {
            templates.add(variable: name, template)
        }
        for argument in argumentTemplates { templates.add(argument: argument.index, argument.template) }
        for case (let name, .template(let template)) in upstream?.headers.map({ ($0.name, $0.value) }) ?? [] {
            templates.add(field: name, template)
        }
        return templates
    }

    /// The same for messages.
    var templateUses: [TemplateUse] {
        var uses: [TemplateUse] = []
        func add(_ key: String, _ value: EnvironmentValue, _ place: Place) {
            guard case .template(let template) = value else { return }
            uses.append(TemplateUse(key: key, template: template, place: place))
        }
        for entry in env { add("env.\(quoted(entry.name).dropFirst().dropLast())", entry.value, entry.place) }
        for argument in argumentTemplates { add("command", .template(argument.template), argument.place) }
        for header in upstream?.headers ?? [] { add("headers.\(header.name)", header.value, header.place) }
        return uses
    }
}

extension Configuration {
    /// The claims of signed tokens that templates ask for.
    package var templateClaims: Set<String> {
        Set(
            servers.flatMap(\.templates.sources).compactMap { source in
                if case .claim(let name) = source { name } else { nil }
            }
        )
    }
}
