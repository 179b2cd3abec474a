"""Patches: container-image functions run on the twin's Lambda host instead of Docker, with their role's own credentials.

Stands for: Lambda running an image function in an execution environment (LDG lambda-runtime-environment, 2026-11):
function errors carry ``X-Amz-Function-Error`` and their own ``errorType``; the environment's keys are a session of the
execution role, so IAM applies to what the handler does; START, END and REPORT are written where the function runs.

Leaves out: response streaming, and the 6 MB payload limits (the host may have
those). Zip functions run on MiniStack's own executor unless they name a folder in ``OPS_TWIN_IMAGE``.
"""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Mapping
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from ops.twin.emulator.lambda_.host_client import HostClient, HostUnreachable
from ops.twin.emulator.patch import Patch

log = logging.getLogger(__name__)

request_id_of_event: contextvars.ContextVar[str] = contextvars.ContextVar("request_id_of_event", default="")
"""The request id that every attempt of the current asynchronous event has; empty for other invocations."""

SESSION_END = "2099-01-01T00:00:00Z"
"""MiniStack's role sessions do not expire, so the host need not renew them. On AWS they do, and Lambda renews them."""


def hosted(config: Mapping[str, Any]) -> bool:
    variables = (config.get("Environment") or {}).get("Variables") or {}
    return config.get("PackageType") == "Image" or "OPS_TWIN_IMAGE" in variables


def patches(host_url: str, token: str) -> list[Patch]:
    """No host, no patches: MiniStack then executes what it can by itself."""
    if not host_url:
        return []
    client = HostClient(host_url, token)
    return [
        Patch(
            "services.lambda_svc",
            "_proxy_url_for",
            lambda _: lambda config: host_url if hosted(config) else None,
            "image functions run on the Lambda host",
        ),
        Patch(
            "services.lambda_svc",
            "_execute_function_proxy",
            lambda _: (
                lambda func, event, _url, request_id: run(client, func, event, request_id_of_event.get() or request_id)
            ),
            "function errors keep their type, cold starts get their time",
        ),
        Patch(
            "services.lambda_svc",
            "_emit_lambda_logs",
            _quiet_for_hosted,
            "the platform's log lines are written by the host",
        ),
    ]


def run(client: HostClient, func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """One invocation, as the result that MiniStack's callers expect."""
    config = func.get("config") or func
    payload = json.dumps(event, ensure_ascii=False).encode()
    trace_id = lambda_svc._xray_trace_id_for_invocation(config) or ""
    try:
        answer = client.invoke(config, payload, request_id, trace_id, lambda: role_credentials(config))
    except HostUnreachable as error:
        log.warning("%s: %s", config.get("FunctionName"), error)
        return {
            "body": {"errorType": "ServiceException", "errorMessage": str(error)},
            "error": True,
            "function_error": "Unhandled",
            "unreachable": True,
        }
    result: dict[str, Any] = {"duration_ms": answer.duration_ms, "log": answer.log_tail.decode("utf-8", "replace")}
    try:
        result["body"] = json.loads(answer.payload) if answer.payload else None
    except ValueError:
        result["body"] = answer.payload.decode("utf-8", "replace")
        result["raw_payload"] = True
    if answer.function_error:
        result["error"] = True
        result["function_error"] = answer.function_error
    return result


def role_credentials(config: dict[str, Any]) -> dict[str, str]:
    """A session of the function's execution role, known to MiniStack's IAM from now on."""
    minted = lambda_runtime.execution_credentials(config)
    return {
        "AccessKeyId": minted["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": minted["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": minted["AWS_SESSION_TOKEN"],
        "Expiration": SESSION_END,
    }


def _quiet_for_hosted(original: Any) -> Any:
    def emit(func: dict[str, Any], *arguments: Any, **named: Any) -> None:
        if not hosted(func.get("config") or func):
            original(func, *arguments, **named)

    return emit
