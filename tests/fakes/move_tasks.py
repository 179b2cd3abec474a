"""SQS's move tasks, and the engine beside them, as a test plays them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState
from tests.fakes.aws import Refusal


@dataclass
class FakeMoveTasks:
    """Move tasks of one queue of ``letters``; each poll of one finds that it has moved ``step`` more."""

    letters: int = 100
    step: int = 40
    only_at: int | None = None  # nothing moves at another rate
    circling: bool = False  # what it moves dies again at once
    to_move: int | None = None  # as the task says at its start; None: as many as lie there
    refuse: str = ""
    no_start: str = ""  # the code that a start is refused with
    fail: str = ""
    seen: Callable[[], None] | None = None  # called once, when a task is first seen at work
    deaf: bool = False  # a task begins, and the answer is an error
    unlisted: int = 0  # so many looks at a running task do not find it yet
    silent_from: int | None = None  # so few messages left that SQS does not answer any more
    rates: list[int | None] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if self.refuse:
            raise Refusal(self.refuse, "The operation is not supported.")
        if self.silent_from is not None and self.letters <= self.silent_from:
            raise Refusal("InternalFailure", "later", 500)
        if operation == "StartMessageMoveTask":
            if self.no_start:
                raise Refusal(self.no_start, "Not here.")
            self.rates.append(asked.get("MaxNumberOfMessagesPerSecond"))
            started = 1e12 * 3  # later than any run
            count = self.letters if self.to_move is None else self.to_move
            task: dict[str, Any] = {"Status": "RUNNING", "TaskHandle": f"t{len(self.tasks)}"}
            more = {"StartedTimestamp": started + len(self.tasks), "ApproximateNumberOfMessagesToMove": count}
            self.tasks.insert(0, task | more)
            if self.deaf:
                raise Refusal("InternalFailure", "later", 500)
            return {"TaskHandle": self.tasks[0]["TaskHandle"]}
        if operation == "CancelMessageMoveTask":
            self.tasks[0]["Status"] = "CANCELLING"
            return {"ApproximateNumberOfMessagesMoved": self.tasks[0].get("ApproximateNumberOfMessagesMoved", 0)}
        if operation == "GetQueueAttributes":
            counts = dict.fromkeys(("", "NotVisible", "Delayed"), "0") | {"": str(self.letters)}
            return {"Attributes": {f"ApproximateNumberOfMessages{name}": count for name, count in counts.items()}}
        if operation == "ReceiveMessage":
            return {}
        if operation == "ListMessageMoveTasks":
            if self.unlisted and self.tasks and self.tasks[0]["Status"] == "RUNNING":
                self.unlisted -= 1
                return {"Results": self.tasks[1:]}
            if self.tasks:
                self._work(self.tasks[0])
                if self.seen is not None:
                    self.seen()
                    self.seen = None
            return {"Results": self.tasks}
        raise AssertionError(operation)

    def _work(self, task: dict[str, Any]) -> None:
        if task["Status"] == "CANCELLING":
            task["Status"] = "CANCELLED"
        elif task["Status"] == "RUNNING":
            now = min(self.step, self.letters) if self.only_at in (None, self.rates[-1]) else 0
            self.letters -= 0 if self.circling else now
            task["ApproximateNumberOfMessagesMoved"] = task.get("ApproximateNumberOfMessagesMoved", 0) + now
            if self.fail:
                task |= {"Status": "FAILED", "FailureReason": self.fail}
            elif not self.letters:
                task["Status"] = "COMPLETED"
        if task["Status"] != "RUNNING":
            task.pop("TaskHandle", None)


@dataclass(frozen=True)
class FakeMoveResult:
    why: str = ""


@dataclass
class EmptyEngine:
    """Finds none of the messages that are still planned."""

    ledger: Ledger
    finds: bool = False
    moves: list[tuple[int, int]] = field(default_factory=list)

    def move(self, upto: int, step: int) -> FakeMoveResult:
        self.moves.append((upto, step))
        if not self.finds:
            planned = (self.ledger.number_of(one) for one in self.ledger.ids_in_states(MessageState.PLANNED))
            self.ledger.record_missing([number for number in planned if number is not None])
        return FakeMoveResult()
