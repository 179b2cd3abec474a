"""The shelf: what the looks read, on this machine's disk. Everything but a look and a redrive works on it alone."""

from ops.deadletters.snapshot.grouping import CauseOrigin, Group, fingerprints, origins
from ops.deadletters.snapshot.request_ids import requests
from ops.deadletters.snapshot.snapshot import LIVE, Snapshot, SnapshotInfo

__all__ = ["LIVE", "CauseOrigin", "Group", "Snapshot", "SnapshotInfo", "fingerprints", "origins", "requests"]
