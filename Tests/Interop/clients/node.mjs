// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// Node's own WebSocket client, which is the browsers' API: node --experimental-websocket node.mjs URL CASE [TOKEN].
// Prints one line of JSON for the test to judge.

const [url, kind, token] = process.argv.slice(2);

if (typeof WebSocket === "undefined") {
    console.log(JSON.stringify({ missing: `node ${process.version} has no WebSocket` }));
    process.exit(0);
}

/** Opens a socket with what is offered; tells the subprotocol, or that the handshake failed. */
function open(offered) {
    return new Promise((resolve) => {
        const socket = offered === undefined ? new WebSocket(url) : new WebSocket(url, offered);
        socket.onopen = () => resolve(socket);
        socket.onerror = () => resolve(null);
    });
}

/** Sends a request and waits for the response with its id; what comes before goes to `others`. */
function request(socket, id, method, params, others = []) {
    return new Promise((resolve, reject) => {
        socket.onclose = (event) => reject(new Error(`closed ${event.code} ${event.reason}`));
        socket.onmessage = (event) => {
            const message = JSON.parse(event.data);
            if (message.id === id && message.method === undefined) resolve(message);
            else others.push(message);
        };
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
}

function closed(socket) {
    return new Promise((resolve) => {
        socket.onclose = (event) => resolve({ code: event.code, clean: event.wasClean });
    });
}

const hello = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "node", version: "1" },
};

const cases = {
    async subprotocols() {
        const result = {};
        for (const [name, offered] of [["none", undefined], ["mcp", ["mcp"]], ["both", ["other", "mcp"]], ["other", ["other"]]]) {
            const socket = await open(offered);
            result[name] = socket === null ? null : socket.protocol;
            if (socket !== null) {
                const end = closed(socket);
                socket.close(1000);
                result[`${name} close`] = (await end).code;
            }
        }
        return result;
    },

    async token() {
        const socket = await open(["mcp", `mcp.auth.${token}`]);
        if (socket === null) return { refused: true };
        const initialized = await request(socket, 1, "initialize", hello);
        return { protocol: socket.protocol, version: initialized.result.protocolVersion };
    },

    async call() {
        const socket = await open(["mcp"]);
        const others = [];
        const initialized = await request(socket, "init", "initialize", hello);
        socket.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
        const tools = await request(socket, 1, "tools/list", {});
        const text = "grüße \u2028 😀";
        const echo = await request(socket, 2, "tools/call", { name: "echo", arguments: { text } });
        const count = await request(socket, 3, "tools/call",
            { name: "count", arguments: { steps: 3 }, _meta: { progressToken: 9 } }, others);
        const end = closed(socket);
        socket.close(1000, "done");
        return {
            version: initialized.result.protocolVersion,
            tools: tools.result.tools.map((tool) => tool.name),
            same: echo.result.content[0].text === text,
            progress: others.map((message) => message.params.progress),
            counted: count.result.content[0].text,
            close: await end,
        };
    },
};

console.log(JSON.stringify(await cases[kind]()));
process.exit(0);
