"""The snapshot: what the scans read, on this machine's disk. Everything but a scan and a redrive works on it alone."""

from ops.deadletters.snapshot.arrivals import STEP_S, ArrivedCause, CauseArrivals, arrived_causes, cause_arrivals
from ops.deadletters.snapshot.grouping import CauseGroup, CauseOrigin, cause_fingerprints, cause_origins
from ops.deadletters.snapshot.reader import MOVABLE_PLACES, SnapshotInfo
from ops.deadletters.snapshot.request_ids import invocation_request_ids
from ops.deadletters.snapshot.snapshot import Snapshot

__all__ = [
    "MOVABLE_PLACES",
    "STEP_S",
    "ArrivedCause",
    "CauseArrivals",
    "CauseGroup",
    "CauseOrigin",
    "Snapshot",
    "SnapshotInfo",
    "arrived_causes",
    "cause_arrivals",
    "cause_fingerprints",
    "cause_origins",
    "invocation_request_ids",
]
