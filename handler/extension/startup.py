"""The registered extension: listen, subscribe to telemetry, and serve until SHUTDOWN.

An extension that exits takes its environment down with it, so every failure here means continuing with less.
"""

from __future__ import annotations

import posix

from handler.extension.diagnostics import Notices
from handler.extension.event_loop import EventLoop
from handler.extension.lambda_api import ApiError, LambdaApi
from handler.extension.records.emf import Function
from handler.extension.stdout_writer import StdoutWriter
from handler.extension.telemetry_listener import Listener

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def serve(api: LambdaApi) -> int:
    """Gives the exit code."""
    function = _function()
    output = StdoutWriter()
    listener, refusal = _subscribe(api)
    if refusal:
        text = "no telemetry here; records will hold only what INVOKE events tell"
        Notices(output, function).warn(text, "INFO", reason=refusal)
    init_type = _variable("AWS_LAMBDA_INITIALIZATION_TYPE")
    return EventLoop(api, listener, output, function, init_type, subscribed=not refusal).run()


def _function() -> Function:
    memory = _variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    machine = posix.uname().machine
    return Function(
        _variable("AWS_LAMBDA_FUNCTION_NAME"),
        _variable("AWS_LAMBDA_FUNCTION_VERSION"),
        int(memory) if memory.isdecimal() else None,
        ARCHITECTURES.get(machine, machine),
    )


def _subscribe(api: LambdaApi) -> tuple[Listener | None, str]:
    """The listener that telemetry comes to, or None; and why nothing may come.

    A refused subscription leaves the listener open: the one made before a failed init may still deliver to it.
    """
    try:
        # Every address of the environment's own network, unless set otherwise: the twin has no such network.
        listener = Listener(_variable("LAMBDA_TELEMETRY_LISTEN_ADDRESS") or "0.0.0.0")  # noqa: S104 - see above
    except OSError as error:
        return None, str(error)
    try:
        api.subscribe(listener.uri)
    except ApiError as error:
        return listener, str(error)
    return listener, ""


def _variable(name: str) -> str:
    return posix.environ.get(name.encode(), b"").decode("utf-8", "replace")
