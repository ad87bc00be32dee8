# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""An issuer of signed tokens, by PyJWT: a process with a key of each kind, which it publishes and can replace.

Prints its address. GET /jwks.json is for the bridge, the rest for the test: POST /token signs {"alg", "claims"}, POST /rotate
makes new keys, whose ids end with the next number."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ALGORITHMS = {
    "RS256": ("rsa", jwt.algorithms.RSAAlgorithm),
    "PS256": ("rsa", jwt.algorithms.RSAAlgorithm),
    "ES256": ("p256", jwt.algorithms.ECAlgorithm),
    "ES384": ("p384", jwt.algorithms.ECAlgorithm),
    "EdDSA": ("ed25519", jwt.algorithms.OKPAlgorithm),
}


class Keys:
    """The keys of one generation, by their kind."""

    def __init__(self, number: int):
        self.number = number
        self.private = {
            "rsa": rsa.generate_private_key(65537, 2048),
            "p256": ec.generate_private_key(ec.SECP256R1()),
            "p384": ec.generate_private_key(ec.SECP384R1()),
            "ed25519": ed25519.Ed25519PrivateKey.generate(),
        }

    def jwks(self) -> dict:
        kinds = dict(ALGORITHMS.values())
        keys = []
        for kind, key in self.private.items():
            public = json.loads(kinds[kind].to_jwk(key.public_key()))
            keys.append({**public, "kid": f"{kind}-{self.number}", "use": "sig"})
        return {"keys": keys}

    def token(self, algorithm: str, claims: dict) -> str:
        kind, _ = ALGORITHMS[algorithm]
        return jwt.encode(claims, self.private[kind], algorithm, headers={"kid": f"{kind}-{self.number}", "typ": "at+jwt"})


class Issuer(BaseHTTPRequestHandler):
    keys = Keys(1)
    lock = threading.Lock()

    def answer(self, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        if self.path == "/jwks.json":
            self.answer(Issuer.keys.jwks())
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        with Issuer.lock:
            if self.path == "/rotate":
                Issuer.keys = Keys(Issuer.keys.number + 1)
                self.answer({})
            else:
                self.answer({"token": Issuer.keys.token(request["alg"], request["claims"])})

    def log_message(self, *_) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
