// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One entry of the systemd journal: fields of bytes, each `NAME=value` (sd_journal_sendv(3)).
package struct JournalEntry: Sendable, Equatable {
    /// What the numbers of syslog(3) are called by the daemon's log.
    package enum Priority: UInt8, Sendable {
        case critical = 2
        case error
        case warning
        case notice
        case info
        case debug
    }

    /// Without an end of line.
    package private(set) var fields: [[UInt8]] = []
    /// Of all fields.
    package private(set) var bytes = 0

    /// - Parameters:
    ///   - message: what happened, always in the same words: they decide about `MESSAGE_ID`.
    ///   - text: for people, in one line.
    ///   - values: what belongs to it. Each becomes a field of its own, ``fieldName(_:)``.
    package init(_ priority: Priority, message: String, text: String, values: [(name: String, value: String)]) {
        self.append("MESSAGE", text)
        self.append("PRIORITY", "\(priority.rawValue)")
        self.append("SYSLOG_IDENTIFIER", "mcp-wsbridge")
        if let id = Self.messageIDs[message] { self.append("MESSAGE_ID", id) }
        for (name, value) in values { self.append(Self.fieldName(name), value) }
    }

    private mutating func append(_ name: String, _ value: String) {
        let field = Array(name.utf8) + [UInt8(ascii: "=")] + Array(value.utf8)
        self.bytes += field.count
        self.fields.append(field)
    }

    /// What a value of the log is called in the journal, such as `MCP_CLOSE_CODE` for `close_code`.
    package static func fieldName(_ name: String) -> String {
        // The journal takes 64 characters, capitals, digits and underscores.
        let letters = name.uppercased().unicodeScalars.map { scalar -> Character in
            ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
        }
        return "MCP_" + String(letters.prefix(60))
    }

    /// What each kind of event is known by, whatever else is said of it (systemd.journal-fields(7)). An id is never another
    /// kind's; one whose words change keeps it.
    package static let messageIDs: [String: String] = [
        "connection began": "2893f5af065e42e198bd5f24b884ce96",
        "connection ended": "ed4db0041ac7417ea24e9d06e0a801bc",
        "handshake refused": "fc87fb1c15ac4346b11a10be49293ce7",
        "refused more than is logged": "31b6ac42a95b4b5c8e32b74ebde09b2f",
        "denied": "7a317acc16624b0e997dd6bc52ac212c",
        "denied more than is logged": "af07b1d091fd42eb8082fbcadbc73c6a",
        "server wrote to stderr": "38148c2d7b094c93825892941e7893d1",
        "cannot start the server": "7059bec458be4a0b8fda17c2c15a7370",
        "the server ended; the connection goes on": "6b0bf6ebea68072b63d1abc56b253118",
        "the server was started again": "59657a37eae582829acc8e1092cae0c5",
        "an operator reads the messages": "8e60eba2839657e15238a769b557f900",
        "a required server is not well": "973e665b8a6ea618c095b793bffaab8b",
        "skipped a line of the server's": "4928ceb3724c43d5ba40c95692552882",
        "the server did not answer a request": "00cc9a3ed3ec457ba3fad49fb7691788",
        "processes outlived their server and get a signal": "bc0283b8adb24e6aa8f30c98e4e49df9",
        "processes outlasted SIGKILL and are left alone": "035f4ab178d249fdb5476d5b518f7d18",
        "read the configuration again; new connections use it": "8f71e779affc47a89c8ff3ffa449659c",
        "cannot use the configuration as it is now and goes on with the old one": "ae0dc753f26041fda964a3818dd5bf4b",
        "some settings that have changed stay as they were until a restart": "6eed7036e52b4382bcf7f400d3ef44ed",
        "read the tokens again": "b2c738cd1672487c973a562cc85f1a6e",
        "cannot read the tokens again and goes on with the old ones": "6753b559805147eda07816d2f59d8177",
        "read the files of [listen.tls] again; new connections use them": "b403881ea6c44620bf435b1ec278149b",
        "cannot use the files of [listen.tls] as they are now and goes on with the old ones":
            "b4acb6260038416fa025ff03e1258ce7",
        "cannot write the audit record: connections go on without": "e8d4b005b75f406580891ef70125767a",
        "the audit record can be written again": "b312977df8114834ab434207a2feb9f6",
        "draining": "e779538d6a134379a14b6e9ae4886b45",
        "stopped": "97030ca3178c419099405d7bc8a3e14c",
    ]
}
