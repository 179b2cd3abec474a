"""The reference workload's alarms over every published incident and the quiet day.

``.venv/bin/python -m tests.bench.rehearse`` prints one JSON object on its last line:

- ``incidents``: that require a page;
- ``paged``: of which everything that was required came in time; ``missed``: the others;
- ``wrong``: pages in an incident that should not have come; ``quiet_pages``: those of the quiet day;
- ``max_delay_min``: of the pages that came in time.
"""

from __future__ import annotations

import json

from ops.alarms.incidents import shipped
from ops.alarms.rehearsal import Rehearsal, rehearse
from ops.cli.alarms import alarm_source
from ops.cli.alarms.rehearsal.words import requirement, verdict, wrong_page
from tests.template.resources import TEMPLATE


def main() -> None:
    source = alarm_source.of_template(TEMPLATE, {}, None)
    report(rehearse(source.definitions, shipped(), source.roles, source.unreadable))


def report(result: Rehearsal) -> None:
    for each in result.incidents:
        print(f"{each.incident.name}: {verdict(each)}")
        for line in (*map(requirement, each.required), *(wrong_page(page, each.incident) for page in each.wrong)):
            print(f"  {line}")
    figures = {
        "incidents": sum(bool(each.required) for each in result.incidents),
        "paged": result.paged,
        "missed": result.missed,
        "wrong": result.wrong,
        "quiet_pages": result.quiet_pages,
        "max_delay_min": result.max_delay_min,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
