"""The doctor's rules, each over a workload that breaks it and one that just does not, and over templates of many shapes.

``.venv/bin/python -m tests.bench.doctor`` prints one JSON object on its last line:

- ``rules``: how many there are;
- ``found``: those that find the workload that breaks them;
- ``false_alarms``: rules that find something in the workload that just does not break them, findings in the healthy
  workload, and findings of weight in the templates that no one put there;
- ``templates``: how many were read, this repository's own among them;
- ``crashes``: how many raised an error.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from ops.doctor.examination import examine
from ops.doctor.registry import RULES
from ops.doctor.rule import RuleSeverity
from ops.doctor.template import workloads
from tests.cases.doctor.healthy import HEALTHY
from tests.cases.doctor.rule_cases import CASES
from tests.cases.doctor.shapes import FINDINGS, FOLDER

OWN = Path(__file__).resolve().parents[2] / "template.yaml"


def main() -> None:
    found = false_alarms = crashes = 0
    for rule in RULES:
        broken, fine = CASES[rule.id]
        found += bool(examine(broken, [rule]).findings)
        false_alarms += len(examine(fine, [rule]).findings)
    false_alarms += len(examine(HEALTHY).findings)
    templates = [OWN, *sorted(FOLDER.iterdir())]
    for path in templates:
        try:
            unexpected = _unexpected(path)
        except Exception:  # noqa: BLE001 - counted
            print(f"{path}: {traceback.format_exc()}", file=sys.stderr)
            crashes += 1
            continue
        for line in sorted(unexpected):
            print(f"{path.name}: {line}")
        false_alarms += len(unexpected)
    figures = {"rules": len(RULES), "found": found, "false_alarms": false_alarms}
    print(json.dumps({**figures, "templates": len(templates), "crashes": crashes}))


def _unexpected(path: Path) -> set[str]:
    """Findings of weight that are not among those of ``shapes``; our own template has none."""
    unexpected = set()
    for workload in workloads.read(path, {}).workloads:
        expected = FINDINGS.get(path.name, {}).get(workload.name, set())
        rules = {finding.rule for finding in examine(workload).findings if finding.severity is not RuleSeverity.ADVICE}
        unexpected |= {f"{workload.name}: {rule}" for rule in rules - expected}
    return unexpected


if __name__ == "__main__":
    main()
