"""Start order of the emulator: settings, MiniStack with its patches, background work, then the HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import Any, cast

from ops.errors import PortInUse
from ops.twin.emulator import settings as configuration
from ops.twin.emulator.access.csrf_guard import guarded
from ops.twin.emulator.settings import EmulatorSettings


def main() -> None:
    """Serve until SIGTERM or SIGINT. Raises OpsError when it cannot start."""
    os.umask(0o077)  # what functions and queues hold is for this user only
    settings = configuration.read()
    listener = _listen(settings)
    configuration.prepare(settings)

    # Only now, since MiniStack reads its environment while it is imported.
    from ops.twin.emulator import assembly

    workers = assembly.install(settings)
    try:
        asyncio.run(_serve(listener, settings.token))
    finally:
        for worker in workers:
            worker.stop()


def _listen(settings: EmulatorSettings) -> socket.socket:
    """Take the port before anything slow happens, so that a taken one is reported at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.bind_host, settings.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"The emulator cannot listen on {settings.bind_host}:{settings.port}: {error.strerror}.",
            "Set GATEWAY_PORT to a free port.",
        ) from error
    return listener


async def _serve(listener: socket.socket, token: str) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # an event loop without signal handlers: Python's own ends it
            loop.add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    await serve(cast("Any", guarded(app, token)), config, shutdown_trigger=stop.wait)
