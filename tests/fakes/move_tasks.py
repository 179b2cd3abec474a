"""Message move tasks of SQS, and the engine that sends what they leave, as a test controls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState
from tests.fakes.aws import Refusal


@dataclass
class FakeMoveTasks:
    """Move tasks of one queue with ``remaining`` messages; each poll of a task finds ``step`` more moved."""

    remaining: int = 100
    step: int = 40
    moves_only_at: int | None = None  # nothing moves at another rate
    failing_again: bool = False  # what it moves fails again at once
    to_move: int | None = None  # what the task reports at its start; None: ``remaining``
    refuse: str = ""
    start_error: str = ""  # the error code of a start
    fail: str = ""
    on_first_poll: Callable[[], None] | None = None  # called once, when a running task is first polled
    loses_start_response: bool = False  # a task starts, and the response is an error
    unlisted: int = 0  # polls that do not list a running task yet
    fails_below: int | None = None  # with so few messages remaining, every call fails
    rates: list[int | None] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if self.refuse:
            raise Refusal(self.refuse, "The operation is not supported.")
        if self.fails_below is not None and self.remaining <= self.fails_below:
            raise Refusal("InternalFailure", "later", 500)
        if operation == "StartMessageMoveTask":
            if self.start_error:
                raise Refusal(self.start_error, "Not here.")
            self.rates.append(asked.get("MaxNumberOfMessagesPerSecond"))
            started = 1e12 * 3  # later than any run
            count = self.remaining if self.to_move is None else self.to_move
            task: dict[str, Any] = {"Status": "RUNNING", "TaskHandle": f"t{len(self.tasks)}"}
            more = {"StartedTimestamp": started + len(self.tasks), "ApproximateNumberOfMessagesToMove": count}
            self.tasks.insert(0, task | more)
            if self.loses_start_response:
                raise Refusal("InternalFailure", "later", 500)
            return {"TaskHandle": self.tasks[0]["TaskHandle"]}
        if operation == "CancelMessageMoveTask":
            self.tasks[0]["Status"] = "CANCELLING"
            return {"ApproximateNumberOfMessagesMoved": self.tasks[0].get("ApproximateNumberOfMessagesMoved", 0)}
        if operation == "GetQueueAttributes":
            counts = dict.fromkeys(("", "NotVisible", "Delayed"), "0") | {"": str(self.remaining)}
            return {"Attributes": {f"ApproximateNumberOfMessages{name}": count for name, count in counts.items()}}
        if operation == "ReceiveMessage":
            return {}
        if operation == "ListMessageMoveTasks":
            if self.unlisted and self.tasks and self.tasks[0]["Status"] == "RUNNING":
                self.unlisted -= 1
                return {"Results": self.tasks[1:]}
            if self.tasks:
                self._work(self.tasks[0])
                if self.on_first_poll is not None:
                    self.on_first_poll()
                    self.on_first_poll = None
            return {"Results": self.tasks}
        raise AssertionError(operation)

    def _work(self, task: dict[str, Any]) -> None:
        if task["Status"] == "CANCELLING":
            task["Status"] = "CANCELLED"
        elif task["Status"] == "RUNNING":
            now = min(self.step, self.remaining) if self.moves_only_at in (None, self.rates[-1]) else 0
            self.remaining -= 0 if self.failing_again else now
            task["ApproximateNumberOfMessagesMoved"] = task.get("ApproximateNumberOfMessagesMoved", 0) + now
            if self.fail:
                task |= {"Status": "FAILED", "FailureReason": self.fail}
            elif not self.remaining:
                task["Status"] = "COMPLETED"
        if task["Status"] != "RUNNING":
            task.pop("TaskHandle", None)


@dataclass(frozen=True)
class FakeMoveResult:
    why: str = ""
    emptied: bool = False


@dataclass
class EmptyEngine:
    """Finds none of the messages that are still planned."""

    ledger: Ledger
    finds: bool = False
    moves: list[tuple[int, int]] = field(default_factory=list)

    def move(self, upto: int, step: int) -> FakeMoveResult:
        self.moves.append((upto, step))
        if not self.finds:
            planned = (
                self.ledger.number_of(message_id) for message_id in self.ledger.ids_in_states(MessageState.PLANNED)
            )
            self.ledger.record_missing([number for number in planned if number is not None])
        return FakeMoveResult()
