"""The jobs that traffic is made of: real rows, seeded, in the asked shares."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from handler import contract
from ops.errors import UsageError
from ops.twin.workload.generator import TrafficSettings
from ops.twin.workload.jobs import FEATURES, Job, JobMaker, Shares, charity

MODEL = "s3://results/results/m/model.json"
USUAL = Shares()


def made(count: int, shares: Shares = USUAL, seed: int = 1) -> list[Job]:
    maker = JobMaker(MODEL, shares, seed)
    return [maker.next() for _ in range(count)]


def test_the_table_is_the_real_one() -> None:
    assert len(charity()) == 4268
    assert "gift" not in charity().columns


def test_the_same_seed_makes_the_same_jobs() -> None:
    assert made(50) == made(50)
    assert made(50) != made(50, seed=2)


def test_jobs_are_what_the_api_takes_and_fit_a_message() -> None:
    for job in made(300, Shares(poison=0.2, slow=0.1, timeout=0.1, memory=0.1)):
        body = json.loads(job.body)
        assert set(body) == {"schema", "job_id", "kind", "data", "params"}
        assert body["schema"] == contract.JOB_SCHEMA
        assert len(job.body.encode()) < 1_048_576


def test_shares_are_kept() -> None:
    fates = Counter(job.fate for job in made(4000, Shares(poison=0.1, slow=0.05, repeated=0.02)))
    assert fates["poison"] == pytest.approx(400, rel=0.25)
    assert fates["slow"] == pytest.approx(200, rel=0.3)
    assert fates["repeated"] == pytest.approx(80, rel=0.5)


def test_a_repeated_job_is_an_earlier_one_word_for_word() -> None:
    jobs = made(500, Shares(repeated=0.2))
    first = {job.job_id: job.body for job in jobs if job.fate != "repeated"}
    repeats = [job for job in jobs if job.fate == "repeated"]
    assert repeats
    assert all(first[job.job_id] == job.body for job in repeats)


def test_ordinary_jobs_cover_the_kinds_and_score_with_the_model() -> None:
    bodies = [json.loads(job.body) for job in made(500, Shares(poison=0, slow=0, repeated=0))]
    assert {body["kind"] for body in bodies} == set(contract.JOB_KINDS)
    score = next(body for body in bodies if body["kind"] == "score")
    assert score["params"]["model"] == MODEL
    assert set(score["data"]["columns"]) == set(FEATURES)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: TrafficSettings(pattern="sawtooth"),
        lambda: TrafficSettings(rate=0),
        lambda: TrafficSettings(minutes=-1),
        lambda: TrafficSettings(shares=Shares(poison=0.9, slow=0.2)),
        lambda: TrafficSettings(shares=Shares(poison=-0.1)),
    ],
)
def test_traffic_that_makes_no_sense_is_refused(bad: type) -> None:
    with pytest.raises(UsageError):
        bad()


def test_without_a_model_no_job_scores() -> None:
    maker = JobMaker("s3://bucket/model.json", Shares(poison=0, slow=0, repeated=0), scores=False)
    kinds = {json.loads(maker.next().body)["kind"] for _ in range(200)}
    assert kinds and "score" not in kinds
