// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension Generator {
    /// The longest that the loop sleeps, so that ends and stalls are noticed in time.
    private static let tick: UInt64 = 50_000_000
    /// How long a close may take at the end of a run.
    private static let closeTime: UInt64 = 3_000_000_000
    /// Churn gives up after so many failures.
    private static let churnFailures = 100

    /// Runs as the options say.
    package func run() -> LoadReport {
        switch self.options.mode {
        case .load: self.runLoad()
        case .idle: self.runIdle()
        case .churn: self.runChurn()
        case .storm: self.runStorm()
        }
        self.closeAll()
        return self.report
    }

    /// For how long requests are sent in nanoseconds; nil where their number alone ends the run.
    private var sendingTime: Double? {
        if let duration = self.options.duration { return duration * 1e9 }
        return self.options.messages == nil ? LoadOptions.defaultDuration * 1e9 : nil
    }

    // MARK: - Modes

    private func runLoad() {
        self.setUp()
        guard self.running > 0 else { return }
        if self.options.warmUp > 0 {
            self.pace = self.options.isBurst ? .bursts : .closed
            self.remaining = self.options.warmUp
            self.fillAll()
            self.turn(while: { self.outstanding > 0 })
        }
        if self.options.settle > 0 { self.load(requests: nil, time: self.options.settle * 1e9) }
        self.tell("START")
        self.measure { self.load(requests: self.options.messages, time: self.sendingTime) }
        self.tell("STOP")
    }

    /// Puts the load on until so many requests are sent, or for so many nanoseconds, and awaits the last answer.
    private func load(requests: Int?, time: Double?) {
        if self.options.rate == nil {
            self.closedLoop(requests: requests, time: time)
        } else {
            self.openLoop(requests: requests, time: time)
        }
        self.pace = .none
    }

    private func closedLoop(requests: Int?, time: Double?) {
        self.pace = self.options.isBurst ? .bursts : .closed
        self.remaining = requests ?? Int.max
        let stop = time.map { Machine.now() + UInt64($0) } ?? .max
        self.fillAll()
        self.turn(while: {
            if stop != .max, Machine.now() >= stop { self.remaining = 0 }
            return self.outstanding > 0
        })
    }

    private func openLoop(requests: Int?, time: Double?) {
        self.pace = .open
        for index in 0..<self.options.connections {
            self.connections[index].sent = 0
            self.connections[index].due = 0
        }
        var total = requests ?? Int.max
        if let time { total = min(total, self.schedule.count(within: time)) }
        var cursor = 0
        var touched: [Int] = []
        touched.reserveCapacity(self.options.connections)
        self.epoch = Machine.now()
        var lastProgress = 0
        var lastChange = self.epoch
        while cursor < total || self.backlog > 0 || self.outstanding > 0 {
            let now = Machine.now()
            while cursor < total, self.schedule.due(cursor) <= now - self.epoch {
                let number = self.schedule.connection(of: cursor)
                cursor += 1
                guard self.connections[number].state == .running else {
                    self.report.failures.count(.lost, "connection \(number): a request was due, but it was gone")
                    continue
                }
                self.connections[number].due += 1
                self.backlog += 1
                if self.connections[number].due - self.connections[number].sent == 1 { touched.append(number) }
            }
            for number in touched {
                self.fill(self.connections + number)
                self.flush(self.connections + number)
            }
            touched.removeAll(keepingCapacity: true)
            var wait = Self.tick
            if cursor < total {
                let due = self.epoch + self.schedule.due(cursor)
                let time = Machine.now()
                wait = min(wait, due > time ? due - time : 0)
            }
            self.turn(atMost: wait)
            guard self.running > 0 else { break }
            if self.report.done + self.progress != lastProgress || (self.outstanding == 0 && self.backlog == 0) {
                lastProgress = self.report.done + self.progress
                lastChange = now
            } else if now - lastChange > self.timeout {
                return self.stalled()
            }
        }
    }

    private func runIdle() {
        self.setUp()
        guard self.running > 0 else { return }
        self.measure {
            self.pace = .closed
            for index in 0..<self.options.connections {
                self.remaining = 1
                self.fill(self.connections + index)
                self.flush(self.connections + index)
            }
            self.remaining = 0
            self.turn(while: { self.outstanding > 0 })
        }
        self.tell("READY", always: true)
        let end = Machine.now() + UInt64(self.options.hold * 1e9)
        while self.running > 0 {
            let now = Machine.now()
            guard now < end else { break }
            self.turn(atMost: min(Self.tick, end - now))
        }
        self.tell("HELD", always: true)
    }

    private func runChurn() {
        self.tell("START")
        self.measure {
            self.remaining = self.options.messages ?? Int.max
            let start = Machine.now()
            let stop = self.sendingTime.map { start + UInt64($0) } ?? .max
            self.turn(while: {
                self.beginVacant(before: stop)
                return self.alive > 0
            })
            self.report.setupDuration = Machine.now() - start
        }
        self.tell("STOP")
    }

    /// Begins a connection in each place where none is.
    private func beginVacant(before stop: UInt64) {
        guard self.alive < self.options.connections, Machine.now() < stop else { return }
        for index in 0..<self.options.connections where self.connections[index].state == .closed {
            let failures = self.report.failures
            guard self.remaining > 0, failures.errors + failures.refused + failures.closedEarly < Self.churnFailures
            else { return }
            self.remaining -= 1
            self.begin(self.connections + index)
        }
    }

    private func runStorm() {
        self.tell("START")
        self.measure {
            self.pace = .closed
            self.remaining = self.options.connections
            let start = Machine.now()
            for index in 0..<self.options.connections { self.begin(self.connections + index) }
            self.turn(while: { self.alive > 0 })
            self.report.setupDuration = max(self.lastSetup, start) - start
        }
        self.tell("STOP")
    }

    // MARK: - Parts

    /// Sets all connections up, so many at a time, and waits until each is running or has failed.
    private func setUp() {
        let start = Machine.now()
        var next = 0
        let end = self.options.connections
        self.turn(while: {
            while next < end, self.settingUp < LoadOptions.setupsAtOnce {
                self.begin(self.connections + next)
                next += 1
            }
            return self.settingUp > 0 || next < end
        })
        self.report.setupDuration = max(self.lastSetup, start) - start
        for index in end..<self.connectionCount { self.begin(self.connections + index) }
        self.turn(while: {
            (end..<self.connectionCount).contains {
                self.connections[$0].state != .closed && self.connections[$0].state != .slow
            }
        })
        self.beginSlowReads()
    }

    private func fillAll() {
        for index in 0..<self.options.connections {
            self.fill(self.connections + index)
            self.flush(self.connections + index)
        }
    }

    /// Measures what `part` does, apart from all before it.
    private func measure(_ part: () -> Void) {
        self.report.done = 0
        self.report.bytesSent = 0
        self.report.bytesReceived = 0
        self.report.latencies = LoadReport.emptyHistogram()
        self.report.slowBytes = 0
        let cpu = Machine.cpuSeconds()
        let start = Machine.now()
        part()
        self.report.duration = Machine.now() - start
        self.report.cpuSeconds = Machine.cpuSeconds() - cpu
        self.countSlow()
        self.pace = .none
    }

    /// How long nothing may happen. After a wrong answer the right one is not awaited for long.
    private var timeout: UInt64 {
        UInt64((self.report.failures.mismatched > 0 ? min(1, self.options.timeout) : self.options.timeout) * 1e9)
    }

    /// Handles events as long as `goesOn`, which is asked after each turn, and something happens.
    private func turn(while goesOn: () -> Bool) {
        var lastProgress = -1
        var lastChange: UInt64 = 0
        var turns = 0
        while goesOn() {
            let wasBusy = self.turn(atMost: Self.tick)
            turns &+= 1
            // The clock is not for every turn.
            guard turns & 63 == 0 || !wasBusy else { continue }
            let progress = self.report.done &+ self.progress
            let now = Machine.now()
            if progress != lastProgress {
                lastProgress = progress
                lastChange = now
            } else if now - lastChange > self.timeout {
                return self.stalled()
            }
        }
    }

    private func stalled() {
        let seconds = Double(self.timeout) / 1e9
        self.report.failures.count(
            .error,
            """
            nothing happened for \(seconds) seconds: \(self.outstanding) requests outstanding, \(self.settingUp) \
            connections not set up
            """
        )
        for index in 0..<self.connectionCount where self.connections[index].state != .slow {
            let connection = self.connections + index
            if connection.pointee.outstanding > 0 || connection.pointee.state != .running { self.drop(connection) }
        }
    }

    /// Ends all connections in the orderly way, within a bound.
    private func closeAll() {
        self.pace = .none
        self.remaining = 0
        let limit = Machine.now() + Self.closeTime
        for index in 0..<self.connectionCount { self.beginClose(self.connections + index) }
        while self.alive > 0, Machine.now() < limit { self.turn(atMost: Self.tick) }
        for index in 0..<self.connectionCount { self.drop(self.connections + index) }
        while !self.unreaped.isEmpty, Machine.now() < limit {
            self.turn(atMost: 1_000_000)
            self.reap()
        }
        for child in self.unreaped { Child.end(child) }
        self.unreaped = []
    }

    /// Tells the driver where the run is, and waits for its word.
    private func tell(_ word: String, always: Bool = false) {
        guard always || self.options.isSynchronised else { return }
        Machine.write(word + "\n", to: STDERR_FILENO)
        if self.options.isSynchronised { Machine.awaitLine() }
    }
}
