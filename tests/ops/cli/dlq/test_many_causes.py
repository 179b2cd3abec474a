"""Ten thousand causes: each in the outputs for scripts, the largest in view."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ops.deadletters.snapshot import Snapshot
from tests.factories import add_many_causes
from tests.ops.cli.conftest import Desk

COUNT = 10_000


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A cause for each message, but for the first, which has two."""
    with Snapshot.open(desk.world.source) as snapshot:
        add_many_causes(snapshot, COUNT)
    return desk


@pytest.mark.slow
def test_the_largest_are_shown_and_all_are_in_the_outputs_for_scripts(full: Desk) -> None:
    code, out, _ = full.ops("causes")
    assert code == 1
    assert "0000000000  2 messages" in out and "\x1b[2J" not in out
    assert "smaller causes: see --json." in out and len(out.splitlines()) < 300
    groups = json.loads(full.ops("causes", "--json")[1])["causes"]["groups"]
    assert len(groups) == COUNT and sum(group["letters"] for group in groups) == COUNT + 1
    rows = list(csv.DictReader(io.StringIO(full.ops("causes", "--output", "csv")[1], newline="")))
    assert len(rows) == COUNT
    code, out, _ = full.ops("causes", "--output", "yaml")
    assert code == 1 and out.count("fingerprint:") == COUNT


def test_one_of_them_is_planned_by_its_id(full: Desk) -> None:
    code, out, _ = full.ops("plan", "--cause", f"{7:010x}")
    assert code == 0 and out.startswith("1 message to send back")
