# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import processes
from machine import Patience
from processes import CPU, DidNotStart, Started, parse_memory, parse_stat

STAT = "42 (a (very) odd) name) S 7 42 42 0 -1 4194560 100 0 0 0 150 50 30 20 20 0 3 0 9999 1000 200 18446744073709551615\n"
ROLLUP = """55d0-7ffc ---p 00000000 00:00 0 [rollup]
Rss:                2048 kB
Pss:                1024 kB
Private_Clean:       100 kB
Private_Dirty:       200 kB
"""


class ParsingTests(unittest.TestCase):
    def test_stat_with_parentheses_in_the_name(self):
        found = parse_stat(STAT)
        ticks = processes.TICKS_PER_SECOND
        self.assertEqual((found.state, found.parent, found.threads, found.started), ("S", 7, 3, 9999))
        self.assertEqual((found.cpu, found.reaped_cpu), (200 / ticks, 50 / ticks))

    def test_memory(self):
        self.assertEqual(parse_memory(ROLLUP), {"rss": 2048, "pss": 1024, "uss": 300})


class LivingTests(unittest.TestCase):
    """Against processes of their own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.started = self.enterContext(Started(Path(folder.name) / "log"))

    def script(self, text: str) -> subprocess.Popen:
        """Runs Python and waits for the line that says that it is where it should be."""
        process = self.started.process([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        return process

    def test_memory_of_a_process_is_more_than_nothing(self):
        found = processes.memory(os.getpid())
        self.assertGreater(found["rss"], found["uss"])
        self.assertGreater(found["uss"], 0)
        self.assertGreater(found["descriptors"], 2)

    def test_children_dead_and_alive_are_reckoned_apart_from_their_parent(self):
        work = "end=time.process_time()+0.1\\nwhile time.process_time()<end: pass"
        process = self.script(
            "import subprocess, sys, time\n"
            f"subprocess.run([sys.executable, '-c', 'import time\\n{work}'])\n"
            f"alive = subprocess.Popen([sys.executable, '-c', 'import time\\n{work}\\nprint(flush=True)\\ninput()'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
            "alive.stdout.readline()\nprint(flush=True)\ninput()"
        )
        used = processes.cpu(process.pid)
        self.assertEqual(len(processes.descendants(process.pid)), 1)
        self.assertGreater(used.children, 0.18)
        self.assertLess(used.own, used.children)

    def test_cpu_is_a_difference(self):
        self.assertEqual(CPU(1.5, 0.5) - CPU(1.0, 0.25), CPU(0.5, 0.25))

    def test_who_ignores_sigterm_is_killed(self):
        process = self.script("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\ninput()")
        self.started.end(process, patience=0.1)
        self.assertEqual(process.returncode, -9)
        self.assertEqual(self.started.running, [])

    def test_what_a_server_leaves_behind_is_ended(self):
        process = self.script(
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time\\ntime.sleep(600)'])\nprint(flush=True)\ninput()"
        )
        (child,) = processes.descendants(process.pid)
        process.kill()
        process.wait()
        strays = {child: processes.stat(child)}
        self.assertEqual(processes.end_strays(strays, patience=0.05), 1)
        self.assertEqual(processes.end_strays({child: processes.Stat("S", 1, 0, 0, 1, started=0)}), 0, "another process with this number is left alone")

    def test_a_server_that_does_not_start_is_said_to(self):
        with self.assertRaises(DidNotStart):
            self.started.server([sys.executable, "-c", ""], processes.free_ports())

    def test_patience_is_bounded_altogether(self):
        patience = Patience(each=0.0, whole=0.0)
        seen = patience.wait()
        self.assertLess(seen["waited_s"], 0.5)


if __name__ == "__main__":
    unittest.main()
