# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

import unittest

from goals import GOALS, MET, NOT_MEASURED, NOT_MET, REACHED, TOO_FEW, Goal, judge
from scenarios import BRIDGE, NIO_BRIDGE, PIPE, SCENARIOS, STATIC, WEBSOCAT, WS_BRIDGE, WS_ECHO

RATE_TO_WEBSOCAT = GOALS[0]


def goal(beginning: str) -> Goal:
    (found,) = (each for each in GOALS if each.name.startswith(beginning))
    return found


def record(repetition: int, scenario: str, peer: str, fault: str | None = None, **figures: float) -> dict:
    return {"repetition": repetition, "scenario": scenario, "peer": peer, "fault": fault, "figures": figures}


def rates(bridge: list[float], websocat: list[float]) -> list[dict]:
    """One repetition for each pair."""
    return [record(place, "64-in-flight", peer, rate=rate)
            for place, pair in enumerate(zip(bridge, websocat)) for peer, rate in zip((BRIDGE, WEBSOCAT), pair)]


class VerdictTests(unittest.TestCase):
    def test_met_when_the_whole_interval_reaches_it(self):
        verdict = judge(RATE_TO_WEBSOCAT, rates([210.0] * 10, [100.0] * 10))
        self.assertEqual((verdict.verdict, verdict.median, verdict.runs), (MET, 2.1, 10))

    def test_not_met_when_no_part_of_the_interval_does(self):
        self.assertEqual(judge(RATE_TO_WEBSOCAT, rates([190.0] * 10, [100.0] * 10)).verdict, NOT_MET)

    def test_just_met_when_a_part_does(self):
        verdict = judge(RATE_TO_WEBSOCAT, rates([180.0, 220.0] * 5, [100.0] * 10))
        self.assertEqual((verdict.verdict, verdict.low, verdict.high), (REACHED, 1.8, 2.2))

    def test_nine_runs_are_too_few_for_a_rate(self):
        verdict = judge(RATE_TO_WEBSOCAT, rates([500.0] * 9, [100.0] * 9))
        self.assertEqual((verdict.verdict, verdict.leaning), (TOO_FEW, MET))

    def test_three_runs_are_enough_for_a_size(self):
        runs = [record(place, "idle-memory", BRIDGE, kib_per_connection=9.0) for place in range(3)]
        self.assertEqual(judge(goal("idle connection with a child: memory"), runs).verdict, MET)

    def test_ratios_are_those_within_a_repetition(self):
        # The machine slows down threefold in the middle, for both alike.
        verdict = judge(RATE_TO_WEBSOCAT, rates([210.0] * 5 + [70.0] * 5, [100.0] * 5 + [100 / 3] * 5))
        self.assertEqual((verdict.low, verdict.high), (2.1, 2.1))

    def test_at_most_and_below(self):
        self.assertTrue(goal("start: time").holds(20))
        self.assertFalse(goal("1 in flight: p99").holds(1))
        self.assertTrue(goal("1 in flight: p99").holds(0.99))

    def test_not_measured_without_what_it_is_compared_to(self):
        runs = [each for each in rates([1.0] * 10, [1.0] * 10) if each["peer"] == BRIDGE]
        self.assertEqual(judge(RATE_TO_WEBSOCAT, runs).verdict, NOT_MEASURED)

    def test_the_bridges_without_checks_stand_in_for_the_bridge(self):
        runs = rates([210.0] * 10, [100.0] * 10)
        runs += [record(place, "64-in-flight", WS_BRIDGE, rate=300.0) for place in range(10)]
        self.assertEqual((judge(RATE_TO_WEBSOCAT, runs).floor, judge(RATE_TO_WEBSOCAT, runs).nio_floor), (3.0, None))
        runs += [record(place, "64-in-flight", NIO_BRIDGE, rate=250.0) for place in range(10)]
        verdict = judge(RATE_TO_WEBSOCAT, runs)
        self.assertEqual((verdict.floor, verdict.nio_floor), (3.0, 2.5))
        self.assertEqual((verdict.as_json()["floor_bridge"], verdict.as_json()["floor_nio_bridge"]), (3.0, 2.5))


class FaultTests(unittest.TestCase):
    def test_a_faulty_run_has_no_say(self):
        runs = rates([210.0] * 10, [100.0] * 10)
        runs[0]["fault"] = "1 lost"
        self.assertEqual(judge(RATE_TO_WEBSOCAT, runs).runs, 9)

    def test_except_where_faults_are_counted(self):
        runs = [record(place, "storm", BRIDGE, fault="3 refused" if place == 1 else None, not_served=3.0 * (place == 1)) for place in range(4)]
        verdict = judge(goal("storm"), runs)
        self.assertEqual((verdict.runs, verdict.high), (4, 3.0))
        self.assertNotEqual(verdict.verdict, MET)


class ValueTests(unittest.TestCase):
    def test_latency_is_compared_to_pipe_and_echo_together(self):
        runs = [record(0, "one-in-flight", peer, p50_us=p50) for peer, p50 in ((BRIDGE, 27.0), (PIPE, 7.0), (WS_ECHO, 17.0))]
        self.assertEqual(judge(goal("1 in flight: p50"), runs).median, 1.125)

    def test_start_is_that_of_the_static_executable_if_there_is_one(self):
        runs = [record(0, "start", BRIDGE, rss_mib=30.0, accept_ms=30.0), record(0, "start", STATIC, rss_mib=15.0, accept_ms=10.0)]
        verdict = judge(goal("start: resident"), runs)
        self.assertEqual((verdict.median, verdict.floor), (15.0, None))
        self.assertEqual(judge(goal("start: resident"), runs[:1]).median, 30.0)

    def test_slow_consumers_are_compared_to_none(self):
        runs = [record(0, "slow-consumer/alone", BRIDGE, p99_us=100.0), record(0, "slow-consumer/beside", BRIDGE, p99_us=140.0)]
        self.assertEqual(judge(goal("slow consumers"), runs).median, 1.4)
        runs += [each | {"peer": WS_BRIDGE, "figures": {"p99_us": 50.0}} for each in runs]
        self.assertEqual(judge(goal("slow consumers"), runs).floor, 1.0)

    def test_the_onset_of_slow_consumers_has_no_say(self):
        runs = [record(0, "slow-consumer/alone", BRIDGE, p99_us=100.0), record(0, "slow-consumer/onset", BRIDGE, p99_us=140.0)]
        self.assertEqual(judge(goal("slow consumers"), runs).verdict, NOT_MEASURED)

    def test_every_goal_reads_what_some_scenario_measures(self):
        measured = {(scenario.name, peer, figure.name) for scenario in SCENARIOS for peer in scenario.peers for figure in scenario.figures}
        for each in GOALS:

            def value(*asked: str) -> float:
                self.assertIn(asked, measured, each.name)
                return 1.0

            each.value(value)


if __name__ == "__main__":
    unittest.main()
