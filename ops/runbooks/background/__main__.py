"""``python -m ops.runbooks.background``: carries out the order on standard input."""

from __future__ import annotations

import sys

from ops import typed_json
from ops.files import file_lock
from ops.runbooks.background.carrier import carry_out
from ops.runbooks.background.order import RunOrder

if __name__ == "__main__":
    carry_out(typed_json.typed(typed_json.loads(sys.stdin.read()), RunOrder))
    file_lock.unlock(sys.stdout)  # Python takes a while to end, and the next process of this run may start
