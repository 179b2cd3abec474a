"""The same seeded jobs at the synchronous container and at the event-driven function on a twin of its own, with the host of
each killed in the middle.

Last line: ``caller_wait_ratio`` (p95 of the wait for a synchronous result over p95 of handing a job over), ``lost_sync``
(calls that broke off in flight) and ``lost_async`` (accepted jobs that are nowhere; fails unless it is 0).
"""

from __future__ import annotations

import argparse
import json
import sys

from ops.compare import report
from ops.compare.arrivals import Arrivals
from ops.compare.costs.assumptions import CostAssumptions
from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS
from ops.compare.run import OWN_TWIN, CompareSettings, Comparison
from ops.rehearsals import own_twin
from ops.twin import processes

SECONDS, PER_SECOND = 45.0, 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rate", type=float, default=PER_SECOND)
    given = parser.parse_args()
    settings = CompareSettings(Arrivals("burst", given.rate, given.seconds, seed=1), kill=True)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with own_twin.own_twin(OWN_TWIN, progress=say) as twin:
        assert all(processes.started_here(pid) for pid in twin.pids.values())
        run = Comparison(twin, own_twin.own_target(twin), settings, say).run()
    first, second = run.form(SYNCHRONOUS), run.form(EVENT_DRIVEN)
    assert first is not None and second is not None
    made = report.report(run, CostAssumptions())
    for line in (report.wait_sentence(run), report.loss_sentence(run), report.scaling_sentence(run)):
        print(line)
    print(report.cost_sentence(made.costs))
    waits = first.wait, second.wait
    ratio = round(waits[0].p95 / waits[1].p95, 1) if waits[0] and waits[1] else None
    killed = all(form.killed_at_s is not None for form in (first, second))
    print(json.dumps({"caller_wait_ratio": ratio, "lost_sync": first.lost, "lost_async": second.lost}))
    sys.exit(second.lost + second.dead_lettered + second.unfinished != 0 or not killed)


if __name__ == "__main__":
    main()
