"""Every runbook checked, and broken ones with what must be found in them.

``.venv/bin/python -m tests.bench.runbooks`` prints one JSON object on its last line:

- ``documents``: runbooks of this repository without a problem, their commands on paper included;
- ``live_steps``: steps in them that can be run;
- ``broken``: documents that are broken in one way each;
- ``broken_found``: those in which exactly the expected problems are found, each with its line.
"""

from __future__ import annotations

import json

from ops.runbooks import library, validate
from tests.cases.runbooks.broken import documents


def main() -> None:
    good = live_steps = found = 0
    for name in library.names():
        document, problems = library.read_file(library.find(name))
        for problem in problems:
            print(problem)
        good += not problems
        live_steps += len(document.steps)
    broken = documents()
    for each in broken:
        problems = validate.read("x", each.name, each.text)[1]
        exact = tuple(f"{problem.line}: {problem.text}" for problem in problems) == each.problems
        if not exact:
            print(*(str(problem) for problem in problems), sep="\n")
        found += exact
    print(json.dumps({"documents": good, "live_steps": live_steps, "broken_found": found, "broken": len(broken)}))


if __name__ == "__main__":
    main()
