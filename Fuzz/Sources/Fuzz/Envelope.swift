// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable internal import BridgeCore

/// A message: taken and refused as the reference parser does, with the same values in the same places (R22, R24, R26).
func fuzzEnvelope(_ bytes: UnsafeRawBufferPointer) {
    var envelope: Envelope?
    do throws(JSONSyntaxError) {
        envelope = try EnvelopeScanner.scan(bytes)
    } catch {
        require((0...bytes.count).contains(error.offset), "a fault lies inside the text", "\(error)")
    }
    _ = EnvelopeScanner.scanPrefix(bytes)
    // The scanner's caller has validated UTF-8. Of other texts nothing is promised but that they do no harm.
    guard bytes.text != nil else { return }
    let json = ReferenceJSON(Array(bytes), maxDepth: EnvelopeScanner.maxDepth)
    requireEqual(envelope != nil, json != nil, "R24: what is JSON is taken, all else is refused")
    guard let envelope, let json else { return }
    let expected = ExpectedEnvelope(json, bytes)
    compare(envelope, expected)
    compareIDs(envelope, bytes)
    comparePrefixes(of: bytes, envelope)
}

/// What ``Envelope`` should hold, found in the tree.
private struct ExpectedEnvelope {
    static let known = [
        "id", "method", "params", "result", "error", "jsonrpc", "_meta", "name", "uri", "taskId", "requestId",
        "progressToken", "protocolVersion", "resultType", "task", "io.modelcontextprotocol/protocolVersion",
    ].map { Array($0.utf8) }

    var isArray: Bool
    var isObject: Bool
    var hasLineBreak: Bool
    var hasDuplicateKey: Bool
    var hasDuplicateID: Bool
    var isVersion2: Bool
    var root: [String: ReferenceJSON] = [:]
    var cancelledID: ReferenceJSON?
    var progressOf: ReferenceJSON?
    var progressToken: ReferenceJSON?
    var negotiatedVersion: ReferenceJSON?
    var isModern = false
    var concernsTask = false

    init(_ json: ReferenceJSON, _ bytes: UnsafeRawBufferPointer) {
        self.isArray = json.isArray
        self.isObject = json.isObject
        // In a string they would have been refused.
        self.hasLineBreak = bytes.contains(0x0A) || bytes.contains(0x0D)
        self.hasDuplicateKey = Self.hasTwins(json)
        self.hasDuplicateID = json.members.filter { $0.name == Array("id".utf8) }.count > 1
        self.isVersion2 = json["jsonrpc"]?.text == Array("2.0".utf8)
        for key in ["id", "method", "params", "result", "error"] { self.root[key] = json[key] }
        // Where one of them stands twice, both are looked into: the message is refused for it anyway.
        for params in json.all("params") {
            self.cancelledID = params["requestId"] ?? self.cancelledID
            self.progressOf = params["progressToken"] ?? self.progressOf
            if params["task"] != nil { self.concernsTask = true }
            for meta in params.all("_meta") {
                self.progressToken = meta["progressToken"] ?? self.progressToken
                if meta["io.modelcontextprotocol/protocolVersion"] != nil { self.isModern = true }
            }
        }
        for result in json.all("result") {
            self.negotiatedVersion = result["protocolVersion"] ?? self.negotiatedVersion
            if result["task"] != nil || result.all("resultType").contains(where: { $0.text == Array("task".utf8) }) {
                self.concernsTask = true
            }
        }
    }

    /// Whether an object at any depth has one of the known keys twice.
    private static func hasTwins(_ json: ReferenceJSON) -> Bool {
        let names = json.members.compactMap(\.name).filter(self.known.contains)
        return Set(names).count < names.count || json.members.contains { self.hasTwins($0.value) }
            || json.elements.contains(where: self.hasTwins)
    }
}

extension ReferenceJSON {
    /// The values of all members of a name.
    fileprivate func all(_ name: String) -> [ReferenceJSON] {
        self.members.filter { $0.name == Array(name.utf8) }.map(\.value)
    }

    fileprivate var kind: Envelope.Kind {
        switch self.value {
        case .object: .object
        case .array: .array
        case .string: .string
        case .number(let isInteger): isInteger ? .integer : .fraction
        case .boolean: .boolean
        case .null: .null
        }
    }
}

private func compare(_ envelope: Envelope, _ expected: ExpectedEnvelope) {
    requireEqual(envelope.isArray, expected.isArray, "isArray")
    requireEqual(envelope.isObject, expected.isObject, "isObject")
    requireEqual(envelope.hasLineBreak, expected.hasLineBreak, "R23: line breaks are seen")
    requireEqual(envelope.hasDuplicateKey, expected.hasDuplicateKey, "R24: duplicates are seen")
    requireEqual(envelope.hasDuplicateID, expected.hasDuplicateID, "R24: two ids are seen")
    requireEqual(envelope.isVersion2, expected.isVersion2, "isVersion2")
    requireEqual(envelope.isModern, expected.isModern, "isModern")
    requireEqual(envelope.concernsTask, expected.concernsTask, "concernsTask")
    // The end of a container is known of those only that the bridge looks into.
    compare(envelope.id, expected.root["id"], "id")
    compare(envelope.params, expected.root["params"], "params")
    compare(envelope.result, expected.root["result"], "result")
    compare(envelope.error, expected.root["error"], "error")
    compare(envelope.method, expected.root["method"], "method", hasEnd: false)
    compare(envelope.cancelledID, expected.cancelledID, "requestId", hasEnd: false)
    compare(envelope.progressOf, expected.progressOf, "progressToken of params", hasEnd: false)
    compare(envelope.progressToken, expected.progressToken, "progressToken of _meta", hasEnd: false)
    compare(envelope.negotiatedVersion, expected.negotiatedVersion, "protocolVersion", hasEnd: false)
}

private func compare(_ value: Envelope.Value?, _ expected: ReferenceJSON?, _ name: String, hasEnd: Bool = true) {
    requireEqual(value != nil, expected != nil, "R26: \(name) is found where it is, and only there")
    guard let value, let expected else { return }
    requireEqual(value.kind, expected.kind, "the kind of \(name)")
    requireEqual(value.start, expected.range.lowerBound, "the start of \(name)")
    if case .string(_, let isEscaped) = expected.value {
        requireEqual(value.isEscaped, isEscaped, "whether \(name) is escaped")
    }
    let isContainer = expected.isArray || expected.isObject
    if hasEnd || !isContainer { requireEqual(value.end, expected.range.upperBound, "the end of \(name)") }
}

/// Two ids are one exactly when their JSON values are.
private func compareIDs(_ envelope: Envelope, _ bytes: UnsafeRawBufferPointer) {
    let values = [envelope.id, envelope.cancelledID, envelope.progressOf, envelope.progressToken].compactMap(\.self)
    let ids = values.map { (id: RequestID($0, in: bytes), meaning: meaning(of: $0, in: bytes)) }
    for (id, meaning) in ids { requireEqual(id != nil, meaning != nil, "R26: a string or an integer is an id") }
    for left in ids {
        for right in ids where left.id != nil && right.id != nil {
            requireEqual(left.id == right.id, left.meaning == right.meaning, "R26: ids compare by their JSON values")
        }
    }
    for value in values where value.kind == .fraction {
        guard case .integer(let number)? = RequestID(respelled: value, in: bytes) else { continue }
        let spelled = String(decoding: bytes[value.range], as: UTF8.self)
        requireEqual(Double(number), Double(spelled), "R26: a respelled integer is the one that was meant")
    }
}

/// What an id means, as a text in which different meanings differ; nil for what is no id.
private func meaning(of value: Envelope.Value, in bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    let token = Array(bytes[value.range])
    switch value.kind {
    case .integer: return token == Array("-0".utf8) ? Array("0".utf8) : token
    case .string: return ReferenceJSON(token)?.text.map { Array("\"".utf8) + $0 }
    default: return nil
    }
}

/// What is told of a text that breaks off is what the whole text says.
private func comparePrefixes(of bytes: UnsafeRawBufferPointer, _ whole: Envelope) {
    guard !whole.hasDuplicateKey, bytes.count > 0 else { return }
    let random = Int(truncatingIfNeeded: hash(bytes) >> 17)
    for length in [random % bytes.count, random / 7 % bytes.count, bytes.count - 1] {
        let prefix = EnvelopeScanner.scanPrefix(bytes.part(0..<length))
        for (told, meant) in [(prefix.id, whole.id), (prefix.method, whole.method)] {
            guard let told else { continue }
            requireEqual(told.start, meant?.start, "R31: what stands before the break, of the first \(length) bytes")
            requireEqual(told.kind, meant?.kind, "R31: of its kind, of the first \(length) bytes")
            guard ![.object, .array].contains(told.kind) else { continue }
            requireEqual(told.end, meant?.end, "R31: and whole, of the first \(length) bytes")
        }
    }
}
