"""A plan's file: read as it was written, and refused when it was changed or is no plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import plans
from ops.deadletters.edits import edits
from ops.deadletters.plan_codec import _hash, decode_plan, encode_plan, with_hash
from ops.deadletters.plan_model import Action, Destination, Edit, Estimate, Pace, Plan, Returns, Selection, Steps
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


def test_the_hash_of_a_plan_is_the_same_in_each_version() -> None:
    """Else the plans and ledgers of an earlier version would be refused as changed."""
    at = datetime(2026, 11, 24, 4, 10, 22, 120_000, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    plan = Plan(
        id="20261124T041022-3f9a",
        made_at=at,
        made_by="arn:aws:iam::123456789012:user/operator",
        queue_arn="arn:aws:sqs:eu-west-1:123456789012:jobs-dlq",
        queue_url="https://sqs/jobs-dlq",
        action=Action.REDRIVE,
        selection=Selection(cause="Über", since=at, ids=("m1",)),
        ids=("m1", "m2"),
        bytes=2_048,
        looked_at=at,
        queue_count=2,
        margin=0.1,
        destination=Destination(),
        edits=(Edit("body.alpha", 10**20), Edit("", {"beta": None, "gamma": [1.50, "\udcff"]})),
        pace=Pace(),
        steps=Steps(),
        engine="ledger",
        engine_why="it has edits",
        causes={"f1": 2},
        estimate=Estimate(0.5, 0.0000123, 6),
        permissions=("sqs:SendMessage on arn",),
        sample=("m1",),
        returns=Returns({"arn": 2}, functions={"a": "b"}),
    )
    sealed = with_hash(plan)
    assert sealed.hash == "7f01c8147631282c1ca790bafbb85a638ea358a0c607ee18bdec731f47a6901e"
    assert decode_plan(encode_plan(sealed), "a plan") == sealed


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
        resealed(ids="all"): r"Expected `array`, got `str` - at `\$\.ids`",
        resealed(ids=[1]): r"Expected `str`, got `int` - at `\$\.ids\[0\]`",
        resealed(pace={"max_per_s": "x", "headroom": False}): r"got `str` - at `\$\.pace\.max_per_s`",
        resealed(estimate={"seconds": True, "usd": 0, "requests": 0}): r"got `bool` - at `\$\.estimate\.seconds`",
        resealed(made_at="2026-11-28T13:07:00"): "names no time zone",
        resealed(looked_at="9999-12-31T23:59:59-14:00"): "beyond the calendar",
        resealed(bytes=True): r"got `bool` - at `\$\.bytes`",
        json.dumps(known).replace('"margin": ', '"margin": 1e400, "_": '): "not valid JSON",
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
