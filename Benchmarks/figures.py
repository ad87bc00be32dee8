# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What is made of the figures of several repetitions."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

RESAMPLES = 4000


@dataclass(frozen=True)
class Summary:
    """A median, between the smallest and the largest value seen."""

    median: float
    low: float
    high: float
    count: int


def summary(values: Sequence[float]) -> Summary | None:
    """None when there are no values."""
    return Summary(median(values), min(values), max(values), len(values)) if values else None


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """A bootstrap interval for the median (percentile method): no shape is assumed, which matters for latencies.

    The seed is fixed, so that the same file always gives the same verdict. Needs at least one value."""
    chance = random.Random(len(values))
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = (1 - level) / 2
    return medians[int(tail * RESAMPLES)], medians[int((1 - tail) * RESAMPLES) - 1]


def merged(histograms: Sequence[Sequence[tuple[int, int]]], digits: int = 2) -> list[list[int]]:
    """One histogram of several, as [value, count] in ascending order, with values cut to so many significant digits: what
    is worth keeping of some thousand buckets."""
    counts: dict[int, int] = {}
    for histogram in histograms:
        for value, count in histogram:
            step = 10 ** max(0, math.floor(math.log10(value)) + 1 - digits) if value > 0 else 1
            counts[value // step * step] = counts.get(value // step * step, 0) + count
    return [[value, counts[value]] for value in sorted(counts)]
