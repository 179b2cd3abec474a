"""Starts the extension: register, listen, subscribe, then serve until SHUTDOWN.

An extension that exits takes its environment down with it, so every failure here ends in going on with less.
"""

from __future__ import annotations

import os
import time

from handler.extension.emf import Function, notice
from handler.extension.lambda_api import ApiError, LambdaApi
from handler.extension.listener import Listener
from handler.extension.output import Output
from handler.extension.session import Session

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
REGISTRATION_TRIES = 8


def main(name: str) -> None:
    """Run as the extension ``name`` (its file's name, as the Extensions API wants it). Ends the process."""
    address = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    if not address.rpartition(":")[2].isdecimal():
        os.write(2, f"{name} is a Lambda extension: Lambda starts it, with AWS_LAMBDA_RUNTIME_API set.\n".encode())
        os._exit(2)
    function = _function()
    output = Output()
    api = LambdaApi(address)
    try:
        _register(api, name)
    except ApiError as error:
        output.line(notice("could not register; there will be no invocation records", function, reason=str(error)))
        output.drain(1.0)
        os._exit(1)  # Lambda is waiting for a registration that it does not take: only an end is left
    listener, refusal = _subscribe(api)
    if refusal:
        text = "no telemetry here; records will hold only what INVOKE events tell"
        output.line(notice(text, function, "INFO", reason=refusal))
    session = Session(api, listener, output, function, os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", ""))
    os._exit(session.run())  # at once: the writer thread may be stuck in a blocked stdout


def _function() -> Function:
    memory = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    machine = os.uname().machine
    return Function(
        os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
        int(memory) if memory.isdecimal() else None,
        ARCHITECTURES.get(machine, machine),
    )


def _register(api: LambdaApi, name: str) -> None:
    """Register, again after a pause while it fails. Managed Instances refuse INVOKE, so SHUTDOWN alone is tried too."""
    pause = 0.05
    for attempt in range(REGISTRATION_TRIES):
        events = ["INVOKE", "SHUTDOWN"] if attempt % 2 == 0 else ["SHUTDOWN"]
        try:
            api.register(name, events)
        except ApiError as error:
            if attempt == REGISTRATION_TRIES - 1:
                raise
            if not 400 <= error.status < 500:
                time.sleep(pause)
                pause *= 2
        else:
            return


def _subscribe(api: LambdaApi) -> tuple[Listener | None, str]:
    """The listener that telemetry comes to, or None and why not."""
    try:
        listener = Listener(os.environ.get("LAMBDA_TELEMETRY_LISTEN_ADDRESS", "0.0.0.0"))  # noqa: S104 (the environment's own network)
        api.subscribe(listener.uri)
    except (ApiError, OSError) as error:
        return None, str(error)
    return listener, ""
