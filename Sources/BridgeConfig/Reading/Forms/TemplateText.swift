// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// A text of the configuration that may hold what clients bring (R72). No message quotes it: it may be a secret.
enum TemplateText {
    /// For whoever writes one elsewhere.
    static let places =
        "templates may stand only in the values of `env` and `headers`, and in `command` behind the program"

    static func isTemplate(_ text: String) -> Bool { ValueTemplate.isTemplate(text) }

    /// Reads a string node where a template may stand; reports what is wrong with it, and gives nil.
    ///
    /// - Parameters:
    ///   - expected: what is asked for, as in "must be …, not an integer".
    ///   - check: judges the text, with an `x` in place of what a client brings.
    static func read(
        _ node: TOMLNode,
        _ key: String,
        expected: String,
        _ diagnostics: inout Diagnostics,
        check: (String) throws(BadValue) -> Void
    ) -> EnvironmentValue? {
        guard case .string(let text) = node.value else {
            diagnostics.reportType(of: node, key, expected: expected)
            return nil
        }
        do throws(BadValue) {
            let value = try parse(text)
            switch value {
            case .template(let template):
                let example = try? template.expanded { _ in ["x"] }
                try check(example ?? "")
            default: try check(text)
            }
            return value
        } catch {
            diagnostics.report("`\(key)` \(error.message)", at: node.position)
            return nil
        }
    }

    private static func parse(_ text: String) throws(BadValue) -> EnvironmentValue {
        guard isTemplate(text) else { return .text(text) }
        let template: ValueTemplate
        do throws(ValueTemplate.Malformed) {
            template = try ValueTemplate(parsing: text)
        } catch {
            throw BadValue("\(error.reason); for the two braces themselves write {{\"{{\"}}")
        }
        // Its places stand in messages, in the log and in answers to clients.
        guard "\(template)".unicodeScalars.allSatisfy({ visible($0) == String($0) }) else {
            throw BadValue("names a claim with a character that cannot be seen")
        }
        return template.plainText.map { .text($0) } ?? .template(template)
    }

    /// Refuses names of variables that decide which code a server runs: no client may choose that (R42).
    static func checkVariable(_ name: String) throws(BadValue) {
        guard name.hasPrefix("LD_") || codeVariables.contains(name) else { return }
        throw BadValue("must not be a template: it decides which code is run, and no client may choose that")
    }

    /// Those of the C library, of shells and of what MCP servers are written in. Not all that there are.
    private static let codeVariables: Set<String> = [
        "PATH", "BASH_ENV", "ENV", "GCONV_PATH", "GLIBC_TUNABLES", "IFS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
        "NODE_OPTIONS", "NODE_PATH", "PERL5LIB", "PERL5OPT", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB",
        "RUBYOPT", "SHELL", "_JAVA_OPTIONS",
    ]
}

extension Configuration {
    /// What templates ask for that clients of their server never have.
    ///
    /// - Parameter entries: of the whole file.
    func reportTemplates(_ entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        for server in servers {
            for use in server.templateUses {
                for case let problem? in use.template.sources.map({ Self.problem($0, server, entries["auth"]) }) {
                    diagnostics.report("server `\(server.name)`: `\(use.key)` \(problem)", at: use.place)
                    break
                }
            }
        }
    }

    // Judged on the document: an [auth.jwt] with a fault of its own is there.
    private static func problem(_ source: ValueTemplate.Source, _ server: Server, _ auth: TOMLEntry?) -> String? {
        let what: String
        switch source {
        case .header, .peer: return nil
        case .principal: what = "the name of the client ({{principal}})"
        case .claim(let name): what = "a claim of the client's token ({{claim:\(name)}})"
        }
        if server.authentication == .open {
            return "asks for \(what), but with auth = \"none\" nobody is asked for a credential: take one of the "
                + "two out"
        }
        switch source {
        case .claim where auth?.entries["jwt"] == nil:
            return "asks for \(what), but there is no [auth.jwt]: add it, with `issuer`, `audience` and `jwks`"
        case .principal where auth == nil:
            return "asks for \(what), but there is no [auth]: add [[auth.tokens]] with what `mcp-wsbridge token new` "
                + "prints"
        default: return nil
        }
    }
}
