// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable internal import BridgeCore

/// The walks over a validated text find what the reference parser finds; over any other bytes they keep to the text.
func fuzzMembers(_ bytes: UnsafeRawBufferPointer) {
    for member in ObjectMembers(bytes) {
        let isInside = member.key.upperBound < member.value.lowerBound && member.value.upperBound <= bytes.count
        require(isInside, "members lie in the text, whatever it holds", "\(member)")
    }
    for element in ArrayElements(bytes) {
        require(element.upperBound <= bytes.count, "elements lie in the text, whatever it holds", "\(element)")
    }
    _ = JSONString.decode(bytes)
    for start in [0, bytes.count / 2, bytes.count] {
        require(JSONText.skipSpace(bytes, start) <= bytes.count, "white space ends with the text")
        require(JSONText.skipString(bytes, start).end <= bytes.count, "a string ends with the text")
        require(JSONText.skipValue(bytes, start) <= bytes.count, "a value ends with the text")
    }
    var token: [UInt8] = []
    JSONString.append(bytes, to: &token)
    let decoded = token.withUnsafeBytes { JSONString.decode($0.part(1..<$0.count - 1)) }
    requireEqual(decoded, Array(bytes), "what is written as a string reads back")

    guard bytes.text != nil, let json = ReferenceJSON(Array(bytes)) else { return }
    requireEqual(ReferenceJSON(token)?.text, Array(bytes), "what is written as a string is one")
    compare(bytes, json)
    compareEquality(bytes, json)
    compareMetadata(bytes, json)
    compareRouting(bytes, json)
}

private func compare(_ bytes: UnsafeRawBufferPointer, _ json: ReferenceJSON) {
    let text = bytes.part(json.range)
    let offset = json.range.lowerBound
    if json.isObject {
        let found = ObjectMembers(text).map { [$0.key, $0.value] }
        let expected = json.members.map { [$0.key.moved(-offset), $0.value.range.moved(-offset)] }
        requireEqual(found, expected, "each member is found in its place")
        requireEqual(
            ObjectMembers(text).map(\.isKeyEscaped),
            json.members.map(\.isEscaped),
            "escapes in keys are seen"
        )
        requireEqual(
            ObjectMembers.value(of: "name", in: text),
            json["name"]?.range.moved(-offset),
            "names compare after unescaping, and of several the last counts"
        )
    } else if json.isArray {
        let found = ArrayElements(text).map { $0.lowerBound..<JSONText.skipValue(text, $0.lowerBound) }
        requireEqual(found, json.elements.map { $0.range.moved(-offset) }, "each element is found in its place")
    } else if case .string(let said, _) = json.value {
        requireEqual(JSONText.string(text), said, "a string says what it says")
    }
    for member in json.members { compare(bytes, member.value) }
    for element in json.elements { compare(bytes, element) }
}

/// Spelled otherwise, with its members the other way round, the text says the same; with one more element it does not.
private func compareEquality(_ bytes: UnsafeRawBufferPointer, _ json: ReferenceJSON) {
    guard json.depth < JSONEquality.maxDepth - 1 else { return }
    require(JSONEquality.areEqual(bytes, bytes), "a text equals itself")
    guard !json.hasTwins, !json.hasHalfPairs else { return }
    var other: [UInt8] = []
    respell(json, bytes, to: &other)
    other.withUnsafeBytes { other in
        require(JSONEquality.areEqual(bytes, other), "what says the same is equal", Array(other).shown)
        require(JSONEquality.areEqual(other, bytes), "what says the same is equal, both ways", Array(other).shown)
    }
    let longer = Array("[".utf8) + bytes + Array(",0]".utf8)
    let shorter = Array("[".utf8) + bytes + Array("]".utf8)
    longer.withUnsafeBytes { longer in
        shorter.withUnsafeBytes { shorter in
            require(!JSONEquality.areEqual(longer, shorter), "what has one element more is not equal")
        }
    }
}

private func respell(_ json: ReferenceJSON, _ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    func string(_ text: [UInt8]?) {
        let units = String(decoding: text ?? [], as: UTF8.self).utf16
        let escapes = units.map { unit in
            let digits = String(unit, radix: 16, uppercase: unit & 1 == 0)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        output += Array("\"\(escapes.joined())\" ".utf8)
    }
    switch json.value {
    case .object(let members):
        output += Array(" {".utf8)
        for (index, member) in members.reversed().enumerated() {
            if index > 0 { output += Array(",\n".utf8) }
            string(member.name)
            output += Array(": ".utf8)
            respell(member.value, bytes, to: &output)
        }
        output += Array("}".utf8)
    case .array(let elements):
        output += Array("[ ".utf8)
        for (index, element) in elements.enumerated() {
            if index > 0 { output += Array(" ,".utf8) }
            respell(element, bytes, to: &output)
        }
        output += Array("\t]".utf8)
    case .string(let text, _): string(text)
    case .number, .boolean, .null: output += Array(bytes[json.range])
    }
}

/// R58: the borrowed `_meta` is the client's, without its progress token.
private func compareMetadata(_ bytes: UnsafeRawBufferPointer, _ json: ReferenceJSON) {
    let meta = json["params"]?["_meta"]
    let borrowed = BorrowedMetadata.metadata(of: bytes)
    requireEqual(borrowed != nil, meta?.isObject == true, "R58: metadata are borrowed where there are some")
    guard let borrowed, let meta else { return }
    let kept = meta.members.filter { $0.name != Array("progressToken".utf8) }
    guard let copy = ReferenceJSON(borrowed), copy.isObject else {
        return require(false, "R58: borrowed metadata are JSON", borrowed.shown)
    }
    requireEqual(
        copy.members.map { Array(borrowed[$0.key]) + Array(borrowed[$0.value.range]) },
        kept.map { Array(bytes[$0.key]) + Array(bytes[$0.value.range]) },
        "R58: all is borrowed but the progress token"
    )
}

/// R56, R57: what goes into headers is what the message says.
private func compareRouting(_ bytes: UnsafeRawBufferPointer, _ json: ReferenceJSON) {
    let params = json["params"]
    let version = params?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.text
    let method = json["method"]?.text
    let fields = RoutingFields(bytes)
    requireEqual(fields != nil, version != nil && method != nil, "R56: fields are found where they are")
    guard let fields, let version, let method else { return }
    requireEqual(Array(fields.version.utf8), version, "R56: version")
    requireEqual(Array(fields.method.utf8), method, "R56: method")
    let text = String(decoding: method, as: UTF8.self)
    let key =
        ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"][text]
        ?? (text.utf8.starts(with: "tasks/".utf8) ? "taskId" : nil)
    requireEqual(fields.name.map { Array($0.utf8) }, key.flatMap { params?[$0]?.text }, "R57: name")
    for field in fields.fields { requireFieldValue(field.value) }
}

extension Range<Int> {
    fileprivate func moved(_ distance: Int) -> Range<Int> {
        self.lowerBound + distance..<self.upperBound + distance
    }
}
