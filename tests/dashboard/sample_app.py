"""The dashboard on hand-made reports: `SAMPLE=trouble streamlit run tests/dashboard/sample_app.py`; names are in MAKE.

The same frame and the same pages as the real entry point; only the door to ``ops`` is another.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dashboard import app
from ops.deadletters.ledger.model import RunState
from ops.errors import AccessDenied
from tests.dashboard import samples, unusual
from tests.fakes import dead_letter_service

MAKE = {
    "trouble": lambda: samples.Sample(trouble=True),
    "fine": lambda: samples.Sample(trouble=False),
    "hostile": lambda: samples.Sample(foreign=" " + samples.HOSTILE),
    "huge": lambda: samples.Sample(minutes=1_440, period=60),
    "empty": unusual.Empty,
    "no-dlq": unusual.NoDeadLetterQueue,
    "dlq-denied": unusual.DeadLettersUnread,
    "unlooked": lambda: unusual.Desked(lambda: dead_letter_service.SampleDesk(0)),
    "looking": lambda: unusual.Desked(lambda: dead_letter_service.SampleDesk(54, job="running")),
    "look-failed": lambda: unusual.Desked(lambda: dead_letter_service.SampleDesk(0, job="failed")),
    "look-failed-again": lambda: unusual.Desked(lambda: dead_letter_service.SampleDesk(54, job="failed")),
    "broken-shelf": lambda: unusual.Desked(dead_letter_service.Broken),
    "many-letters": lambda: unusual.Desked(lambda: dead_letter_service.SampleDesk(100_000)),
    **{
        f"run-{state.value}": lambda state=state: unusual.Desked(lambda: dead_letter_service.SampleDesk(state=state))
        for state in RunState
    },
    "lost": unusual.Lost,
    "letters-since": lambda: unusual.Desked(lambda: dead_letter_service.SampleDesk(50)),
    "run-stopping": lambda: unusual.Desked(dead_letter_service.Stopping),
    "run-circled": lambda: unusual.Desked(lambda: dead_letter_service.Stopping(RunState.CANCELLED)),
    "many-causes": lambda: unusual.Desked(dead_letter_service.ManyCauses),
    "run-resuming": lambda: unusual.Desked(
        lambda: dead_letter_service.SampleDesk(state=RunState.INTERRUPTED, job="starting")
    ),
    "run-starting": lambda: unusual.Desked(
        lambda: dead_letter_service.SampleDesk(state=RunState.STOPPED, job="starting")
    ),
    "hostile-run": lambda: unusual.Desked(
        lambda: dead_letter_service.SampleDesk(foreign=" " + samples.HOSTILE, state=RunState.STOPPED),
        " " + samples.HOSTILE,
    ),
    "denied": lambda: unusual.Refused(
        lambda: AccessDenied(
            "The identity arn:aws:iam::123456789012:user/reader may not call cloudwatch:GetMetricData.",
            "Allow cloudwatch:GetMetricData, or use another profile.",
        )
    ),
}

app.run(lambda target: MAKE[os.environ.get("SAMPLE", "trouble")]())
