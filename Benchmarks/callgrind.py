# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What callgrind wrote down about one run: the cost of each function by itself, and who called whom how often."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

# The functions of the C library that hand out heap memory. Everything else that allocates, Swift's objects and C++'s
# `new` included, comes here for it.
ALLOCATORS = frozenset({
    "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "reallocarray", "valloc",
})
# What counts as taking or giving back a reference. The names that end in `_n` do several at once and count once.
RETAINS = frozenset({
    "swift_retain", "swift_retain_n", "swift_nonatomic_retain", "swift_nonatomic_retain_n", "swift_tryRetain",
})
RELEASES = frozenset({"swift_release", "swift_release_n", "swift_nonatomic_release", "swift_nonatomic_release_n"})

# "fn=(12) name", or "fn=(12)" once the name is known; "cfn=" is the function that is called.
_FUNCTION = re.compile(r"(c?)fn=(?:\((\d+)\))?(?: ?(.+))?$")
# Callgrind tells the levels of a recursion apart, "name'2"; here they are one function.
_LEVEL = re.compile(r"'\d+$")
_COST = re.compile(r"[-+*0-9]")


class MalformedProfile(ValueError):
    """The text is not what callgrind writes."""


@dataclass
class Profile:
    """Counts of one run, summed over all threads."""

    # Instructions and system calls by function, without those of the functions that it called.
    instructions: Counter[str] = field(default_factory=Counter)
    system_calls: Counter[str] = field(default_factory=Counter)
    # How often the first function called the second.
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def calls_to(self, functions: Iterable[str], not_from: Iterable[str] = ()) -> int:
        """Calls to any of the functions, without those that come from a function of `not_from`."""
        wanted, unwanted = frozenset(functions), frozenset(not_from)
        return sum(
            count for (caller, callee), count in self.calls.items() if callee in wanted and caller not in unwanted
        )

    def allocations(self) -> int:
        """Pieces of heap memory asked for. An allocator that leaves the work to another one counts once."""
        return self.calls_to(ALLOCATORS, not_from=ALLOCATORS)

    def retains(self) -> int:
        return self.calls_to(RETAINS, not_from=RETAINS)

    def releases(self) -> int:
        return self.calls_to(RELEASES, not_from=RELEASES)

    def callers_of(self, functions: Iterable[str]) -> Counter[str]:
        """Who calls these functions, and how often."""
        wanted = frozenset(functions)
        callers: Counter[str] = Counter()
        for (caller, callee), count in self.calls.items():
            if callee in wanted:
                callers[caller] += count
        return callers


def parse(lines: Iterable[str]) -> Profile:
    """Reads the format of callgrind's output file, without line or instruction positions but with any events.

    Raises MalformedProfile where the text makes no sense.
    """
    profile = Profile()
    names: dict[str, str] = {}
    events: list[str] = []
    positions = 1
    function = callee = None
    # The line after "calls=" says what the call cost in all: the callee says so itself, so that it is passed over.
    inclusive = False
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\n")
        if not line:
            continue
        try:
            if _COST.match(line):
                if inclusive:
                    inclusive = False
                    continue
                if function is None:
                    raise MalformedProfile("a cost before the first function")
                # Zeros at the end are left out.
                costs = dict(zip(events, (int(cost) for cost in line.split()[positions:])))
                profile.instructions[function] += costs.get("Ir", 0)
                if costs.get("sysCount"):
                    profile.system_calls[function] += costs["sysCount"]
            elif found := _FUNCTION.match(line):
                called, key, name = found.groups()
                if key is None:
                    named = name
                elif name is not None:
                    named = names[key] = name
                else:
                    named = names[key]
                named = _LEVEL.sub("", named or "")
                if called:
                    callee = named
                else:
                    function, callee = named, None
            elif line.startswith("calls="):
                if function is None or callee is None:
                    raise MalformedProfile("a call without its two functions")
                profile.calls[function, callee] += int(line[6:].split()[0])
                inclusive = True
            elif line.startswith("events:"):
                events = line[7:].split()
            elif line.startswith("positions:"):
                positions = len(line[10:].split())
        except (KeyError, ValueError, IndexError) as error:
            raise MalformedProfile(f"line {number}: {line[:80]!r}: {error}") from error
    if "Ir" not in events:
        raise MalformedProfile("the profile counts no instructions")
    return profile
