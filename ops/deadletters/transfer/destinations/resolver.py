"""Choosing the destination of each message."""

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
    """The destinations of one plan, each looked up once. ``aws`` makes every call once (``Aws.without_retries``)."""

    def __init__(self, source: DeadLetterQueue, plan: Plan, aws: Aws) -> None:
        self._plan = plan
        self._aws = aws
        self._context = return_target.context_of_plan(plan)
        self._lock = threading.Lock()
        self._senders: dict[Origin, DestinationSender] = {}
        self._only: DestinationSender | None = None

    def resolve(self, message: DeadLetter) -> DestinationSender:
        """Raises UsageError when the message's origin is unknown or no longer exists, and what AWS raises about the
        plan's destination."""
        if self._plan.destination.kind == "queue":
            if self._only is None:
                with self._lock:
                    self._only = self._only or self._queue(self._plan.destination.queue_url)
            return self._only
        target = return_target.find_return_target(message, self._context)
        origin = target.origin
        if origin is None:
            raise UsageError(f"It cannot be returned: {target.why}.", "Send it to a queue that you name: --to QUEUE.")
        with self._lock:
            if origin not in self._senders:
                try:
                    self._senders[origin] = self._sender(origin)
                except NotFound as error:  # the plan's other messages may have other origins
                    raise UsageError(
                        f"Its source no longer exists: {error}", "Send it elsewhere: --to QUEUE."
                    ) from error
            return self._senders[origin]

    def _sender(self, origin: Origin) -> DestinationSender:
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
