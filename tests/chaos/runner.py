"""Redriving processes to be killed: each is forked from one that has imported everything, so that hundreds are cheap.

Reads one JSON object per line: ``{"do": "run" | "resume", "run": id, "queue": name, "answer": path, "environ": {…}}``.
Answers with ``{"pid": n}`` when the process has started, and with ``{"status": n}`` when it is over (negative: the signal
that ended it). What the redrive returned or raised lies in ``answer``; a killed process leaves none.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import boto3  # noqa: F401 (imported before the fork)
import botocore.session
from botocore.httpsession import URLLib3Session  # noqa: F401

from ops import workload
from ops.aws import Aws
from ops.deadletters import plans
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.redrive import redrive
from ops.deadletters.transfer import context
from ops.errors import OpsError
from ops.target import Target

LEASE_S = 4
"""Instead of half a minute: what a killed process held is waited for in almost every round."""
RUN_GROUP = os.setpgrp
"""Each process leads a group of its own, so that whatever it starts is found."""


def opened(queue: str) -> DeadLetterQueue:
    """The dead-letter queue of the workload at ``queue``, with the AWS that the environment names."""
    target = Target(queue=queue, region=os.environ["AWS_REGION"])
    aws = Aws(target)
    return open_queue(aws, workload.describe(aws, target))


def work(call: dict[str, Any]) -> dict[str, Any]:
    """What a person would have the command line do; the answer as JSON."""
    try:
        source = opened(call["queue"])
        if call["do"] == "run":
            run = redrive.start_redrive(source, plans.load_plan(call["run"], source), reason="chaos test")
        else:
            run = redrive.resume_redrive(source, call["run"])
    except KeyboardInterrupt:  # before the run had started
        return {"state": "interrupted"}
    except OpsError as error:
        return {"state": "refused", "kind": type(error).__name__, "said": str(error), "next_step": error.next_step}
    return {"state": str(run.state), "said": run.status_text, "twice": list(run.possible_duplicates), "sent": run.sent,
            "deleted": run.deleted, "failed": run.failed, "vanished": run.missing}  # fmt: skip


def child(call: dict[str, Any]) -> None:
    RUN_GROUP()
    os.environ.update(call["environ"])
    answer = Path(call["answer"])
    with Path(os.devnull).open() as nothing, answer.with_suffix(".log").open("a") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        faulthandler.register(signal.SIGUSR1)  # where it stands, for who looks into one that hangs
        try:
            found = work(call)
        except BaseException:
            traceback.print_exc()  # into the log: this process ends without Python's own goodbye
            raise
        answer.write_text(json.dumps(found))


def main() -> None:
    context.LEASE_S = LEASE_S
    botocore.session.get_session().get_service_model("sqs")  # the biggest part of a client's making, once
    for line in sys.stdin:
        call = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                child(call)
            finally:
                sys.stdout.flush()
                os._exit(0 if Path(call["answer"]).exists() else 70)
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
