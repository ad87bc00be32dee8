# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

import json
import unittest

import bench
import peers
import report
from scenarios import BRIDGE, NIO_BRIDGE, SCENARIOS, WEBSOCAT, WEBSOCKETD, WS_BRIDGE, WS_ECHO, Figure, Scenario, selected

SCENARIO = next(each for each in SCENARIOS if each.name == "64-in-flight")


def record(peer: str, repetition: int = 0, fault: str | None = None, **figures: float) -> dict:
    return {"repetition": repetition, "scenario": SCENARIO.name, "peer": peer, "fault": fault, "figures": figures}


def document(records: list[dict]) -> dict:
    return {
        "format": bench.FORMAT, "date": "2026-01-02T03:04:05+00:00", "commit": "abc", "command": "make bench",
        "machine": {"cpu": "some", "cores": 2, "memory_mib": 4096, "kernel": "6.1"},
        "peers": {name: {"about": "", "version": "", "is_bridge": name != WS_ECHO} for name in (BRIDGE, WS_ECHO, WEBSOCAT)},
        "runs": records,
    }


RUNS = [
    record(BRIDGE, 0, rate=200_000.0, p50_us=80.0), record(WEBSOCAT, 0, rate=100_000.0, p50_us=160.0), record(WS_ECHO, 0, rate=400_000.0, p50_us=40.0),
    record(BRIDGE, 1, rate=240_000.0, p50_us=70.0), record(WEBSOCAT, 1, rate=100_000.0, p50_us=160.0), record(WS_ECHO, 1, rate=400_000.0, p50_us=40.0),
]


class TableTests(unittest.TestCase):
    def test_medians_ranges_and_ratios(self):
        table = report.scenario_table(RUNS, SCENARIO, {BRIDGE, WEBSOCAT})
        self.assertIn("220,000 (200,000–240,000)", table)
        self.assertIn("2.20 ×", table)

    def test_a_ratio_above_one_means_that_the_bridge_is_better(self):
        self.assertEqual(report.ratio(RUNS[:3], SCENARIO, WEBSOCAT, Figure("rate", "", smaller_is_better=False)), 2)
        self.assertEqual(report.ratio(RUNS[:3], SCENARIO, WEBSOCAT, Figure("p50_us", "")), 2)

    def test_faulty_runs_are_shown_and_do_not_count(self):
        table = report.scenario_table([*RUNS, record(WEBSOCAT, 2, "3 lost: stalled", rate=1.0)], SCENARIO, {BRIDGE, WEBSOCAT})
        self.assertIn("FAULT: websocat, repetition 3: 3 lost: stalled", table)
        self.assertIn("100,000 (100,000–100,000)", table)

    def test_the_generator_is_proved_at_the_echo_without_a_child(self):
        self.assertTrue(report.proof(RUNS, SCENARIO, {BRIDGE, WEBSOCAT}).startswith("generator: "))
        slow = [each | {"figures": {"rate": 230_000.0}} if each["peer"] == WS_ECHO else each for each in RUNS]
        self.assertTrue(report.proof(slow, SCENARIO, {BRIDGE, WEBSOCAT}).startswith("WARNING"))

    def test_a_busy_generator_is_warned_of(self):
        busy = [record(BRIDGE, rate=1.0, generator_cores=0.97)]
        self.assertIn("0.97 of a core", report.proof(busy, SCENARIO, {BRIDGE}))

    def test_both_forms_take_a_stored_run(self):
        stored = json.loads(bench.written(document(RUNS)))
        self.assertEqual(stored["runs"], RUNS)
        self.assertIn("220,000 (200,000–240,000)", report.text(stored))
        self.assertIn("| 1 connection × 64 in flight, 200 B | requests/s | 220,000 (200,000–240,000) |", report.markdown(stored))


class FloorTests(unittest.TestCase):
    def test_goals_show_both_bridges_without_checks(self):
        runs = [*RUNS, record(WS_BRIDGE, 0, rate=300_000.0), record(NIO_BRIDGE, 0, rate=250_000.0)]
        (line,) = [line for line in report.text(document(runs)).splitlines() if line.startswith("64 in flight: rate, × websocat's")]
        self.assertEqual(line.split()[-2:], ["3", "2.5"])
        self.assertIn("| too few runs | 3 | 2.5 |", report.markdown(document(runs)).replace("**", ""))


class TakesPartTests(unittest.TestCase):
    def test_the_floor_on_nio_where_a_goal_asks_for_it(self):
        nio = peers.Peer(NIO_BRIDGE, "", None)
        self.assertEqual([each.name for each in SCENARIOS if peers.takes_part(nio, each)],
                         ["one-in-flight", "64-in-flight", "50x8", "1MiB", "idle-memory"])

    def test_one_that_was_added_wherever_all_the_others_do(self):
        mine = peers.added("mine=ws://127.0.0.1:{port}/=mine")
        names = [each.name for each in SCENARIOS if peers.takes_part(mine, each)]
        self.assertEqual(names, ["one-in-flight", "64-in-flight", "50x8", "open-loop", "10KiB", "64KiB", "1MiB", "churn"])

    def test_who_is_absent(self):
        field = [peers.Peer(name, "", None) for name in (BRIDGE, WEBSOCKETD)]
        self.assertEqual(peers.absent(field), {NIO_BRIDGE: "make bench", WEBSOCAT: "make bench-peers"})


class SelectionTests(unittest.TestCase):
    def test_by_name_and_by_what_stands_before_the_slash(self):
        self.assertEqual([each.name for each in selected(["slow-consumer", "64-in-flight"])],
                         ["64-in-flight", "slow-consumer/alone", "slow-consumer/onset", "slow-consumer/beside"])
        self.assertEqual(len(selected([])), len(SCENARIOS))
        with self.assertRaises(KeyError):
            selected(["nothing"])

    def test_names_are_unique(self):
        names = [each.name for each in SCENARIOS]
        self.assertEqual(len(names), len(set(names)))

    def test_who_begins_changes(self):
        field: list[Scenario] = list(SCENARIOS[:3])
        self.assertEqual(bench.rotated(field, 4), [field[1], field[2], field[0]])


if __name__ == "__main__":
    unittest.main()
