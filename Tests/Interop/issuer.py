# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""The process `servers/issuer.py`, and the tokens that it signs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request

from bridge import HERE

NAME = "https://id.example"
AUDIENCE = "https://bridge.example"


class Issuer:
    """A running issuer. `settings` is what `[auth.jwt]` says of it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "servers" / "issuer.py")], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://"), "the issuer did not start"

    @property
    def jwks(self) -> str:
        return self.address + "/jwks.json"

    @property
    def settings(self) -> dict:
        return {
            "issuer": NAME,
            "audience": AUDIENCE,
            "jwks": self.jwks,
            "algorithms": ["RS256", "PS256", "ES256", "ES384", "EdDSA"],
        }

    def _post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(self.address + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def token(self, algorithm: str = "RS256", life: int = 600, **claims) -> str:
        """A token for `life` seconds; None takes a claim out."""
        now = int(time.time())
        usual = {"iss": NAME, "aud": AUDIENCE, "sub": "alice", "iat": now, "nbf": now, "exp": now + life}
        claims = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return self._post("/token", {"alg": algorithm, "claims": claims})["token"]

    def rotate(self) -> None:
        """New keys of each kind in the place of the old ones."""
        self._post("/rotate", {})

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
