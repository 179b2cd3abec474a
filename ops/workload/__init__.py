"""One workload, found and described: what ``ops`` knows of a queue and of what reads it."""

from ops.workload.consumers import Reader, readers
from ops.workload.discovery import describe, of_queue
from ops.workload.gaps import Gap, Part, Why
from ops.workload.model import Workload

__all__ = ["Gap", "Part", "Reader", "Why", "Workload", "describe", "of_queue", "readers"]
