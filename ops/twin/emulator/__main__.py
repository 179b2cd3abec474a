"""``python -m ops.twin.emulator``: serve the emulator in the foreground until it is stopped."""

import sys

from ops.errors import OpsError
from ops.twin.emulator import server

if __name__ == "__main__":
    try:
        server.main()
    except OpsError as error:
        sys.exit(f"{error} {error.next_step}".strip())
    except KeyboardInterrupt:  # before the server is up; later it stops in an orderly way
        sys.exit(130)
