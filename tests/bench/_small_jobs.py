"""Jobs that take milliseconds: no training and no model, which would take minutes on a busy machine."""

from __future__ import annotations

import json

from handler import contract
from ops.twin.workload.jobs import OUTCOME, JobMaker, Shares, charity
from tests.twins import Twin


class SmallJobs:
    """``first_id`` and ``last_poison_id``: of jobs that were made; empty before."""

    def __init__(self, twin: Twin) -> None:
        self._maker = JobMaker(f"s3://{twin.outputs[contract.OUTPUT_BUCKET]}/none", Shares(), prefix="small")
        self._columns = {str(name): column.tolist()[:80] for name, column in charity().items()}
        self._made = 0
        self.first_id = self.last_poison_id = ""

    def next(self, poison: float = 0.0) -> str:
        """A message body. ``poison``: the share of jobs that can never succeed."""
        self._made += 1
        if self._made % 100 < poison * 100:
            poisoned = self._maker.make("poison")
            self.last_poison_id = poisoned.job_id
            return poisoned.body
        identifier = f"describe-{self._made}"
        self.first_id = self.first_id or identifier
        job = {"kind": "describe", "data": {"columns": self._columns}, "params": {"outcome": OUTCOME}}
        return json.dumps({"schema": contract.JOB_SCHEMA, "job_id": identifier, **job})

    def out_of_memory(self) -> str:
        return self._maker.make("memory").body
