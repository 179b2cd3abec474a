"""Carries out one order. The result is in the run's record, or, if the run could not start, in its progress."""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import cache
from pathlib import Path

from ops import workload
from ops.aws import Aws
from ops.deadletters.queue import open_queue
from ops.errors import OpsError
from ops.runbooks import runs
from ops.runbooks.actions.action import ActionContext
from ops.runbooks.background.order import RunOrder, RunWork
from ops.runbooks.background.prepared_operator import PreparedAnswer, PreparedOperator, UndoOperator
from ops.runbooks.background.run_process import RunProcess
from ops.runbooks.locking import RunbookBusy
from ops.runbooks.record import RunRecord
from ops.runbooks.run_state import RunPhase
from ops.runbooks.runs import Session
from ops.workload import Workload

_PAUSE_SLICE_S = 0.5
"""How long a request to stop goes unnoticed in a wait."""


def carry_out(order: RunOrder) -> None:
    """Continue or roll back a run, until it ends or a person is needed."""
    record = RunRecord(Path(order.folder))
    process = RunProcess(record)
    try:
        aws = Aws(order.target)
        described = workload.describe(aws, order.target)
        if order.work is RunWork.ROLL_BACK:
            runs.roll_back(_session(order, aws, described, process, UndoOperator(order.expected)), record, order.only)
            return
        answer = PreparedAnswer(order.request, order.value) if order.request else None
        operator = PreparedOperator(answer, process.stop_requested)
        answered = {"answered": order.request.step, "answer": order.value} if order.request else None
        runs.resume(_session(order, aws, described, process, operator), record, order.again, answered)
    except OpsError as error:
        process.write_error(error)
    except Exception as error:  # whoever follows the run sees it; the log has the traceback
        process.write_error(
            OpsError(f"The process of this run broke off: {error}", f"Continue the run; details: {process.log}.")
        )
        raise  # into the log


def stop_if_left_waiting(order: RunOrder) -> None:
    """Once the process counts as ended: stop a run that waits, if that was requested after the process last looked. A later
    request finds no process, and stops the run itself."""
    record = RunRecord(Path(order.folder))
    process = RunProcess(record)
    try:
        if not process.stop_requested() or runs.read_run(record)[1].phase is not RunPhase.WAITING:
            return
        aws = Aws(order.target)
        operator = PreparedOperator(None, lambda: False)
        runs.stop(_session(order, aws, workload.describe(aws, order.target), process, operator), record)
    except RunbookBusy:  # it was answered, or is stopped, by another process
        pass
    except OpsError as error:
        process.write_error(error)


def _session(
    order: RunOrder, aws: Aws, described: Workload, process: RunProcess, operator: PreparedOperator | UndoOperator
) -> Session:
    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            operator.stop_if_requested("while it waited")
            time.sleep(min(left, _PAUSE_SLICE_S))

    context = ActionContext(
        aws=aws,
        workload=described,
        open_dlq=cache(lambda: open_queue(aws, described)),
        reason=order.reason,
        ask=operator.ask,
        progress=process.write_progress,
        interruptible=lambda: nullcontext(process.stop_requested),
        pause=pause,
    )
    return Session(process.record.folder.parent.parent, context, operator, take_over=order.take_over)
