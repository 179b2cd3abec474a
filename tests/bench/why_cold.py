"""Why was it cold? Seeded cold starts of known reason, from log lines to the reason that the report gives.

60 functions, the same in each run, each with three of six scenarios (``tests/bench/_cold_scenarios.py``): deployments,
scale-out, idle times, replaced environments, crashes and timeouts, failed INITs; a third with the extension's
records, the others with REPORT lines or JSON reports alone. The first environments of a scenario have no reason that a log can tell, and
are left out.

With ``--twin``, about seventy more are brought about on a twin of its own (``tests/bench/_twin_cold_starts.py``; four
minutes), in functions with the extension and without.

Prints JSON on its last line: total, right, and share; with ``--twin`` also twin_total and twin_right, which are in them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator

from ops.insight.invocation_table import build_table
from ops.insight.rules.cold_starts import reasons
from tests.bench import _twin_cold_starts
from tests.bench._cold_scenarios import seeded

FUNCTIONS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", action="store_true", help="bring cold starts about on a twin, too")
    on_twin = list(_twin_cold_starts.measure()) if parser.parse_args().twin else []
    pairs = [*replayed(), *on_twin]
    for reason, count in sorted(Counter(reason for reason, _ in pairs).items()):
        print(f"{reason}: {count}, {sum(reason == one for one, _ in on_twin)} of them on a twin")
    for (reason, said), count in Counter(pair for pair in pairs if pair[0] != pair[1]).most_common():
        print(f"wrong: {reason} taken for {said}: {count}")
    right = rightly(pairs)
    figures = {"total": len(pairs), "right": right, "share": round(right / len(pairs), 4)}
    if on_twin:
        figures |= {"twin_total": len(on_twin), "twin_right": rightly(on_twin)}
    print(json.dumps(figures))


def rightly(pairs: list[tuple[str, str]]) -> int:
    return sum(reason == said for reason, said in pairs)


def replayed() -> Iterator[tuple[str, str]]:
    """Of each cold start in the replayed logs: its reason, and the one that is found."""
    for seed in range(FUNCTIONS):
        function = seeded(seed)
        found = reasons.explain(build_table([function.rows]).rows, function.changes)
        known = {start.invocation.request_id: start.reason.value for start in found}
        for request_id, reason in function.truth.items():
            if reason != "first":
                yield reason, known.get(request_id, "not cold")


if __name__ == "__main__":
    main()
