# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

import random
import unittest

from figures import interval, merged, summary


class SummaryTests(unittest.TestCase):
    def test_median_between_extremes(self):
        found = summary([5, 1, 3, 100])
        self.assertEqual((found.median, found.low, found.high, found.count), (4, 1, 100, 4))

    def test_nothing_has_no_summary(self):
        self.assertIsNone(summary([]))


class IntervalTests(unittest.TestCase):
    def test_one_value_is_its_own_interval(self):
        self.assertEqual(interval([7.0]), (7.0, 7.0))

    def test_equal_values_leave_no_doubt(self):
        self.assertEqual(interval([2.0] * 10), (2.0, 2.0))

    def test_the_same_values_give_the_same_interval(self):
        values = [random.Random(1).gauss(10, 1) for _ in range(10)]
        self.assertEqual(interval(values), interval(values))

    def test_one_wild_value_of_ten_hardly_moves_it(self):
        low, high = interval([10, 10.1, 9.9, 10.2, 9.8, 10, 10.1, 9.9, 10, 1000])
        self.assertLess(high, 11)
        self.assertGreater(low, 9)

    def test_covers_the_true_median_about_as_often_as_it_says(self):
        chance = random.Random(4)
        hits = 0
        for _ in range(200):
            low, high = interval([chance.gauss(0, 1) for _ in range(10)])
            hits += low <= 0 <= high
        self.assertGreater(hits, 175)

    def test_is_narrower_with_more_values(self):
        chance = random.Random(5)
        few, many = ([chance.gauss(0, 1) for _ in range(count)] for count in (10, 200))
        self.assertLess(interval(many)[1] - interval(many)[0], interval(few)[1] - interval(few)[0])


class HistogramTests(unittest.TestCase):
    def test_equal_values_come_together_with_two_digits_left(self):
        self.assertEqual(merged([[[0, 1], [9, 1], [12_345, 2]], [[12_399, 3], [99_999, 1]]]), [[0, 1], [9, 1], [12_000, 5], [99_000, 1]])

    def test_nothing_is_lost(self):
        chance = random.Random(3)
        histogram = [[chance.randrange(1, 10**9), chance.randrange(1, 100)] for _ in range(500)]
        self.assertEqual(sum(count for _, count in merged([histogram, histogram])), 2 * sum(count for _, count in histogram))


if __name__ == "__main__":
    unittest.main()
