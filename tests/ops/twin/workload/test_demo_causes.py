"""What fixes the demo, tried beside a process that is a demo as far as the twin's folder shows."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from handler import contract
from ops import twin_state
from ops.cli.app import run
from ops.twin.workload import demo_causes, generator
from ops.twin.workload.generator import TrafficSettings
from ops.twin.workload.jobs import LOST_KEYS, JobMaker, Shares
from tests.twins import Twin

DEMO = """
from ops.twin.workload import demo_causes
with demo_causes.demo_runs():
    print("runs", flush=True)
    input()
"""


def test_without_a_demo_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    for options in ([], ["--undo"]):
        assert run(["twin", "fix", *options]) == 1
        said = capsys.readouterr().err
        assert "No demo runs in" in said
        assert "make demo" in said


@pytest.mark.twin
def test_a_twin_without_a_demo_is_left_alone(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    with demo_causes.demo_runs():
        pass  # one that has ended
    assert run(["twin", "fix"]) == 1
    assert "No demo runs" in capsys.readouterr().err
    assert not demo_causes.are_fixed()


def test_the_missing_data_is_the_largest_cause() -> None:
    maker = JobMaker("s3://results/model.json", Shares(poison=1.0), seed=3)
    bodies = [json.loads(maker.next().body) for _ in range(400)]
    lost = sum(str(body["data"]).startswith("s3://results/inputs/lost-") for body in bodies)
    assert 0.65 < lost / len(bodies) < 0.8
    assert {body["kind"] for body in bodies} == {"describe", "cluster", "train"}, "others stay visible"


@pytest.mark.twin
def test_the_causes_end_and_come_back(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = subprocess.Popen([sys.executable, "-c", DEMO], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert demo.stdout is not None
    try:
        demo.stdout.readline()
        assert not demo_causes.are_fixed()
        assert run(["twin", "fix"]) == 0
        assert "received up to 3 times" in " ".join(capsys.readouterr().out.split())
        assert demo_causes.are_fixed()

        bucket, job_id = twin.outputs[contract.OUTPUT_BUCKET], uuid.uuid4().hex
        job = {"schema": contract.JOB_SCHEMA, "job_id": job_id, "kind": "describe", "params": {}}
        twin.post(job | {"data": f"s3://{bucket}/{LOST_KEYS[0]}"})
        assert twin.result(job_id)

        monkeypatch.setenv("OPS_READ_ONLY", "1")
        assert run(["twin", "fix", "--undo"]) == 2
        assert demo_causes.are_fixed()
        monkeypatch.delenv("OPS_READ_ONLY")
        assert run(["twin", "fix", "--undo"]) == 0
        assert not demo_causes.are_fixed()
        found = twin.client("s3").list_objects_v2(Bucket=bucket, Prefix="inputs/lost-")
        assert found["KeyCount"] == 0
    finally:
        demo.communicate(b"\n", timeout=60)
    assert run(["twin", "fix"]) == 1, "it has ended"


@pytest.mark.twin
def test_traffic_asks_before_each_job_what_may_fail(twin: Twin) -> None:
    fixed = iter([False, True] * 3)
    settings = TrafficSettings(rate=50.0, minutes=1.0, count=6, shares=Shares(poison=1.0, slow=0, repeated=0))
    report = generator.run(
        twin.state,
        settings,
        needs_model=False,
        shares=lambda: Shares(poison=0.0 if next(fixed) else 1.0, slow=0, repeated=0),
    )
    assert report.fates == {"poison": 3, "ordinary": 3}
    assert twin_state.read() == twin.state
