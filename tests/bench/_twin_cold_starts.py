"""Cold starts that are brought about on a twin, each for a known reason, in functions of their own.

Every function is a small image and has a queue with a mapping that is off, so that the report finds it; the bench invokes it
itself, and so knows which invocation had to be cold, and why. Not brought about: an environment that Lambda replaces,
which the twin never does.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from handler import contract
from ops.aws import Aws
from ops.insight import time_window
from ops.insight.reports.cold_start_reasons import explain_logged
from ops.insight.sources import invocations
from ops.rehearsals.staging.staged_function import IMAGE_VARIABLE
from ops.target import resolve
from ops.twin import image
from ops.workload import describe
from tests.twins import Twin, start

IDLE_LIMIT_S = 15
"""Of the twin's environments in this bench; two minutes otherwise."""
ALIVE_S = 5
"""An invocation for which environments are to be busy lasts as long, also on a busy machine."""
SEED = 20_261_129
HANDLER = """
import json
import os
import time

if os.environ.get("BROKEN"):
    import not_there


def handler(event, context):
    if event.get("act") == "crash":
        os._exit(1)
    time.sleep(event.get("seconds", 0))
    return context.aws_request_id
"""
FIRST = "first"
DEPLOY, SCALE_OUT, IDLE = "deploy or configuration change", "scale-out under load", "after idle time"
RESET, FAILED = "after a crash or timeout", "failed INIT"


@dataclass
class Brought:
    """``truth``: by request ID, of the invocations that answered; ``failed``: how many others were to fail in INIT."""

    truth: dict[str, str] = field(default_factory=dict)
    failed: int = 0


class TwinFunction:
    """One function of the twin, and what was brought about in it."""

    def __init__(self, twin: Twin, name: str, folder: Path, role: str, image_uri: str) -> None:
        self._twin, self.name, self._folder = twin, name, folder
        self.brought = Brought()
        self._lambda = twin.client("lambda")
        self._lambda.create_function(
            FunctionName=name,
            PackageType="Image",
            Code={"ImageUri": image_uri},
            Role=role,
            Timeout=ALIVE_S + 1,
            MemorySize=256,
            Environment={"Variables": {IMAGE_VARIABLE: str(folder)}},
        )
        sqs = twin.client("sqs")
        url = sqs.create_queue(QueueName=f"{name}-jobs", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._lambda.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, Enabled=False)

    def run(self, reason: str = "", seconds: float = 0.0, act: str = "") -> None:
        """One invocation. ``reason``: why its environment is new; empty for a warm one."""
        event = json.dumps({"seconds": seconds, "act": act})
        answer = self._lambda.invoke(FunctionName=self.name, Payload=event)
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" not in answer and reason:
            self.brought.truth[payload] = reason

    def together(self, number: int, reason: str, seconds: float = ALIVE_S - 2.0) -> None:
        """So many at once, each of which therefore has an environment of its own."""
        with ThreadPoolExecutor(number) as pool:
            for done in [pool.submit(self.run, reason, seconds) for _ in range(number)]:
                done.result()

    def change(self, **variables: str) -> None:
        self._lambda.update_function_configuration(
            FunctionName=self.name, Environment={"Variables": {IMAGE_VARIABLE: str(self._folder), **variables}}
        )


def deploy(function: TwinFunction, pick: random.Random) -> None:
    """Two environments are replaced when a variable changes. Of $LATEST only the last change is known."""
    number = pick.randint(2, 3)
    function.together(number, FIRST)
    function.change(RELEASE="2")
    function.together(number, DEPLOY)


def scale_out(function: TwinFunction, pick: random.Random) -> None:
    """More invocations than environments, all of which are at work."""
    function.run(FIRST)
    number = pick.randint(3, 5)
    busy = threading.Thread(target=function.run, args=("", ALIVE_S))
    busy.start()
    time.sleep(1)
    function.together(number, SCALE_OUT, ALIVE_S - 1.0)
    busy.join()


def idle(function: TwinFunction, pick: random.Random) -> None:
    function.run(FIRST)
    for _ in range(3):
        time.sleep(IDLE_LIMIT_S + pick.uniform(4, 8))
        function.run(IDLE)


def reset(function: TwinFunction, pick: random.Random) -> None:
    """A crash or a timeout, after which the environment runs INIT again, inside its next invocation."""
    function.run(FIRST)
    for act in pick.sample(("crash", "timeout", "crash"), 3):
        function.run("", ALIVE_S + 60 if act == "timeout" else 0.0, act)
        time.sleep(1)
        function.run(RESET)


def failed_init(function: TwinFunction, pick: random.Random) -> None:
    """A module that is not there."""
    function.run(FIRST)
    function.change(BROKEN="yes")
    function.brought.failed = pick.randint(2, 3)
    for _ in range(function.brought.failed):
        function.run()
        time.sleep(1)


SCENARIOS: tuple[Callable[[TwinFunction, random.Random], None], ...] = (deploy, scale_out, idle, reset, failed_init)
COPIES = 4
"""Functions of each scenario; every second one is without the extension."""
AT_ONCE = 3
"""Functions at work at the same time: more would wait for each other's CPU."""


def measure() -> Iterator[tuple[str, str]]:
    """Of each cold start that was brought about: its reason, and the one that the report gives."""
    with tempfile.TemporaryDirectory() as folder, start(Path(folder) / "twin", idle_limit=IDLE_LIMIT_S) as twin:
        os.environ |= {"OPS_TARGET": "twin", "OPS_TWIN_DIR": str(twin.folder)}
        functions = list(_functions(twin, Path(folder)))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            pick = [random.Random(SEED + number) for number in range(len(functions))]
            work = [
                pool.submit(SCENARIOS[at % len(SCENARIOS)], function, pick[at]) for at, function in enumerate(functions)
            ]
            for done in work:
                done.result()
        time.sleep(2)  # the log lines
        for function in functions:
            yield from _compared(function)


def _functions(twin: Twin, folder: Path) -> Iterator[TwinFunction]:
    lambda_ = twin.client("lambda")
    worker = lambda_.get_function(FunctionName=twin.outputs[contract.OUTPUT_FUNCTION])
    images = [_image(folder / f"image-{extension}", extension) for extension in (True, False)]
    role, image_uri = worker["Configuration"]["Role"], worker["Code"]["ImageUri"]
    for number in range(COPIES * len(SCENARIOS)):
        yield TwinFunction(twin, f"cold-{number}", images[number // len(SCENARIOS) % 2], role, image_uri)


def _image(folder: Path, extension: bool) -> Path:
    staged = image.stage(folder)
    (staged.task_root / "brought.py").write_text(HANDLER)
    for path in () if extension else staged.extensions:
        path.unlink()
    about = {"cmd": ["brought.handler"], "env": dict(staged.variables)}
    (staged.root / "image.json").write_text(json.dumps(about))
    return staged.root


def _compared(function: TwinFunction) -> Iterator[tuple[str, str]]:
    target = resolve(function=function.name)
    aws = Aws(target)
    workload = describe(aws, target)
    logged = invocations.read(aws, workload, time_window.last(15, target.finest_period))
    found = {start.invocation.request_id: start.reason.value for start in explain_logged(aws, logged, workload)}
    brought = function.brought
    for request_id, reason in brought.truth.items():
        if reason != FIRST:
            yield reason, found.get(request_id, "not cold")
    failed = [row.request_id for row in logged.rows if row.status == "error"] if brought.failed else []
    for request_id in failed:
        yield FAILED, found.get(request_id, "not cold")
    for _ in range(brought.failed - len(failed)):
        yield FAILED, "not in the log"
