"""What sends to a queue, as far as its stack and its policy tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.cloudformation import Stack
    from ops.aws.policies import Grant
    from ops.aws.sqs import Queue

KIND_BY_SERVICE = {
    "events": "EventBridge rule",
    "scheduler": "Schedule",
    "sns": "SNS topic",
    "s3": "S3 bucket",
    "lambda": "Lambda function",
    "apigateway": "API",
    "execute-api": "API",
}
"""Services that queue policies let in."""
API_TYPES = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
"""An API reaches a queue by a role, so no queue policy names it: it is known by being in the same stack."""


@dataclass(frozen=True)
class Sender:
    """``kind`` is a noun ("SNS topic"), ``name`` its name or id; empty where the policy lets in all of a service.

    Inferred: a policy or a stack suggests it, and nothing proves that it sends. A rule or a topic that is let in may
    use the queue as its target or for what it could not deliver.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


def of_queue(queue: Queue, stack: Stack | None) -> tuple[Sender, ...]:
    """The APIs of the queue's stack and what its policy lets in, each once."""
    apis = [Sender("API", name) for kind in API_TYPES for name in (stack.ids(kind) if stack else ())]
    allowed = [of_grant(grant) for grant in queue.grants if grant.service in KIND_BY_SERVICE]
    return tuple(dict.fromkeys((*apis, *allowed)))


def of_grant(grant: Grant) -> Sender:
    return Sender(KIND_BY_SERVICE[grant.service], _name(grant))


def _name(grant: Grant) -> str:
    """The name of a bucket, a topic, a rule (``rule/BUS/NAME``) or a schedule (``schedule/GROUP/NAME``)."""
    resource = grant.source_arn.split(":", 5)[-1]
    return resource.rpartition("/")[2] if grant.service in ("events", "scheduler") else resource.rpartition(":")[2]
