"""Messages without evidence, clustered by what they look like."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import causes
from ops.deadletters.cause_record import job_kind
from ops.deadletters.causes.clustering.body_features import shape_and_wrapping
from ops.deadletters.causes.clustering.clusters import CLUSTER_SOURCE, PayloadClusters
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from tests.factories import a_dead_letter
from tests.fakes.logs import SENT_AT, a_source, failed


def test_messages_without_a_trace_are_grouped_by_what_they_look_like() -> None:
    draw = random.Random(4)
    bodies: dict[str, Callable[[int], str | dict[str, Any]]] = {
        "score": lambda n: {"kind": "score", "job_id": f"j{n}", "params": {"model": f"s3://b/{n}.json"}},
        "order": lambda n: {"detail-type": "order", "order": {"id": n, "total": n / 7, "lines": [{"sku": str(n)}]}},
        "xml": lambda n: f"<order id='{n}'><name>{draw.choice(['bob', 'eve'])}</name></order>",
        "cut": lambda n: f'{{"kind": "score", "job_id": "j{n}", "par',
    }
    guesser = PayloadClusters()
    for name, make in bodies.items():
        for n in range(40):
            body = make(n)
            guesser.add(f"{name}-{n}", body if isinstance(body, str) else json.dumps(body))
    guesser.add("odd", "\x00\xff binary \ud800")
    found = guesser.causes()
    assert found["odd"].source == "none"
    assert len(found) == 161
    by_name = {name: {found[f"{name}-{n}"].fingerprint for n in range(40)} for name in bodies}
    assert all(len(marks) == 1 for marks in by_name.values()), "one group each"
    assert len(set.union(*by_name.values())) == 4
    some = found["score-1"]
    assert (some.source, some.error_type) == (CLUSTER_SOURCE, "unknown")
    assert some.label == "looks like: job_id=text, kind=score, params.model=s3"


def test_without_scikit_learn_bodies_are_grouped_by_shared_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    guesser = PayloadClusters()
    for n in range(40):
        guesser.add(str(n), json.dumps({"kind": "score", "n": n}))
        guesser.add(f"order {n}", json.dumps({"order": {f"line{chr(97 + n % 26)}{n // 26}": n, "total": 1}}))
    known = guesser.causes()
    score, order = ({known[f"{kind}{n}"].fingerprint for n in range(40)} for kind in ("", "order "))
    assert (len(score), len(order)) == (1, 1)
    assert score != order


def test_guesses_are_the_same_every_time_and_of_any_number() -> None:
    def labels(count: int) -> list[str]:
        guesser = PayloadClusters()
        for n in range(count):
            guesser.add(str(n), json.dumps({f"key{chr(97 + n % 26)}": n, "kind": "score", "x" * (n % 7 + 1): 1}))
        return sorted({cause.label for cause in guesser.causes().values()})

    assert labels(3_000) == labels(3_000)
    assert labels(1) == labels(2) == ["no trace in the logs"]
    assert labels(0) == []
    same = PayloadClusters()
    for n in range(50):
        same.add(str(n), "the same")
    assert {cause.label for cause in same.causes().values()} == {"looks like: same, text, the"}


@pytest.mark.parametrize(
    "body",
    ["", " ", "{", "[" * 100_000, "{" * 5, "null", "7", '{"a":' * 50 + "1" + "}" * 50, "x" * 1_048_576, "\ud800"],
)
def test_any_body_has_a_shape(body: str) -> None:
    words = shape_and_wrapping(body)[0]
    assert words and len(words) < 4_000
    assert job_kind(body) == ""


def test_the_kind_of_a_job() -> None:
    assert job_kind(' {"schema": 1, "kind" : "score"}') == "score"
    assert job_kind('"kind": "score"') == ""


def test_guesses_on_the_snapshot_can_be_selected_and_are_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [a_dead_letter('{"kind": "score"}', f"m{n}", sent=SENT_AT) for n in range(5)]
    with a_source(tmp_path, monkeypatch, messages) as (here, logs):
        done = causes.explain_causes(here)
        assert (done.guessed, done.unexplained) == (5, 0)
        found = causes.report_causes(here)
        assert (
            found.finding.text == "Critical: 5 dead letters, all of one cause: no known cause; looks like: kind=score."
        )
        mark = found.groups.iloc[0]["fingerprint"]
        with Snapshot.open(here) as snapshot:
            assert snapshot.count(Selection(cause=mark)) == 5
        logs.rows += [failed(1, "KeyError", "r", f"m{n}") for n in range(5)]
        assert causes.explain_causes(here).guessed == 0
        assert list(causes.report_causes(here).groups["error_type"]) == ["KeyError"]
