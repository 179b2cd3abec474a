"""A plan and the ledger of its run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.deadletters.ledger import Ledger
from ops.deadletters.plan_model import Action, Destination, Estimate, Pace, Plan, Selection, Steps

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def a_plan(messages: int = 20, watch: bool = True) -> Plan:
    return Plan(
        id="20261124T040000-aaaa",
        made_at=NOW,
        made_by="somebody",
        queue_arn="arn:aws:sqs:eu-west-1:000000000000:dead",
        queue_url="http://sqs/dead",
        action=Action.REDRIVE,
        selection=Selection(),
        ids=tuple(f"id-{number:03d}" for number in range(messages)),
        bytes=100,
        looked_at=NOW,
        queue_count=messages,
        margin=0.1,
        destination=Destination(),
        edits=(),
        pace=Pace(),
        steps=replace(Steps(), watch=watch),
        engine="ledger",
        engine_why="",
        causes={},
        estimate=Estimate(1, 1, 1),
        permissions=(),
        sample=(),
        hash="f00",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.create(path, a_plan(), "it is fixed", "me") as made:
        made.start_run("Starting.")
        yield made


def crashed(path: Path) -> Path:
    """The file as a kill at this moment would leave it."""
    copy = path.with_name("crashed.db")
    for suffix in ("", "-wal"):
        if Path(f"{path}{suffix}").exists():
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    return copy
