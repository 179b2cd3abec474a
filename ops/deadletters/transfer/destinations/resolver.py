"""Which way a letter goes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.deadletters import return_target
from ops.deadletters.messages.model import DeadLetter
from ops.deadletters.plan_model import Plan
from ops.deadletters.return_target import Origin, Service
from ops.deadletters.transfer.destinations.destination import DestinationSender
from ops.deadletters.transfer.destinations.queue import QueueSender
from ops.deadletters.transfer.destinations.services import EventBusSender, FunctionSender, TopicSender
from ops.errors import NotFound, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.queue import DeadLetterQueue


class DestinationResolver:
    """The routes of one plan, each made once. ``aws`` makes every call once (``Aws.without_retries``)."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, aws: Aws) -> None:
        self._plan = plan
        self._aws = aws
        self._known = return_target.context_of_plan(plan)
        self._lock = threading.Lock()
        self._routes: dict[Origin, DestinationSender] = {}
        self._fixed: DestinationSender | None = None

    def resolve(self, letter: DeadLetter) -> DestinationSender:
        """Raises UsageError when nothing tells where this letter belongs, or that is gone; and what AWS says of the
        plan's destination."""
        if self._plan.destination.kind == "queue":
            if self._fixed is None:
                with self._lock:
                    self._fixed = self._fixed or self._queue(self._plan.destination.queue_url)
            return self._fixed
        found = return_target.find_return_target(letter, self._known)
        origin = found.origin
        if origin is None:
            raise UsageError(f"It stays: {found.why}.", "Send it to a queue of your choice: --to QUEUE.")
        with self._lock:
            if origin not in self._routes:
                try:
                    self._routes[origin] = self._make(origin)
                except NotFound as gone:  # others may have come from elsewhere
                    raise UsageError(f"Where it came from is gone: {gone}", "Send it elsewhere: --to QUEUE.") from gone
            return self._routes[origin]

    def _make(self, origin: Origin) -> DestinationSender:
        match origin.service:
            case Service.SQS:
                return self._queue(origin.arn)
            case Service.LAMBDA:
                return FunctionSender(self._aws, origin.arn)
            case Service.EVENTS:
                return EventBusSender(self._aws, origin.arn)
            case Service.SNS:
                return TopicSender(self._aws, origin.arn)

    def _queue(self, queue: str) -> DestinationSender:
        return QueueSender(self._aws, sqs.find_queue(self._aws, queue), self._plan)
