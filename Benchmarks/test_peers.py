# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import peers
from scenarios import WEBSOCAT, WEBSOCKETD, WEBSOCKETD_TLS


class InstallTests(unittest.TestCase):
    def installed(self, *names: str) -> tuple[int, str]:
        """The status of `peers.py install`, and what it prints, where these peers are there and nothing can be fetched."""
        found = [peers.Peer(name, "", None, version="1.0") for name in names]
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "venv" / "bin" / "websocat"
            program.parent.mkdir(parents=True)
            program.touch()
            with mock.patch.object(peers, "BUILD", Path(folder)), mock.patch.object(peers, "installed", lambda: found), \
                    mock.patch.object(peers.shutil, "which", lambda name: name), contextlib.redirect_stdout(printed):
                return peers.install(), printed.getvalue()

    def test_all_there_with_tls_or_without(self):
        for names in (WEBSOCKETD, WEBSOCAT), (WEBSOCKETD, WEBSOCKETD_TLS, WEBSOCAT):
            status, printed = self.installed(*names)
            self.assertEqual(status, 0)
            self.assertNotIn("could not be installed", printed)

    def test_one_missing(self):
        status, printed = self.installed(WEBSOCKETD, WEBSOCKETD_TLS)
        self.assertEqual(status, 1)
        self.assertIn(f"{WEBSOCAT}: could not be installed", printed)


if __name__ == "__main__":
    unittest.main()
