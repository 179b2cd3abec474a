"""The dashboard on hand-made reports: `SAMPLE=trouble streamlit run tests/dashboard/sample_app.py`; names are in MAKE.

A stack with such a name is that sample: `?stack=huge`.
The same frame and the same pages as the real entry point; only the door to ``ops`` is another.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dashboard import app
from ops.deadletters.ledger.model import RunState
from ops.errors import AccessDenied, CredentialsError, OpsError, Unreachable
from tests.dashboard import earlier_sample, extreme, muted_sample, refused_sample, samples, unusual
from tests.dashboard.samples import workload_lists
from tests.fakes import audit_services, dead_letter_service, runbook_states
from tests.fakes.runbook_service import SampleRunbookService

LONG_NAME = "-of-the-recommendation-engine-in-production" * 3
"""At the end of every name."""


def with_run(state: RunState) -> Callable[[], samples.Sample]:
    return lambda: unusual.WithDeadLetters(lambda: dead_letter_service.SampleDeadLetterService(state=state))


def with_runbook(make: Callable[[], SampleRunbookService]) -> Callable[[], samples.Sample]:
    return lambda: unusual.WithRunbook(make)


def answer_late() -> OpsError:
    time.sleep(20)
    return Unreachable("AWS does not answer.", "Check the network.")


MAKE: dict[str, Callable[[], samples.Sample]] = {
    "trouble": lambda: samples.Sample(trouble=True),
    "fine": lambda: samples.Sample(trouble=False),
    "hostile": lambda: samples.Sample(foreign=" " + samples.HOSTILE),
    "long-names": lambda: samples.Sample(foreign=LONG_NAME),
    "young": extreme.Young,
    "one-point": lambda: extreme.Young(1),
    "idle": extreme.Idle,
    "heavy": extreme.Heavy,
    "huge": lambda: samples.Sample(minutes=1_440, period=60),
    "empty": unusual.Empty,
    "crowded": unusual.Crowded,
    "many-alarms": unusual.ManyAlarms,
    "alarm-muted": muted_sample.MutedAlarm,
    "no-dlq": unusual.NoDeadLetterQueue,
    "dlq-denied": unusual.DeadLettersUnread,
    "unscanned": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.SampleDeadLetterService(0)),
    "scanning": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.SampleDeadLetterService(54, job="running")),
    "scan-ending": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.SampleDeadLetterService(54, job="ending")
    ),
    "scan-failed": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.SampleDeadLetterService(0, job="failed")
    ),
    "scan-failed-again": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.SampleDeadLetterService(54, job="failed")
    ),
    "broken-snapshot": lambda: unusual.WithDeadLetters(dead_letter_service.BrokenSnapshot),
    "many-messages": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.SampleDeadLetterService(100_000)),
    **{f"run-{state.value}": with_run(state) for state in RunState},
    "audit-empty": lambda: unusual.WithDeadLetters(audit_services.EmptyAudit),
    "audit-huge": lambda: unusual.WithDeadLetters(audit_services.LongAudit),
    "audit-damaged": lambda: unusual.WithDeadLetters(audit_services.DamagedAudit),
    "lost": unusual.Lost,
    "some-redriven": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.RedrivenSince(50)),
    "all-redriven": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.RedrivenSince(0)),
    "scan-since-report": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.ScannedSince(50)),
    "scanned-long-ago": lambda: unusual.WithDeadLetters(dead_letter_service.ScannedLongAgo),
    "redriving-long-after-scan": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.ScannedLongAgo(state=RunState.RUNNING)
    ),
    "messages-since-scan": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.SampleDeadLetterService(50)),
    "run-stopping": lambda: unusual.WithDeadLetters(dead_letter_service.Stopping),
    "run-circled": lambda: unusual.WithDeadLetters(lambda: dead_letter_service.Stopping(RunState.CANCELLED)),
    "many-causes": lambda: unusual.WithDeadLetters(dead_letter_service.ManyCauses),
    "ten-thousand-causes": lambda: unusual.WithDeadLetters(dead_letter_service.TenThousandCauses),
    "run-settling": lambda: unusual.WithDeadLetters(dead_letter_service.Settling),
    "run-changing": lambda: unusual.WithDeadLetters(dead_letter_service.Changing),
    "run-resuming": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.SampleDeadLetterService(state=RunState.INTERRUPTED, job="starting")
    ),
    "run-starting": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.SampleDeadLetterService(state=RunState.STOPPED, job="starting")
    ),
    "hostile-run": lambda: unusual.WithDeadLetters(
        lambda: dead_letter_service.SampleDeadLetterService(foreign=" " + samples.HOSTILE, state=RunState.STOPPED),
        " " + samples.HOSTILE,
    ),
    **{name: with_runbook(make) for name, make in runbook_states.STATES.items()},
    "partly-denied": refused_sample.PartlyRefused,
    "with-earlier": earlier_sample.WithEarlier,
    "loading": lambda: unusual.Refused(answer_late),
    "expired": lambda: unusual.Refused(
        lambda: CredentialsError(
            "The credentials of profile prod have expired.",
            "Log in again: aws sso login --profile prod (or renew the keys), or use another --profile.",
        )
    ),
    "denied": lambda: unusual.Refused(
        lambda: AccessDenied(
            "The identity arn:aws:iam::123456789012:user/reader may not call cloudwatch:GetMetricData.",
            "Allow cloudwatch:GetMetricData, or use another profile.",
        )
    ),
}

NAME = os.environ.get("SAMPLE", "trouble")
app.run(
    lambda target: (
        unusual.ByStack(target) if NAME == "by-stack" else MAKE[target.stack if target.stack in MAKE else NAME]()
    ),
    lambda place: workload_lists.of_sample(NAME, place),
)
