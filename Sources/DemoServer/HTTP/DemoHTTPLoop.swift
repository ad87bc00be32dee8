// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The demo server's one event loop: hands requests to ``DemoHTTP``, does what it says and tells it the time.
///
/// Confined to its event loop.
final class DemoHTTPLoop {
    /// Bounds of what the connections may hold.
    struct Limits {
        var connections = 2_048
        /// Bytes of one message.
        var body = 4 << 20
        /// The first request of a connection must begin within this time.
        var firstRequest = TimeAmount.seconds(15)
        /// A further one within this.
        var nextRequest = TimeAmount.seconds(120)
        /// A body must be there within this time after its head.
        var wholeBody = TimeAmount.seconds(30)
    }

    let limits: Limits
    private let eventLoop: any EventLoop
    private var http: DemoHTTP
    /// The connections whose requests are being answered.
    private var answering: [DemoHTTP.ExchangeID: DemoHTTPHandler] = [:]
    private var lastExchange = 0
    private var connections = 0
    private var timer: Scheduled<Void>?

    init(_ http: DemoHTTP, limits: Limits = Limits(), on eventLoop: any EventLoop) {
        self.http = http
        self.limits = limits
        self.eventLoop = eventLoop
    }

    /// Counts a connection; false if there are too many.
    func opened() -> Bool {
        guard connections < limits.connections else { return false }
        connections += 1
        return true
    }

    /// A connection that was counted is gone.
    func closed() { connections -= 1 }

    /// Takes a request of a connection, whose `exchange` becomes the number under which it is answered.
    func receive(_ request: DemoHTTPRequest, from handler: DemoHTTPHandler) {
        lastExchange += 1
        let exchange = lastExchange
        answering[exchange] = handler
        handler.exchange = exchange
        perform(http.receive(request, on: exchange, now: now))
    }

    /// The connection of a request that is still being answered is gone.
    func lost(_ exchange: DemoHTTP.ExchangeID) {
        guard answering.removeValue(forKey: exchange) != nil else { return }
        http.closed(exchange, now: now)
        schedule()
    }

    /// Whether a request is being answered.
    var isAnswering: Bool { !answering.isEmpty }

    /// Ends all streams.
    func stop() {
        perform(http.stop())
        timer?.cancel()
    }

    private var now: Int { Int(eventLoop.now.uptimeNanoseconds / 1_000_000) }

    private func perform(_ actions: [DemoHTTP.Action]) {
        for action in actions {
            switch action {
            case .respond(let exchange, let response):
                let handler = response.isStream ? answering[exchange] : answering.removeValue(forKey: exchange)
                handler?.respond(response)
            case .write(let exchange, let bytes): answering[exchange]?.write(bytes)
            case .end(let exchange): answering.removeValue(forKey: exchange)?.end()
            }
        }
        schedule()
    }

    private func schedule() {
        timer?.cancel()
        timer = http.nextDeadline.map { deadline in
            eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(max(0, deadline - now)))) { [weak self] in
                guard let self else { return }
                perform(http.advance(to: now))
            }
        }
    }
}
