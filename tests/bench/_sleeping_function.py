"""A function for the benches: it sleeps as long as each message says, so that a busy machine changes little of its duration."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from handler import contract
from ops.twin import image
from ops.twin.host.server import IMAGE_VARIABLE
from tests.twins import Twin, wait_for

CODE = """
import json
import time


def handler(event, context):
    for record in event["Records"]:
        time.sleep(json.loads(record["body"])["seconds"])
    return {"batchItemFailures": []}
"""
MEAN_S, SPREAD = 0.4, 0.3
"""Of a message's time: lognormal, as jobs are."""
COUNTS = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]


class SleepingFunction:
    """The twin's own function with other code; its queue, mapping and extension stay."""

    def __init__(self, twin: Twin, folder: Path) -> None:
        self._lambda, self._sqs = twin.client("lambda"), twin.client("sqs")
        self._queue, self._name = twin.outputs[contract.OUTPUT_QUEUE_URL], twin.outputs[contract.OUTPUT_FUNCTION]
        self._mapping = self._lambda.list_event_source_mappings(FunctionName=self._name)["EventSourceMappings"][0][
            "UUID"
        ]
        self._random = random.Random(14)
        staged = image.stage(folder)
        (staged.task_root / "sleeping.py").write_text(CODE)
        (staged.root / "image.json").write_text(json.dumps({"cmd": ["sleeping.handler"]}))
        self._variables = {
            **self._lambda.get_function_configuration(FunctionName=self._name)["Environment"]["Variables"],
            IMAGE_VARIABLE: str(staged.root),
        }
        self.renew()

    def renew(self) -> None:
        """Change the configuration, so that every environment is new."""
        self._variables["RENEWED"] = str(time.time())
        self._lambda.update_function_configuration(
            FunctionName=self._name,
            Environment={"Variables": self._variables},
            ImageConfig={"Command": ["sleeping.handler"]},
        )

    def reserve(self, reserved: int | None) -> None:
        if reserved is None:
            self._lambda.delete_function_concurrency(FunctionName=self._name)
        else:
            self._lambda.put_function_concurrency(FunctionName=self._name, ReservedConcurrentExecutions=reserved)

    def set_mapping(self, enabled: bool, **settings: Any) -> None:
        """``settings``: as UpdateEventSourceMapping has them."""
        self._lambda.update_event_source_mapping(UUID=self._mapping, Enabled=enabled, **settings)
        state = "Enabled" if enabled else "Disabled"
        wait_for(
            lambda: self._lambda.get_event_source_mapping(UUID=self._mapping)["State"] == state, 60, f"not {state}"
        )

    def send(self, count: int) -> None:
        for first in range(0, count, 10):
            entries = [{"Id": str(number), "MessageBody": self._body()} for number in range(min(10, count - first))]
            self._sqs.send_message_batch(QueueUrl=self._queue, Entries=entries)

    def nothing_waits(self) -> bool:
        return not self._counts(*COUNTS[:1])

    def is_idle(self) -> bool:
        return not self._counts(*COUNTS)

    def _counts(self, *names: str) -> int:
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=list(names))["Attributes"]
        return sum(int(value) for value in found.values())

    def _body(self) -> str:
        seconds = MEAN_S * self._random.lognormvariate(-(SPREAD**2) / 2, SPREAD)
        return json.dumps({"seconds": round(seconds, 4)})
