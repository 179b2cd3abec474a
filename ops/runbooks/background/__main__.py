"""``python -m ops.runbooks.background``: carries out the order on standard input."""

from __future__ import annotations

import sys

from ops import typed_json
from ops.files import file_lock
from ops.runbooks.background.carrier import carry_out, stop_if_left_waiting
from ops.runbooks.background.order import RunOrder

if __name__ == "__main__":
    order = typed_json.typed(typed_json.loads(sys.stdin.read()), RunOrder)
    carry_out(order)
    file_lock.unlock(sys.stdout)  # Python takes a while to end, and the next process of this run may start
    stop_if_left_waiting(order)
