"""Why was it cold? Seeded cold starts of known reason, from log lines to the reason that the report gives.

60 functions, the same in each run, each with three of six scenarios (``tests/bench/_cold_scenarios.py``): deployments,
scale-out, idle times, replaced environments, crashes and time-outs, failed INITs; seven in ten with the extension's
records, the others with REPORT lines alone. The first environments of a scenario have no reason that a log can tell, and
are left out.

Prints JSON on its last line: total, right, and share.
"""

from __future__ import annotations

import json
from collections import Counter

from ops.insight.invocation_table import build_table
from ops.insight.rules.cold_starts import reasons
from tests.bench._cold_scenarios import seeded

FUNCTIONS = 60


def main() -> None:
    total, right, wrong = 0, 0, Counter[tuple[str, str]]()
    by_reason: Counter[str] = Counter()
    for seed in range(FUNCTIONS):
        function = seeded(seed)
        found = reasons.explain(build_table([function.rows]).rows, function.changes)
        known = {one.invocation.request_id: one.reason.value for one in found}
        for request_id, reason in function.truth.items():
            if reason == "first":
                continue
            total += 1
            by_reason[reason] += 1
            if known.get(request_id) == reason:
                right += 1
            else:
                wrong[reason, known.get(request_id, "not cold")] += 1
    for reason, count in sorted(by_reason.items()):
        print(f"{reason}: {count}")
    for (reason, said), count in wrong.most_common():
        print(f"wrong: {reason} taken for {said}: {count}")
    print(json.dumps({"total": total, "right": right, "share": round(right / total, 4)}))


if __name__ == "__main__":
    main()
