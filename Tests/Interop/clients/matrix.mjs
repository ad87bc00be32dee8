// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// Node's own WebSocket client in the matrix: node --experimental-websocket matrix.mjs SIZE, with lines "NAME URL FEATURE…"
// on stdin. Each feature gets a connection of its own. Prints one line of JSON for each server: by feature null, or what
// went wrong.

import readline from "node:readline";

if (typeof WebSocket === "undefined") {
    console.log(JSON.stringify({ missing: `node ${process.version} has no WebSocket` }));
    process.exit(0);
}

const size = Number(process.argv[2]);
const PATIENCE = 30_000;

/** One connection that shakes hands, answers the server's requests, and keeps what it is told. */
class Session {
    #next = 1;
    #open = new Map();
    notifications = [];
    #waiting = [];

    static async to(url) {
        const session = new Session();
        session.socket = new WebSocket(url, "mcp");
        await new Promise((resolve, reject) => {
            session.socket.onopen = resolve;
            session.socket.onerror = () => reject(new Error("no connection"));
        });
        session.socket.onmessage = (event) => session.#take(JSON.parse(event.data));
        session.socket.onclose = (event) => session.#end(new Error(`closed ${event.code} ${event.reason}`));
        const capabilities = { sampling: {}, elicitation: {} };
        const clientInfo = { name: "node", version: "1" };
        await session.request("initialize", { protocolVersion: "2025-11-25", capabilities, clientInfo });
        session.send({ method: "notifications/initialized" });
        return session;
    }

    send(message) {
        this.socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
    }

    request(method, params, id = this.#next++) {
        return new Promise((resolve, reject) => {
            this.#open.set(id, { resolve, reject });
            this.send({ id, method, params });
        });
    }

    async call(name, args, more = {}) {
        const result = await this.request("tools/call", { name, arguments: args, ...more });
        if (result.isError) throw new Error(JSON.stringify(result));
        return result.content[0].text;
    }

    notified(method) {
        return new Promise((resolve) => {
            this.#waiting.push({ method, resolve });
            this.#tell();
        });
    }

    #tell() {
        this.#waiting = this.#waiting.filter(({ method, resolve }) => {
            const found = this.notifications.find((message) => message.method === method);
            if (found) resolve(found);
            return !found;
        });
    }

    #take(message) {
        if (message.method === undefined) {
            const waiting = this.#open.get(message.id);
            this.#open.delete(message.id);
            if (waiting === undefined) this.fault = new Error(`an answer nobody waits for: ${JSON.stringify(message)}`);
            else if (message.error) waiting.reject(new Error(JSON.stringify(message.error)));
            else waiting.resolve(message.result);
        } else if (message.id === undefined) {
            this.notifications.push(message);
            this.#tell();
        } else if (message.method === "sampling/createMessage") {
            const text = [...message.params.messages[0].content.text].reverse().join("");
            this.send({ id: message.id, result: { role: "assistant", content: { type: "text", text }, model: "mirror" } });
        } else if (message.method === "elicitation/create") {
            this.send({ id: message.id, result: { action: "accept", content: { colour: "blue" } } });
        } else {
            this.send({ id: message.id, error: { code: -32601, message: "no such method" } });
        }
    }

    #end(error) {
        for (const { reject } of this.#open.values()) reject(error);
        this.#open.clear();
    }
}

function expect(found, wanted) {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
        throw new Error(`${JSON.stringify(found).slice(0, 200)} in place of ${JSON.stringify(wanted).slice(0, 200)}`);
    }
}

const features = {
    async list(session) {
        const { tools } = await session.request("tools/list", {});
        for (const name of ["echo", "large", "hold"]) expect(tools.some((tool) => tool.name === name), true);
    },
    async call(session) {
        const text = "grüße \u2028 \u{1F600} \" \\";
        expect(await session.call("echo", { text }), text);
    },
    async progress(session) {
        expect(await session.call("count", { steps: 10 }, { _meta: { progressToken: "p" } }), "counted 10");
        expect(session.notifications.map((message) => message.params.progress), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    },
    async sampling(session) {
        expect(await session.call("ask_model", { question: "stressed" }), "desserts");
    },
    async elicitation(session) {
        expect(await session.call("ask_user", { question: "which?" }), "accept:blue");
    },
    async subscription(session) {
        await session.request("resources/subscribe", { uri: "memo://text" });
        const [updated] = await Promise.all([
            session.notified("notifications/resources/updated"), session.call("touch", { text: "node" }),
        ]);
        expect(updated.params.uri, "memo://text");
    },
    async cancel(session) {
        const gate = `node ${Math.random()}`;
        const state = () => session.call("state", { gate });
        session.request("tools/call", { name: "hold", arguments: { gate } }, "held").catch(() => {});
        while ((await state()) !== "held") await null;
        session.send({ method: "notifications/cancelled", params: { requestId: "held" } });
        let last;
        while ((last = await state()) === "held") await null;
        expect(last, "cancelled");
    },
    async large(session) {
        expect((await session.call("large", { size })).length, size);
    },
    async parallel(session) {
        const texts = Array.from({ length: 50 }, (_, number) => `call ${number}`);
        expect(await Promise.all(texts.map((text) => session.call("echo", { text }))), texts);
    },
};

async function attempt(url, feature) {
    let session, alarm;
    const late = new Promise((_, reject) => {
        alarm = setTimeout(() => reject(new Error(`nothing within ${PATIENCE} ms`)), PATIENCE);
    });
    const work = (async () => {
        session = await Session.to(url);
        await features[feature](session);
        if (session.fault) throw session.fault;
    })();
    try {
        await Promise.race([work, late]);
        return null;
    } catch (error) {
        return String(error.message);
    } finally {
        clearTimeout(alarm);
        session?.socket.close(1000);
    }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, url, ...wanted] = line.split(" ");
    const found = {};
    for (const feature of wanted) found[feature] = await attempt(url, feature);
    console.log(JSON.stringify({ name, found }));
}
process.exit(0);
