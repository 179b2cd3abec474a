"""Starts the extension: register at once, then import and run the rest.

Lambda starts the runtime when every extension has registered, so what comes before that holds up the cold start; what
comes after runs beside the runtime's own start. That is why the second half is imported in a function.
"""

from __future__ import annotations

import posix  # os itself would cost 1.5 ms at start
import time

from handler.extension.lambda_api import ApiError, LambdaApi

TRIES = 8


def main(name: str) -> None:
    """Run as the extension ``name`` (its file's name, as the Extensions API wants it). Ends the process."""
    address = posix.environ.get(b"AWS_LAMBDA_RUNTIME_API", b"").decode("ascii", "replace")
    if not address.rpartition(":")[2].isdecimal():
        posix.write(2, f"{name} is a Lambda extension: Lambda starts it, with AWS_LAMBDA_RUNTIME_API set.\n".encode())
        posix._exit(2)
    api = LambdaApi(address)
    try:
        _register(api, name)
    except ApiError as error:
        # Lambda waits for a registration that it does not take: only an end is left.
        posix.write(1, f"{name} could not register, there will be no invocation records: {error}\n".encode())
        posix._exit(1)

    from handler.extension.startup import serve

    posix._exit(serve(api))  # at once: a writer thread may be stuck in a blocked stdout


def _register(api: LambdaApi, name: str) -> None:
    """Register, again after a pause while it fails. Managed Instances refuse INVOKE, so SHUTDOWN alone is tried too."""
    pause = 0.05
    for attempt in range(TRIES):
        try:
            if attempt % 2 == 0:
                api.register(name, "INVOKE", "SHUTDOWN")
            else:
                api.register(name, "SHUTDOWN")
        except ApiError as error:
            if attempt == TRIES - 1:
                raise
            if not 400 <= error.status < 500:
                time.sleep(pause)
                pause *= 2
        else:
            return
