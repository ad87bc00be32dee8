# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""Tables of a run, for the terminal and for the README. Both are made of the stored file's contents alone."""

from __future__ import annotations

from statistics import median

from figures import Summary, summary
from goals import MET, NOT_MEASURED, REACHED, Verdict, judge_all
from scenarios import BRIDGE, CPU, P50, P99, PIPE, RSS, SCENARIOS, SETUP_P99, STATIC, WS_ECHO, Figure, Scenario

# The echo without a child must be this much faster than the fastest bridge: then the generator was not what limited them.
PROOF = 1.3
# What the README shows besides what the peers are compared by.
IN_README = (P99, CPU, SETUP_P99, RSS)
# A generator that takes more of a core than this has nothing left to give.
BUSY_GENERATOR = 0.9


def number(value: float, digits: int = 0) -> str:
    """With thousands set apart, and no more digits than mean something."""
    return f"{value:,.{digits}f}" if value < 100 and digits else f"{value:,.0f}"


def _of(records: list[dict], scenario: Scenario, peer: str) -> list[dict]:
    return [each for each in records if each["scenario"] == scenario.name and each["peer"] == peer]


def _sound(records: list[dict], scenario: Scenario, peer: str) -> dict[int, dict[str, float]]:
    """The figures by repetition, without those of faulty runs."""
    return {each["repetition"]: each["figures"] for each in _of(records, scenario, peer) if not each.get("fault")}


def _summary(records: list[dict], scenario: Scenario, peer: str, name: str) -> Summary | None:
    return summary([each[name] for each in _sound(records, scenario, peer).values() if name in each])


def _peers(records: list[dict], scenario: Scenario) -> list[str]:
    """Those that were measured, in their order."""
    return list(dict.fromkeys(each["peer"] for each in records if each["scenario"] == scenario.name))


def ratio(records: list[dict], scenario: Scenario, peer: str, figure: Figure) -> float | None:
    """How many times better the bridge is than another: the median of the ratios within each repetition."""
    ours, theirs = _sound(records, scenario, BRIDGE), _sound(records, scenario, peer)
    both = [(ours[each][figure.name], theirs[each][figure.name]) for each in ours.keys() & theirs.keys()
            if ours[each].get(figure.name) and theirs[each].get(figure.name)]
    if not both:
        return None
    return median([their / our if figure.smaller_is_better else our / their for our, their in both])


def _cell(figure: Figure, found: Summary | None, with_range: bool) -> str:
    if not found:
        return "–"
    text = number(found.median, figure.digits)
    if with_range and found.count > 1:
        text += f" ({number(found.low, figure.digits)}–{number(found.high, figure.digits)})"
    return text


def _aligned(rows: list[list[str]]) -> str:
    """Columns under each other, the first to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    )


def proof(records: list[dict], scenario: Scenario, bridges: set[str]) -> str:
    """Whether the generator was fast enough for this scenario: seen at the echo without a child, and at its own CPU time."""
    if scenario.mode in ("start", "idle"):
        return ""
    # At a given rate, the tail says more about the machine than about the generator.
    figure = P50 if "--rate" in scenario.options else scenario.figures[0]
    lines = []
    alone = _summary(records, scenario, WS_ECHO, figure.name)
    through = {peer: found for peer in _peers(records, scenario) if peer in bridges and (found := _summary(records, scenario, peer, figure.name))}
    if alone and through:
        best = min if figure.smaller_is_better else max
        name = best(through, key=lambda peer: through[peer].median)
        times = through[name].median / alone.median if figure.smaller_is_better else alone.median / through[name].median
        said = f"{figure.title}: {number(alone.median)} at the echo without a child, {number(through[name].median)} at best behind it ({name}): {times:.2f} ×"
        lines.append(f"generator: {said}" if times >= PROOF else f"WARNING: the generator may have been the bottleneck; {said}")
    # On one CPU, or at a given rate, its share says nothing.
    if not scenario.pinned and "--rate" not in scenario.options:
        for peer in _peers(records, scenario):
            cores = _summary(records, scenario, peer, "generator_cores")
            if cores and cores.median > BUSY_GENERATOR and peer not in (PIPE, WS_ECHO):
                lines.append(f"WARNING: against {peer} the generator took {cores.median:.2f} of a core and may have been the bottleneck")
    return "\n".join(lines)


def scenario_table(records: list[dict], scenario: Scenario, bridges: set[str]) -> str:
    """One scenario for the terminal: who, by figures; empty when it was not measured."""
    peers = _peers(records, scenario)
    if not peers:
        return ""
    rows = [["", *(figure.title for figure in scenario.figures), "bridge better by", "runs", "faulty"]]
    for peer in peers:
        times = None if peer == BRIDGE else ratio(records, scenario, peer, scenario.figures[0])
        runs, faulty = _of(records, scenario, peer), [each for each in _of(records, scenario, peer) if each.get("fault")]
        # What was not served is counted in faulty runs, too.
        cells = [_cell(figure, _summary(records, scenario, peer, figure.name), True) for figure in scenario.figures]
        rows.append([peer, *cells, f"{times:.2f} ×" if times else "", str(len(runs)), str(len(faulty)) if faulty else ""])
    parts = [f"{scenario.name}: {scenario.title}", _aligned(rows)]
    if text := proof(records, scenario, bridges):
        parts.append(text)
    for each in records:
        if each["scenario"] == scenario.name and each.get("fault"):
            parts.append(f"FAULT: {each['peer']}, repetition {each['repetition'] + 1}: {each['fault']}")
    return "\n".join(parts)


def _value(verdict: Verdict, value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}{verdict.goal.unit}"


def _interval(verdict: Verdict) -> str:
    return "" if verdict.low is None or verdict.high is None else f"{verdict.low:.3g} to {verdict.high:.3g}"


def _floors(verdict: Verdict) -> list[str]:
    """What the bridges without checks reach: in C, on SwiftNIO."""
    return [_value(verdict, verdict.floor), _value(verdict, verdict.nio_floor)]


def goals_table(verdicts: list[Verdict]) -> str:
    rows = [["goal", "bound", "median", "95 % interval", "runs", "verdict", "without checks: in C", "on SwiftNIO"]]
    for each in verdicts:
        if each.verdict == NOT_MEASURED:
            continue
        said = each.verdict + (f" (so far: {each.leaning})" if each.leaning else "")
        rows.append([each.goal.name, each.goal.text(), _value(each, each.median), _interval(each), str(each.runs), said, *_floors(each)])
    absent = [each.goal.name for each in verdicts if each.verdict == NOT_MEASURED]
    return _aligned(rows) + ("\nnot measured: " + "; ".join(absent) if absent else "")


def text(document: dict) -> str:
    """Everything, for the terminal."""
    records, bridges = document["runs"], {name for name, peer in document["peers"].items() if peer["is_bridge"]}
    tables = [table for scenario in SCENARIOS if (table := scenario_table(records, scenario, bridges))]
    return "\n\n".join([*tables, goals_table(judge_all(records))])


def _markdown(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def _readme_rows(records: list[dict], scenario: Scenario, peers: list[str]) -> list[list[str]]:
    """What the peers are compared by, with ranges and ratios, and below it tail and CPU time."""
    rows = []
    # The static executable has no column for its one row.
    static = scenario.name == "start" and STATIC in _peers(records, scenario)
    title = scenario.title + (", static executable" if static else "")
    for place, figure in enumerate(scenario.figures):
        if place > 0 and figure not in IN_README:
            continue
        row = [title if place == 0 else "", figure.title]
        for peer in peers:
            found = _summary(records, scenario, STATIC if static and peer == BRIDGE else peer, figure.name)
            times = ratio(records, scenario, peer, figure) if place == 0 and peer != BRIDGE and not static else None
            row.append((_cell(figure, found, place == 0) + (f", {times:.2g} ×" if times else "")) if found else "")
        rows.append(row)
    return rows


def markdown(document: dict) -> str:
    """The README's tables of a stored file."""
    records, machine = document["runs"], document["machine"]
    peers = [name for name in document["peers"] if name != STATIC and any(each["peer"] == name for each in records)]
    rows = [["", "", *peers]]
    for scenario in SCENARIOS:
        if _peers(records, scenario):
            rows += _readme_rows(records, scenario, peers)
    verdicts = judge_all(records)
    goals = [["goal", "", "median", "95 % interval", "runs", "", "the same in C, without checks", "the same on SwiftNIO, without checks"]]
    for each in verdicts:
        said = each.verdict if each.verdict in (MET, REACHED) else f"**{each.verdict}**"
        goals.append([each.goal.name, each.goal.text(), _value(each, each.median), _interval(each), str(each.runs), said, *_floors(each)])
    versions = ", ".join(f"{name} {peer['version'].removeprefix(name).strip()}" for name, peer in document["peers"].items() if peer["version"] and name != STATIC)
    where = f"{machine['cpu']}, {machine['cores']} cores{' (virtual)' if machine.get('virtual') else ''}, {machine['memory_mib'] / 1024:.0f} GiB, Linux {machine['kernel']}"
    caption = f"`{document['command']}` on {document['date'][:10]}, commit {document['commit']}: {where}. {versions}."
    legend = f"Medians (smallest–largest), and how many times better {BRIDGE} is: the median of the ratios within each repetition."
    return "\n\n".join([caption, legend, _markdown(rows), _markdown(goals)])
