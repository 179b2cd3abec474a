"""The dollars of the Cost page and `ops costs` against workloads that were priced by hand, part by part.

Prints JSON on its last line: workloads, parts, and max_error_pct, the largest difference of a part in percent of what was worked
out by hand. A part that only one side has counts as 100%.
"""

from __future__ import annotations

import json
import math

from tests.bench import _cost_workloads


def error_pct(computed: float | None, worked: float | None) -> float:
    if computed is None or worked is None:
        return 100.0
    if math.isclose(computed, worked, rel_tol=1e-12, abs_tol=1e-15):
        return 0.0
    return abs(computed - worked) / abs(worked) * 100 if worked else 100.0


def main() -> None:
    workloads = _cost_workloads.read()
    errors: list[float] = []
    for each in workloads:
        if each.slips:
            raise SystemExit(f"{each.name}: the arithmetic does not give the dollars of {', '.join(each.slips)}")
        spent = each.spent()
        of = {name: error_pct(spent.get(name), each.worked.get(name)) for name in {*spent, *each.worked}}
        errors += of.values()
        worst = max(of, key=lambda name: of[name])
        print(f"{math.fsum(spent.values()):>12.6f} USD, at most {of[worst]:.4f}% off ({worst}): {each.name}")
    print(json.dumps({"workloads": len(workloads), "parts": len(errors), "max_error_pct": round(max(errors), 6)}))


if __name__ == "__main__":
    main()
