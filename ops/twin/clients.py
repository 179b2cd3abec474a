"""boto3 clients of the operator of a running twin. boto3 comes with the first of them: most commands need none.

A twin that goes away is a ``TwinUnreachable`` at each call; what it refuses is a ``TwinRefused``, which is also botocore's
ClientError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.aws import error_mapping
from ops.target import Target
from ops.twin_state import TwinState

if TYPE_CHECKING:
    import boto3


def session(twin: TwinState) -> boto3.session.Session:
    import boto3

    return boto3.session.Session(
        aws_access_key_id=twin.access_key_id,
        aws_secret_access_key=twin.secret_access_key,
        region_name=twin.region,
    )


def client(twin: TwinState, service: str) -> Any:
    """A client of any service; typed where it is used (boto3-stubs cannot type a name that is not a literal)."""
    from botocore.config import Config

    config = Config(
        connect_timeout=3,
        read_timeout=60,
        retries={"total_max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"},  # there is no DNS for bucket names on loopback
        parameter_validation=True,
    )
    made = session(twin).client(service, endpoint_url=twin.endpoint, config=config)  # type: ignore[call-overload]  # the stubs know literal names only
    target = Target(stack=twin.stack, region=twin.region, endpoint=twin.endpoint)

    def failed(exception: Exception, **_details: Any) -> None:
        """botocore emits this for what is not an answer of the service, before it raises it."""
        raise error_mapping.translate(exception, service, f"stack {twin.stack}", target) from exception

    def answered(http_response: Any, parsed: Any, model: Any, context: Any, **_details: Any) -> None:
        """botocore emits this for each answer, before it raises its own error."""
        if http_response.status_code < 300:
            return
        from ops.twin import refusal

        code = context.get("error_code_override") or parsed.get("Error", {}).get("Code")
        raise refusal.refused(parsed, model.name, twin.endpoint, made.exceptions.from_code(code))

    made.meta.events.register("after-call-error", failed)
    made.meta.events.register("after-call", answered)
    return made
