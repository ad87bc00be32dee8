# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What gate.py lets pass and what not: python3 -m unittest discover -s Benchmarks"""

from __future__ import annotations

import json
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import gate
from callgrind import Profile
from gate import Grade
from workloads import Cost, Refused, Workload, system_call

FIGURES = {"instructions": 10_000, "allocations": 4.0, "system_calls": 6.0}
SHARED = {"shared-echo": {"shared_writes": 0.0}}
WORKLOAD = Workload("single", "for tests", warm_up=1, batches=100)


def grades(**counts: float) -> list[Grade]:
    return [verdict.grade for verdict in gate.judge("single", FIGURES, counts)]


class Judging(unittest.TestCase):
    def test_up_to_five_percent_more_instructions_pass(self):
        self.assertEqual(grades(instructions=10_500), [Grade.SAME])
        self.assertEqual(grades(instructions=10_501), [Grade.WORSE])
        self.assertEqual(grades(instructions=9_500), [Grade.SAME])
        self.assertEqual(grades(instructions=9_499), [Grade.BETTER])

    def test_up_to_five_percent_more_system_calls_pass(self):
        self.assertEqual(grades(system_calls=6.3), [Grade.SAME])
        self.assertEqual(grades(system_calls=6.31), [Grade.WORSE])

    def test_few_system_calls_may_be_a_hundredth_more(self):
        for count, grade in (0.18, Grade.SAME), (0.187, Grade.WORSE):
            verdicts = gate.judge("burst", {"system_calls": 0.173}, {"system_calls": count})
            self.assertEqual([verdict.grade for verdict in verdicts], [grade])

    def test_one_allocation_in_twenty_messages_more_passes(self):
        self.assertEqual(grades(allocations=4.05), [Grade.SAME])
        self.assertEqual(grades(allocations=4.06), [Grade.WORSE])
        self.assertEqual(grades(allocations=5.0), [Grade.WORSE])
        self.assertEqual(grades(allocations=3.9), [Grade.BETTER])

    def test_none_where_there_was_none_is_the_same(self):
        verdicts = gate.judge("single", {"allocations": 0.0}, {"allocations": 0.0})
        self.assertEqual([verdict.grade for verdict in verdicts], [Grade.SAME])
        self.assertIn("0.000", gate.table(verdicts))

    def test_one_shared_write_in_a_hundred_messages_passes(self):
        for count, grade in (0.0, Grade.SAME), (0.01, Grade.SAME), (0.02, Grade.WORSE):
            verdicts = gate.judge("shared-echo", {"shared_writes": 0.0}, {"shared_writes": count})
            self.assertEqual([verdict.grade for verdict in verdicts], [grade])

    def test_what_has_no_figure_cannot_be_worse(self):
        verdicts = gate.judge("single", {}, {"instructions": 1e9})
        self.assertEqual([verdict.grade for verdict in verdicts], [Grade.NEW])
        self.assertFalse(gate.is_worse(verdicts))

    def test_one_worse_count_is_enough(self):
        better_but = {"instructions": 5_000, "allocations": 5.0, "system_calls": 1.0}
        self.assertTrue(gate.is_worse(gate.judge("single", FIGURES, better_but)))
        self.assertFalse(gate.is_worse(gate.judge("single", FIGURES, FIGURES)))


class Flatness(unittest.TestCase):
    def test_more_connections_must_not_cost_more(self):
        flat = {"echo-1": {"instructions": 1000}, "echo-100": {"instructions": 1040}, "single": {"instructions": 9}}
        self.assertFalse(gate.is_worse(gate.judge_flatness(flat)))
        steep = {**flat, "echo-1000": {"instructions": 1060}}
        worse = [verdict for verdict in gate.judge_flatness(steep) if verdict.grade is Grade.WORSE]
        self.assertEqual([verdict.workload for verdict in worse], ["echo-1000 vs echo-1"])

    def test_one_number_of_connections_says_nothing(self):
        self.assertEqual(gate.judge_flatness({"echo-1000": {"instructions": 1060}}), [])


class Table(unittest.TestCase):
    def test_each_count_has_a_line(self):
        lines = gate.table(gate.judge("single", FIGURES, {"instructions": 11_000, "allocations": 4.0})).split("\n")
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[1].split(), ["single", "instructions", "10,000", "11,000", "+10.0%", "WORSE"])
        self.assertEqual(lines[2].split(), ["single", "allocations", "4.000", "4.000", "+0.0%", "ok"])


class FakeBench:
    """Gives the counts of one run after the other."""

    def __init__(self, *instructions: int):
        self.left = list(instructions)

    def cost(self, workload: Workload) -> Cost:
        if not self.left:
            raise Refused("nothing left")
        return Cost(workload, Profile(Counter(main=self.left.pop(0) * workload.messages)))


class Measuring(unittest.TestCase):
    def test_what_seems_worse_is_counted_again(self):
        bench = FakeBench(11_000, 10_600, 10_100, 1)
        self.assertEqual(gate.measure(bench, WORKLOAD, FIGURES)["instructions"], 10_100)
        self.assertEqual(bench.left, [1])

    def test_what_is_well_is_counted_once(self):
        bench = FakeBench(10_000, 1)
        self.assertEqual(gate.measure(bench, WORKLOAD, FIGURES)["instructions"], 10_000)
        self.assertEqual(bench.left, [1])

    def test_what_stays_worse_is_worse(self):
        measured = gate.measure(FakeBench(11_000, 11_002, 11_001), WORKLOAD, FIGURES)
        self.assertTrue(gate.is_worse(gate.judge("single", FIGURES, measured)))


class Costs(unittest.TestCase):
    def test_counts_are_per_message(self):
        profile = Profile(
            Counter(a=1000, b=500), Counter(__libc_read=200, clock_gettime=300, madvise=1),
            Counter({("b", "malloc"): 150, ("a", "swift_retain"): 50}),
        )
        cost = Cost(WORKLOAD, profile)
        self.assertEqual((cost.instructions, cost.allocations, cost.retains, cost.releases), (15, 1.5, 0.5, 0))
        # One in a hundred messages is none of the message's.
        self.assertEqual(cost.system_calls, {"read": 2})
        self.assertEqual(cost.clock_readings, 3)

    def test_a_system_call_has_one_name(self):
        for function in ("read", "__read", "__libc_read", "__GI___read", "__read_nocancel", "read@@GLIBC_2.2.5"):
            with self.subTest(function):
                self.assertEqual(system_call(function), "read")
        self.assertEqual(system_call("epoll_wait"), "epoll_wait")


class Pieces(unittest.TestCase):
    def test_allocations_are_exact_but_for_what_comes_in_pieces(self):
        def grade(workload: str, count: float) -> gate.Grade:
            return gate.judge(workload, {"allocations": 22.0}, {"allocations": count})[0].grade

        self.assertEqual(grade("large", 25.5), gate.Grade.SAME)
        self.assertEqual(grade("large", 54.0), gate.Grade.WORSE)
        self.assertEqual(grade("http", 22.1), gate.Grade.SAME)
        self.assertEqual(grade("http", 22.2), gate.Grade.WORSE)


class Keeping(unittest.TestCase):
    def test_figures_of_workloads_that_were_not_counted_stay(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "figures" / "any.json"
            path.parent.mkdir()
            path.write_text(json.dumps({"workloads": {"burst": {"instructions": 1}, "forgotten": {"instructions": 2}, **SHARED}}))
            gate.write(path, {"single": {"instructions": 3}}, {"valgrind": "3.19.0"})
            written = json.loads(path.read_text())
        self.assertEqual(written["workloads"], {"burst": {"instructions": 1}, **SHARED, "single": {"instructions": 3}})
        self.assertEqual(written["conditions"], {"valgrind": "3.19.0"})


if __name__ == "__main__":
    unittest.main()
