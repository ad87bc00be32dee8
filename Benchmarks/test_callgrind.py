# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""callgrind.py against files as callgrind writes them: python3 -m unittest discover -s Benchmarks"""

from __future__ import annotations

import unittest

from callgrind import MalformedProfile, Profile, parse

# Names are compressed to numbers, positions are relative, the second event is left out where it is 0, and a recursion
# has its levels.
OUTPUT = """\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 4711
cmd:  ./mcp-wsbridge --config bridge.toml
part: 2

desc: I1 cache:
desc: Trigger: Program termination
positions: line
events: Ir sysCount sysTime
summary: 1000 3 40

ob=(1) /usr/bin/mcp-wsbridge
fl=(1) ???
fn=(1) $s6Bridge10ConnectionC7receive
0 100
cfn=(2) swift_retain
calls=7 0
0 140
cob=(2) /lib/libswiftCore.so
cfi=(2)
cfn=(3) swift_allocObject
calls=2 0
* 90

fn=(2)
0 70
+3 30

ob=(2)
fn=(3)
0 20
cfn=(4) swift_slowAlloc
calls=2 0
0 80
cob=(3) /lib/libc.so.6
cfn=(5) write
calls=1 0
0 300 3 40

fn=(4)
0 10
cfn=(6) malloc
calls=2 0
0 60

ob=(3)
fn=(5)
0 5 3 40

fn=(6)
0 60

fn=(7) operator new(unsigned long)
0 4
cfn=(6)
calls=1 0
0 30

fn=(8) realloc
0 8
cfn=(6)
calls=1 0
0 30

fn=(9) walk(Node*)'2
0 50
cfn=(10) walk(Node*)
calls=3 0
0 9
cfn=(8)
calls=1 0
0 38

totals: 1000 3 40
"""


def profile() -> Profile:
    return parse(OUTPUT.splitlines(keepends=True))


class Reading(unittest.TestCase):
    def test_a_function_costs_what_it_does_itself(self):
        instructions = profile().instructions
        self.assertEqual(instructions["$s6Bridge10ConnectionC7receive"], 100)
        self.assertEqual(instructions["swift_retain"], 100)
        self.assertEqual(instructions["malloc"], 60)
        self.assertEqual(instructions.total(), 357)

    def test_levels_of_a_recursion_are_one_function(self):
        self.assertEqual(profile().instructions["walk(Node*)"], 50)
        self.assertEqual(profile().calls["walk(Node*)", "walk(Node*)"], 3)

    def test_system_calls_belong_to_the_function_that_makes_them(self):
        self.assertEqual(profile().system_calls, {"write": 3})

    def test_names_may_be_written_out(self):
        read = parse(["events: Ir\n", "fn=main\n", "1 5\n", "cfn=malloc\n", "calls=1 0\n", "1 50\n"])
        self.assertEqual(read.instructions, {"main": 5})
        self.assertEqual(read.calls, {("main", "malloc"): 1})

    def test_costs_may_have_two_positions(self):
        read = parse(["positions: instr line\n", "events: Ir\n", "fn=(1) main\n", "0x40 7 5\n", "+4 * 6\n"])
        self.assertEqual(read.instructions, {"main": 11})

    def test_several_parts_are_added(self):
        twice = parse([*OUTPUT.splitlines(), *OUTPUT.splitlines()])
        self.assertEqual(twice.instructions.total(), 2 * 357)
        self.assertEqual(twice.calls["swift_slowAlloc", "malloc"], 4)

    def test_what_is_no_profile_is_refused(self):
        for text in (
            "",
            "events: Instructions\nfn=(1) main\n0 5\n",
            "events: Ir\n0 5\n",
            "events: Ir\nfn=(1)\n",
            "events: Ir\nfn=(1) main\ncalls=1 0\n",
            "events: Ir\nfn=(1) main\n0 five\n",
        ):
            with self.subTest(text), self.assertRaises(MalformedProfile):
                parse(text.splitlines())


class Counting(unittest.TestCase):
    def test_each_allocation_counts_once(self):
        # Two objects of Swift's, one `new`, and one realloc that has malloc do it.
        self.assertEqual(profile().allocations(), 4)

    def test_retains_and_releases(self):
        self.assertEqual(profile().retains(), 7)
        self.assertEqual(profile().releases(), 0)

    def test_callers(self):
        self.assertEqual(
            profile().callers_of(["malloc"]), {"swift_slowAlloc": 2, "operator new(unsigned long)": 1, "realloc": 1}
        )


if __name__ == "__main__":
    unittest.main()
