"""``python -m ops.twin.host``: serve until SIGTERM or Ctrl-C, then shut every environment down."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import sys

from ops.errors import OpsError, PortInUse, TwinError
from ops.twin.host.http import loopback_peers
from ops.twin.host.process import process
from ops.twin.host.server import HostServer
from ops.twin.host.settings import HostSettings


async def serve(settings: HostSettings) -> None:
    """Raises PortInUse when the wanted port is taken, TwinError when its folder cannot be used."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Each environment takes some fifteen descriptors of the host.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    host = HostServer(settings)
    try:
        port = await host.open()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"The Lambda host cannot listen on port {settings.port}: it is in use.") from error
        raise TwinError(f"The Lambda host cannot start: {error}.") from error
    sys.stdout.write(f"http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await stop.wait()
    await host.close()


def main() -> int:
    try:
        if not hasattr(os, "pidfd_open"):
            raise TwinError(
                "The Lambda host needs Linux 5.3 or newer.", "Run it in a Linux container or virtual machine."
            )
        loopback_peers.ensure_known()
        process.adopt()
        os.umask(0o077)  # logs of what a function says, its scratch and data: for this user only
        asyncio.run(serve(HostSettings.from_environment()))
    except OpsError as error:
        sys.stderr.write(f"{error} {error.next_step}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
