"""``python -m ops.twin.emulator``: serve the emulator in the foreground until it is told to stop."""

import sys

from ops.errors import OpsError
from ops.twin.emulator import server

if __name__ == "__main__":
    try:
        server.main()
    except OpsError as error:
        sys.exit(f"{error} {error.next_step}".strip())
