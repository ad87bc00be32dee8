// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

/// Milliseconds to the ladder's nanoseconds.
private func ms(_ value: Int64) -> Int64 { value * 1_000_000 }

/// One thing that happens to a ladder and what it must answer; times in milliseconds.
private enum Event: Sendable, CustomStringConvertible {
    case begin(Int64)
    case woke(Int64)
    case exited(Int64)
    case swept(Int, Int64)
    case hurry(Int64)

    func apply(to ladder: inout EndLadder) -> EndLadder.Step {
        switch self {
        case .begin(let time): ladder.begin(now: ms(time))
        case .woke(let time): ladder.woke(now: ms(time))
        case .exited(let time): ladder.leaderExited(now: ms(time))
        case .swept(let survivors, let time): ladder.swept(survivors: survivors, now: ms(time))
        case .hurry(let time): ladder.hurry(now: ms(time))
        }
    }

    var description: String {
        switch self {
        case .begin(let time): "begin@\(time)"
        case .woke(let time): "woke@\(time)"
        case .exited(let time): "exited@\(time)"
        case .swept(let survivors, let time): "swept(\(survivors))@\(time)"
        case .hurry(let time): "hurry@\(time)"
        }
    }
}

private struct Script: Sendable, CustomTestStringConvertible {
    let name: String
    var stdin: Int64 = 2000
    var term: Int64 = 3000
    let steps: [(Event, EndLadder.Step)]

    var testDescription: String { self.name }
}

private func step(_ next: EndLadder.Next, _ signal: EndLadder.Signal? = nil) -> EndLadder.Step {
    EndLadder.Step(signal: signal, next: next)
}

@Suite("R37: the ladder that ends a family")
struct EndLadderTests {
    private static let scripts: [Script] = [
        Script(
            name: "a child that ends on end of input gets no signal",
            steps: [
                (.begin(100), step(.wake(at: ms(2100)))),
                (.exited(150), step(.sweep(at: ms(160)))),
                (.swept(0, 160), step(.gone)),
            ]
        ),
        Script(
            name: "a child that ends by itself gets no signal",
            steps: [(.exited(5), step(.sweep(at: ms(15)))), (.swept(0, 20), step(.gone))]
        ),
        Script(
            name: "ignores end of input: SIGTERM after the grace, not before",
            steps: [
                (.begin(0), step(.wake(at: ms(2000)))),
                (.woke(1999), step(.wake(at: ms(2000)))),
                (.woke(2000), step(.wake(at: ms(5000)), .terminate)),
                (.woke(2001), step(.wake(at: ms(5000)))),
                (.exited(2100), step(.sweep(at: ms(2110)))),
                (.swept(0, 2110), step(.gone)),
            ]
        ),
        Script(
            name: "ignores SIGTERM: SIGKILL after the second grace",
            steps: [
                (.begin(0), step(.wake(at: ms(2000)))),
                (.woke(2000), step(.wake(at: ms(5000)), .terminate)),
                (.woke(4999), step(.wake(at: ms(5000)))),
                (.woke(5000), step(.rest, .kill)),
                (.woke(9000), step(.rest)),
                (.exited(5001), step(.sweep(at: ms(5011)))),
                (.swept(0, 5011), step(.gone)),
            ]
        ),
        Script(
            name: "a second end changes nothing",
            steps: [
                (.begin(0), step(.wake(at: ms(2000)))),
                (.begin(1500), step(.wake(at: ms(2000)))),
                (.woke(2000), step(.wake(at: ms(5000)), .terminate)),
                (.begin(2500), step(.wake(at: ms(5000)))),
            ]
        ),
        Script(
            name: "what outlives a leader that ended by itself: SIGTERM at once, grace, SIGKILL",
            steps: [
                (.exited(0), step(.sweep(at: ms(10)))),
                (.swept(1, 10), step(.sweep(at: ms(60)), .terminate)),
                (.swept(1, 60), step(.sweep(at: ms(160)), .terminate)),
                (.swept(1, 160), step(.sweep(at: ms(360)), .terminate)),
                (.swept(1, 360), step(.sweep(at: ms(760)), .terminate)),
                (.swept(1, 2900), step(.sweep(at: ms(3010)), .terminate)),
                (.swept(1, 3010), step(.sweep(at: ms(3060)), .kill)),
                (.swept(0, 3060), step(.gone)),
            ]
        ),
        Script(
            name: "the leader obeys SIGTERM, its grandchild does not: the same grace counts for both",
            steps: [
                (.begin(0), step(.wake(at: ms(2000)))),
                (.woke(2000), step(.wake(at: ms(5000)), .terminate)),
                (.exited(2010), step(.sweep(at: ms(2020)))),
                (.swept(1, 2020), step(.sweep(at: ms(2070)), .terminate)),
                (.swept(1, 5000), step(.sweep(at: ms(5050)), .kill)),
                (.swept(0, 5050), step(.gone)),
            ]
        ),
        Script(
            name: "a stray found after the leader's SIGKILL still gets SIGTERM and its grace",
            steps: [
                (.begin(0), step(.wake(at: ms(2000)))),
                (.woke(2000), step(.wake(at: ms(5000)), .terminate)),
                (.woke(5000), step(.rest, .kill)),
                (.exited(5001), step(.sweep(at: ms(5011)))),
                (.swept(1, 5011), step(.sweep(at: ms(5061)), .terminate)),
                (.swept(1, 8011), step(.sweep(at: ms(8061)), .kill)),
            ]
        ),
        Script(
            name: "killing one level orphans the next: looked for until none is left",
            steps: [
                (.exited(0), step(.sweep(at: ms(10)))),
                (.swept(3, 10), step(.sweep(at: ms(60)), .terminate)),
                (.swept(2, 3010), step(.sweep(at: ms(3060)), .kill)),
                (.swept(1, 3060), step(.sweep(at: ms(3160)), .kill)),
                (.swept(0, 3160), step(.gone)),
            ]
        ),
        Script(
            name: "what outlasts SIGKILL is given up after ten seconds",
            steps: [
                (.exited(0), step(.sweep(at: ms(10)))),
                (.swept(1, 10), step(.sweep(at: ms(60)), .terminate)),
                (.swept(1, 3010), step(.sweep(at: ms(3060)), .kill)),
                (.swept(1, 13009), step(.sweep(at: ms(13109)), .kill)),
                (.swept(1, 13010), step(.abandoned)),
                (.swept(0, 13020), step(.abandoned)),
            ]
        ),
        Script(
            name: "no graces: SIGKILL at once",
            stdin: 0,
            term: 0,
            steps: [
                (.begin(7), step(.rest, .kill)),
                (.exited(8), step(.sweep(at: ms(18)))),
                (.swept(1, 18), step(.sweep(at: ms(68)), .kill)),
            ]
        ),
        Script(
            name: "no grace for stdin: SIGTERM at once",
            stdin: 0,
            steps: [(.begin(7), step(.wake(at: ms(3007)), .terminate))]
        ),
        Script(
            name: "a negative grace is none",
            stdin: -5,
            steps: [(.begin(7), step(.wake(at: ms(3007)), .terminate))]
        ),
        Script(
            name: "hurried while it runs: SIGKILL, and what it leaves gets no grace",
            steps: [
                (.hurry(50), step(.rest, .kill)),
                (.hurry(51), step(.rest)),
                (.begin(52), step(.rest)),
                (.exited(53), step(.sweep(at: ms(63)))),
                (.swept(1, 63), step(.sweep(at: ms(113)), .kill)),
                (.swept(0, 113), step(.gone)),
            ]
        ),
        Script(
            name: "hurried on its way",
            steps: [
                (.begin(0), step(.wake(at: ms(2000)))),
                (.hurry(50), step(.rest, .kill)),
                (.woke(2000), step(.rest)),
            ]
        ),
        Script(
            name: "hurried while survivors have their grace",
            steps: [
                (.exited(0), step(.sweep(at: ms(10)))),
                (.swept(1, 10), step(.sweep(at: ms(60)), .terminate)),
                (.hurry(30), step(.sweep(at: ms(30)), .kill)),
                (.swept(1, 60), step(.sweep(at: ms(110)), .kill)),
            ]
        ),
        Script(
            name: "nothing happens after the end",
            steps: [
                (.exited(0), step(.sweep(at: ms(10)))),
                (.swept(0, 10), step(.gone)),
                (.begin(20), step(.gone)),
                (.woke(20), step(.gone)),
                (.hurry(20), step(.gone)),
                (.exited(20), step(.gone)),
            ]
        ),
    ]

    @Test("R37: every way through the ladder", arguments: Self.scripts)
    private func ways(_ script: Script) {
        var ladder = EndLadder(
            graces: StopGraces(stdin: .milliseconds(script.stdin), term: .milliseconds(script.term))
        )
        for (event, expected) in script.steps {
            #expect(event.apply(to: &ladder) == expected, "\(event)")
        }
    }

    @Test("R37: an absurd grace does not overflow the clock")
    func longGrace() {
        var ladder = EndLadder(graces: StopGraces(stdin: .seconds(Int64.max), term: .seconds(Int64.max)))
        guard case .wake(let time) = ladder.begin(now: 1_000).next else {
            Issue.record("a ladder with a grace must wait")
            return
        }
        #expect(time > 1_000)
        #expect(ladder.woke(now: time) == step(.wake(at: time * 2 - 1_000), .terminate))
    }
}
