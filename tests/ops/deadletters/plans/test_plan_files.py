"""A plan's file: read as it was written, and refused when it was changed or is no plan."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.edits import edits
from ops.deadletters.plan_codec import _hash, with_hash
from ops.deadletters.plan_model import Selection
from ops.errors import UsageError
from tests.factories import a_dead_letter, bodies
from tests.fakes.dlq_world import World

ALL = Selection()


def test_a_plan_is_a_file_and_the_same_again(world: World, tmp_path: Path) -> None:
    ids = world.put(bodies(3))
    selection = Selection(ids=tuple(ids[:2]), since=a_dead_letter().sent, where="kind == 'sqs'")
    plan = plans.make_plan(
        world.source,
        replace(selection, since=None),
        edits=edits.parse_edits(["body.a=1", "attributes.T=x"], '{"b": null}'),
    )
    plan = with_hash(replace(plan, selection=selection))
    path = plans.save_plan(world.source, plan)
    assert path == plans.save_plan(world.source, plan), "saving twice is no harm"
    assert path.stat().st_mode & 0o777 == 0o600
    for name in (plan.id, plan.id[:-2], path, str(path)):
        assert plans.load_plan(name, world.source) == plan
    other = plans.save_plan(world.source, plan, tmp_path / "mine.json")
    assert plans.load_plan(str(other), world.source) == plan
    with pytest.raises(UsageError, match="is there already"):
        plans.save_plan(world.source, plan, other)


def damaged(plan: dict[str, Any], **changes: Any) -> str:
    return json.dumps({**plan, **changes})


def test_a_file_that_is_no_plan_or_was_changed(world: World, tmp_path: Path) -> None:
    world.put(bodies(2))
    plan = plans.make_plan(world.source, ALL)
    known = json.loads(plans.save_plan(world.source, plan).read_text())

    def resealed(**changes: Any) -> str:
        changed = {**known, **changes}
        return json.dumps({**changed, "hash": _hash(changed)})

    wrong = {
        damaged(known, ids=known["ids"][:1]): "was changed after it was created",
        damaged(known, schema=99): "version 99",
        resealed(action="explode"): "is not a plan",
        resealed(id="../../elsewhere"): "'../../elsewhere' is not a valid ID",
        resealed(ids="all"): "'all' is of the wrong type",
        resealed(ids=[1]): "1 is of the wrong type",
        resealed(pace={"max_per_s": "x", "headroom": False}): "'x' is of the wrong type",
        resealed(bytes=True): "True is of the wrong type",
        "{": "not valid JSON",
        "[" * 100_000: "not valid JSON",
        "[]": "is not a plan",
        '{"schema": 1, "hash": ""}': "was changed",
        "\udcff": "not valid JSON",
    }
    for text, says in wrong.items():
        path = tmp_path / "plan.json"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(UsageError, match=says) as caught:
            plans.load_plan(path, world.source)
        assert caught.value.next_step
    with pytest.raises(UsageError, match="has no plan"):
        plans.load_plan("19990101", world.source)
    with pytest.raises(UsageError, match="There is no plan at"):
        plans.load_plan(tmp_path / "none.json", world.source)
    plans.save_plan(world.source, with_hash(replace(plan, id=plan.id[:-1] + "x")))
    plans.save_plan(world.source, with_hash(replace(plan, id=plan.id[:-1] + "y")))
    with pytest.raises(UsageError, match="plans of jobs-dlq have an ID that starts with"):
        plans.load_plan(plan.id[:8], world.source)
    foreign = tmp_path / "foreign.json"
    plans.save_plan(world.source, with_hash(replace(plan, queue_arn=plan.queue_arn + "2")), foreign)
    with pytest.raises(UsageError, match="is for jobs-dlq2, not jobs-dlq"):
        plans.load_plan(foreign, world.source)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match="There is no plan at"):
        plans.load_plan(tmp_path / "folder.json", world.source)
