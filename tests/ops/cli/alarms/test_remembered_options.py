"""The options of an earlier ``ops alarms apply``, which its alarms keep as tags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.cli.app import run
from tests.fakes.aws import FakeAws, Refusal
from tests.ops.alarms.applying.alarm_world import AlarmWorld
from tests.ops.cli.alarms.applied_account import AGE, PAGER, TOPIC, Ops


def test_a_later_apply_keeps_the_options_of_an_earlier_one(ops: Ops, world: AlarmWorld) -> None:
    def threshold() -> float:
        return float(world.alarms["orders-oldest-message-age"]["Threshold"])

    ops("apply", *AGE, "--deadline", "1000", "--yes")
    assert threshold() == 800
    world.calls.clear()
    code, out, _ = ops("diff", *AGE)
    assert code == 0
    assert "As in the last ops alarms apply: --deadline 1000 (--forget for none of these)." in " ".join(out.split())
    assert json.loads(ops("diff", *AGE, "--json")[1])["options_kept"] == {"deadline": "1000"}
    assert ops("apply", *AGE, "--yes")[0] == 0
    assert (threshold(), world.calls) == (800, [])
    code, out, _ = ops("diff", *AGE, "--deadline", "2000")
    assert "Threshold: 800.0 → 1600.0" in out
    assert "tag scilearn-ops:deadline: 1000 → 2000" in out
    ops("apply", *AGE, "--deadline", "2000", "--yes")
    assert (threshold(), ops("diff", *AGE)[0]) == (1600, 0)
    ops("apply", *AGE, "--forget", "--yes")
    assert threshold() < 800
    assert ops("diff", *AGE)[0] == 0
    assert all(set(tags) == {"scilearn-ops:owner"} for tags in world.tags.values())


def test_list_and_export_mean_the_set_that_was_applied(ops: Ops, world: AlarmWorld) -> None:
    ops("apply", *AGE, "--deadline", "1000", "--topic", TOPIC, "--pager", PAGER, "--yes")
    code, out, _ = ops("list", *AGE, "--why")
    text = " ".join(out.split())
    assert code == 0
    assert "ApproximateAgeOfOldestMessage ≥ 800" in text
    assert "As in the last ops alarms apply: --deadline 1000 (--forget for none of these)." in text
    assert f"page-me notifies {PAGER}. 3 alarms of the 3 below it notify {TOPIC}." in text
    assert "Whether it arrives: ops alarms delivery" in text
    (shown,) = json.loads(ops("list", *AGE, "--json")[1])
    assert shown["options_kept"] == {"deadline": "1000"}
    assert ops("list", *AGE, "--why", "--forget")[1].count("≥ 800") == 0
    assert "≥ 400" in ops("list", *AGE, "--why", "--deadline", "500")[1]
    code, out, err = ops("export", *AGE)
    assert code == 0
    assert "Threshold: 800" in out
    assert f'AlarmActions: ["{PAGER}"]' in out and out.count(f'AlarmActions: ["{TOPIC}"]') == 3
    assert "As in the last ops alarms apply: --deadline 1000" in err
    assert "notify no one" not in err
    moved = ops("export", *AGE, "--pager", TOPIC)[1]
    assert moved.count(f'AlarmActions: ["{TOPIC}"]') == 1, "no topic is notified twice of one failure"
    for tags in world.tags.values():
        tags.clear()
    code, _, err = ops("export", *AGE)
    assert (code, "These alarms notify no one" in err) == (0, True), "of others' alarms nothing is taken"


def test_a_comparison_with_the_version_before_is_remembered_and_said_where_there_is_none(
    ops: Ops, fake: FakeAws
) -> None:
    asked = fake.answer

    def without_logs(service: str, operation: str, given: dict[str, Any]) -> Any:
        if service == "logs" and operation == "StartQuery":
            raise Refusal("ResourceNotFoundException", "no such log group")
        return asked(service, operation, given)

    fake.answer = without_logs
    _, _, err = ops("apply", *AGE, "--compare-versions", "--yes")
    assert (
        "init-slower compares with no version: no version has 20 measured cold starts in 14 days: none ran."
        in " ".join(err.split())
    )
    _, out, _ = ops("diff", *AGE)
    assert "As in the last ops alarms apply: --compare-versions" in " ".join(out.split())
    assert fake.count("StartQuery") == 2
    assert "no version has 20" not in ops("diff", *AGE, "--no-compare-versions")[1]
    assert ops("list", "--template", "template.yaml", "--compare-versions")[0] == 2


def test_what_tags_hold_is_not_known_when_they_are_refused(ops: Ops, fake: FakeAws) -> None:
    ops("apply", *AGE, "--deadline", "1000", "--topic", TOPIC, "--yes")
    asked = fake.answer

    def refuse(service: str, operation: str, given: dict[str, Any]) -> Any:
        if operation == "ListTagsForResource" and service == "cloudwatch":
            raise Refusal("AccessDenied", "not authorized to perform cloudwatch:ListTagsForResource", 403)
        return asked(service, operation, given)

    fake.answer = refuse
    code, out, _ = ops("list", *AGE)
    assert code == 3
    assert "note: What an earlier ops alarms apply was given is not known" in " ".join(out.split())
    code, out, err = ops("export", *AGE)
    assert (code, "What an earlier ops alarms apply was given is not known" in err) == (3, True)
    assert "Resources:" in out
    assert ops("diff", *AGE)[0] == 3


def test_options_that_differ_from_alarm_to_alarm_are_not_guessed(ops: Ops, world: AlarmWorld) -> None:
    ops("apply", *AGE, "--deadline", "1000", "--no-extension", "--yes")
    (arn,) = (arn for arn in world.tags if arn.endswith("dead-letters"))
    world.tags[arn]["scilearn-ops:deadline"] = "700"
    code, _, err = ops("apply", *AGE, "--yes")
    assert code == 2
    assert "different values of --deadline: 1000, 700" in " ".join(err.split())
    assert ops("apply", *AGE, "--deadline", "700", "--yes")[0] == 0
    assert {tags["scilearn-ops:extension"] for tags in world.tags.values()} == {"false"}
    for tags in world.tags.values():
        tags["scilearn-ops:deadline"] = "soon"
    code, _, err = ops("diff", *AGE)
    assert code == 2
    assert "not valid" in err


def test_a_rehearsal_of_the_account_suggests_with_them(ops: Ops, capsys: pytest.CaptureFixture[str]) -> None:
    """Of another deadline, another age is too old: what pages in time depends on it."""

    def suggested() -> tuple[set[str], str]:
        run(["alarms", "rehearse", "--queue", "orders", "--incident", "slow-past-deadline", "--json"])
        told = json.loads(capsys.readouterr().out)
        rows = {row["id"] for suggestion in told["suggestions"] for row in suggestion["rows"]}
        return rows, " ".join(told["notes"])

    ops("apply", "--alarm", "dead-letters", "--yes")
    rows, notes = suggested()
    assert "oldest-message-age" in rows and "As in the last" not in notes
    ops("apply", "--alarm", "dead-letters", "--deadline", "900000", "--yes")
    rows, notes = suggested()
    assert "oldest-message-age" not in rows
    assert "As in the last ops alarms apply: --deadline 900000." in notes
