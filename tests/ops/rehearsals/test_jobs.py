"""Where the jobs of a rehearsal are at its end, and that they are jobs that the service takes."""

from __future__ import annotations

from typing import get_args

import pytest

from handler import job
from ops.rehearsals.staging import job_bodies
from ops.rehearsals.staging.job_bodies import JobKind
from ops.rehearsals.staging.staged_workload import JobTally


def test_a_lost_job_is_named() -> None:
    tally = JobTally(3, 2, lost=("r1-00003",))
    assert list(tally.findings(0)) == [
        "1 job lost: neither a result, nor a dead letter, nor in the queue: r1-00003.",
    ]


@pytest.mark.parametrize(("dead", "expected"), [(1, 0), (0, 1)])
def test_more_or_fewer_dead_letters_than_expected_are_a_finding(dead: int, expected: int) -> None:
    (finding,) = JobTally(3, 3 - dead, dead).findings(expected)
    assert f"dead-lettered, not {expected}" in finding


def test_nothing_is_said_where_all_is_well() -> None:
    assert list(JobTally(3, 2, 1).findings(1)) == []


@pytest.mark.parametrize("kind", get_args(JobKind))
def test_each_kind_is_a_job_of_the_service(kind: JobKind) -> None:
    parsed = job.parse(job_bodies.body(kind, "r1-00001", 10, "s3://bucket/key"))
    assert parsed.job_id == "r1-00001"
