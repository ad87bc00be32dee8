// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// node tls.mjs URL AUTHORITY [CERTIFICATE KEY]: Node's own TLS, with a certificate where one is given, and WebSocket by hand, since
// Node's WebSocket takes no certificates. Says hello and prints what came back as JSON: {"protocol", "version"} or {"failed"}.

import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";

const [url, ca, cert, key] = process.argv.slice(2);
const say = (found) => process.stdout.write(JSON.stringify(found), () => process.exit(0));
const initialize = JSON.stringify({
  jsonrpc: "2.0", id: 1, method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } },
});

function frame(text) {
  const payload = Buffer.from(text), mask = crypto.randomBytes(4);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x81, ...length]), mask, payload.map((byte, index) => byte ^ mask[index & 3])]);
}

const request = https.request(url.replace(/^wss/, "https"), {
  ca: fs.readFileSync(ca),
  ...(cert && { cert: fs.readFileSync(cert), key: fs.readFileSync(key) }),
  headers: {
    Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": crypto.randomBytes(16).toString("base64"),
  },
});
request.on("error", (error) => say({ failed: error.code ?? error.message }));
request.on("response", (response) => say({ failed: `HTTP ${response.statusCode}` }));
request.on("upgrade", (response, socket, head) => {
  let received = head;
  socket.on("error", (error) => say({ failed: error.code ?? error.message }));
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    if (received.length < 4) return;
    const short = received[1] < 126, start = short ? 2 : 4, length = short ? received[1] : received.readUInt16BE(2);
    if (received.length < start + length) return;
    const answer = JSON.parse(received.subarray(start, start + length));
    say({ protocol: socket.getProtocol(), version: answer.result.protocolVersion });
  });
  socket.write(frame(initialize));
});
request.end();
