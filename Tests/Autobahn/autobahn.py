# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""autobahn.py WSTEST [CASE...]: drives the suite's fuzzing client against a bridge that it starts, and judges the report.

The bridge serves `cat` as raw lines, so each text message comes back. Left out are the binary cases (1.2, 9.2, 9.4, 9.6,
9.8: the bridge refuses binary by design, R14) and compression (12, 13: declined, R20)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

from bridge import Bridge, configuration  # noqa: E402

CASES = ["1.1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.*", "9.3.*", "9.5.*", "9.7.*", "10.*"]
APPLICABLE = 266
TIMEOUT = 600.0

BEFORE_THE_ECHO = "the fault arrives while the echo is still on its way through the child, and ends the connection first"

# Cases that may be judged NON-STRICT, with the reason. Whether the echo wins is a matter of timing, so each of these may
# come out as OK too; any other NON-STRICT is a failure.
NON_STRICT = dict.fromkeys(
    ["3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15"],
    BEFORE_THE_ECHO,
)

GROUPS = {
    "1": "framing", "2": "pings and pongs", "3": "reserved bits", "4": "opcodes", "5": "fragmentation",
    "6": "UTF-8", "7": "closing", "9": "limits", "10": "miscellaneous",
}


def run(wstest: str, cases: list[str], directory: Path) -> dict[str, dict]:
    """Runs the suite and returns its verdicts by case."""
    limits = {
        "max_message": "20MiB",
        "max_line": "20MiB",
        "max_fragments": 100_000,
        # The suite opens more connections a second than the default allows.
        "spawn_rate": 10_000,
        "queue": "4MiB",
    }
    daemon = Bridge(directory, configuration({"raw": {"command": ["cat"], "protocol": "lines"}}, limits=limits))
    try:
        spec = directory / "spec.json"
        spec.write_text(json.dumps({
            "outdir": str(directory / "report"),
            "servers": [{"agent": "bridge", "url": daemon.url("raw")}],
            "cases": cases,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }))
        with (directory / "wstest.log").open("w") as log:
            command = [wstest, "-m", "fuzzingclient", "-s", str(spec)]
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=TIMEOUT).returncode
        if status != 0:
            raise RuntimeError(f"wstest: exit {status}\n" + (directory / "wstest.log").read_text()[-4000:])
        daemon.stop()
    except BaseException:
        print(daemon.log(20))
        daemon.kill()
        raise
    return json.loads((directory / "report" / "index.json").read_text())["bridge"]


def natural(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]


def judge(verdicts: dict[str, dict], whole: bool) -> int:
    """Prints the table and returns the exit status."""
    failed: dict[str, str] = {}
    lenient: dict[str, str] = {}
    counts: dict[str, Counter] = {}
    for case in sorted(verdicts, key=natural):
        behaviour, close = verdicts[case]["behavior"], verdicts[case]["behaviorClose"]
        counts.setdefault(case.split(".")[0], Counter())[behaviour] += 1
        if close not in ("OK", "INFORMATIONAL"):
            failed[case] = f"{behaviour}, closing {close}"
        elif behaviour == "NON-STRICT" and case in NON_STRICT:
            lenient[case] = NON_STRICT[case]
        elif behaviour not in ("OK", "INFORMATIONAL"):
            failed[case] = behaviour
    print(f"{'group':22}{'OK':>6}{'informational':>16}{'non-strict':>12}{'failed':>8}")
    for group, count in counts.items():
        bad = sum(1 for case in failed if case.split(".")[0] == group)
        name = f"{group} {GROUPS.get(group, '')}"
        print(f"{name:22}{count['OK']:>6}{count['INFORMATIONAL']:>16}{count['NON-STRICT']:>12}{bad:>8}")
    for case, reason in lenient.items():
        print(f"non-strict {case}: {reason}")
    for case, reason in failed.items():
        print(f"FAILED {case}: {reason}")
    if whole and len(verdicts) != APPLICABLE:
        print(f"FAILED: {len(verdicts)} cases were run, not {APPLICABLE}")
        failed["count"] = ""
    print(f"Autobahn: {len(verdicts) - len(failed.keys() & verdicts.keys())} passed, {len(failed)} failed")
    return 1 if failed else 0


def main() -> int:
    wstest, *cases = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="autobahn-") as directory:
        return judge(run(wstest, cases or CASES, Path(directory)), whole=not cases)


if __name__ == "__main__":
    sys.exit(main())
