# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

import unittest

from measure import Measurement, figures, not_slow
from scenarios import SCENARIOS, Scenario


def scenario(name: str) -> Scenario:
    return next(each for each in SCENARIOS if each.name == name)


class SlowConsumerTests(unittest.TestCase):
    def test_the_slow_ones_are_all_that_differs(self):
        alone, beside = scenario("slow-consumer/alone"), scenario("slow-consumer/beside")
        self.assertEqual(beside.options[:len(alone.options)], alone.options)
        self.assertTrue({option for option in beside.options[len(alone.options):] if option.startswith("--")} <= {"--slow", "--slow-rate"})
        for name in ("mode", "seconds", "connections", "size", "backend", "peers", "pinned", "every", "limits"):
            self.assertEqual(getattr(alone, name), getattr(beside, name), name)

    def test_what_each_of_them_read_in_a_second(self):
        result = Measurement(generator={"slow": 5, "slow_bytes": 5 * 3 * 1024, "duration_s": 1.5})
        self.assertEqual(figures(scenario("slow-consumer/beside"), result)["slow_kib_per_s"], 2)
        self.assertNotIn("slow_kib_per_s", figures(scenario("slow-consumer/alone"), Measurement(generator={"duration_s": 1.5})))

    def test_one_that_had_read_all_was_not_slow(self):
        self.assertEqual(not_slow({"slow": 5, "slow_alive": 5, "slow_waiting": 3}), "2 of 5 slow connections had nothing left to read")
        self.assertIsNone(not_slow({"slow": 5, "slow_alive": 5, "slow_waiting": 5}))
        self.assertIsNone(not_slow({}))


if __name__ == "__main__":
    unittest.main()
