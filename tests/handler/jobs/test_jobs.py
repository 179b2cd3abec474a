"""The jobs on the real table and on tables that are hardly any. All through ``jobs.run``, and all results are JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from handler import jobs
from handler.errors import Rejected, TableTooLarge, UnknownModelSchema, UnusableData, WrongSchema
from handler.job import parse
from tests.handler.worlds import FEATURES, MODEL, charity, job


def nothing(name: str) -> bytes:
    raise AssertionError(f"{name} is not to be read")


def run(kind: str, data: Any, **params: Any) -> jobs.Outcome:
    outcome = jobs.run(parse(job(kind, data=data, params=params)), nothing)
    json.dumps([outcome.result, outcome.artifacts], allow_nan=False)
    return outcome


def table(**columns: list[Any]) -> dict[str, Any]:
    return {"columns": columns}


# --- prepare --------------------------------------------------------------------------------------------------------
def test_prepare_splits_the_charity_table_evenly_by_outcome() -> None:
    outcome = run("prepare", charity(), outcome="respond")
    train, test = (outcome.artifacts[name]["columns"] for name in ("train.json", "test.json"))
    assert outcome.result["report"]["rows"] == {"given": 4268, "kept": 4268, "train": 3201, "test": 1067}
    assert list(train) == list(test) == ["respond", *FEATURES]
    assert np.mean(train["respond"]) == pytest.approx(np.mean(test["respond"]), abs=0.001)


def test_prepare_cleans_fills_and_encodes() -> None:
    given = table(
        y=[0, 1, 0, None, 1, 1],
        amount=[1, None, 3, 4, float("nan"), 100],
        region=["n", "s", None, "n", "n", "w"],
        empty=[None] * 6,
        same=["x"] * 6,
        note=["a", "b", "c", "d", "e", "f"],
    )
    outcome = run("prepare", given, outcome="y", drop=["note"], max_categories=2, test_share=0.4)
    report = outcome.result["report"]
    assert report["rows"] == {"given": 6, "kept": 5, "train": 3, "test": 2}
    assert report["dropped_columns"] == ["empty", "note", "same"]
    assert (report["filled"], report["encoded"]) == ({"amount": 2, "region": 1}, {"region": 3})
    both = [outcome.artifacts[name]["columns"] for name in ("train.json", "test.json")]
    assert set(both[0]) == {"y", "amount", "region=missing", "region=n", "region=other"}
    assert sorted(both[0]["amount"] + both[1]["amount"]) == [1, 3, 3, 3, 100]
    assert sum(both[0]["region=other"] + both[1]["region=other"]) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"a": ["x", "y", "x"], "a=x": [1, 2, 3]},
        {"a=x": [1, 2, 3], "a": ["x", "y", "x"]},
        {"a": ["b=c", "y", "y"], "a=b": ["c", "d", "d"]},
    ],
)
def test_prepare_lets_no_column_take_the_place_of_another(given: dict[str, list[Any]]) -> None:
    with pytest.raises(UnusableData, match="there is such a column already"):
        run("prepare", table(**given))


def test_a_value_called_other_counts_among_the_others() -> None:
    outcome = run("prepare", table(a=["other", "other", "x", "x", "y"]), max_categories=2)
    columns = [artifact["columns"] for artifact in outcome.artifacts.values()]
    assert sum(sum(found["a=other"]) for found in columns) == 3 and sum(sum(found["a=x"]) for found in columns) == 2


def test_prepare_is_the_same_again_and_another_with_another_seed() -> None:
    first, again, other = (run("prepare", charity(200), outcome="respond", seed=seed).artifacts for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    "given",
    [table(), table(a=[]), table(a=[1]), table(a=[1, 1]), table(a=[None, None]), table(y=[0, 1]), table(a=["x", "x"])],
)
def test_prepare_has_nothing_to_prepare(given: dict[str, Any]) -> None:
    params = {"outcome": "y"} if "y" in given["columns"] else {}
    with pytest.raises(UnusableData):
        run("prepare", given, **params)


# --- train and score ------------------------------------------------------------------------------------------------
def test_a_model_of_the_charity_table_knows_who_will_respond_and_scores_the_same_elsewhere() -> None:
    trained = run("train", charity(), outcome="respond")
    metrics = trained.result["metrics"]
    assert metrics["auc"] > 0.74 and metrics["lift_top_decile"] > 1.7 and metrics["brier"] < 0.2
    assert sum(segment["rows"] for segment in trained.result["segments"]) == 4268
    assert min(segment["rows"] for segment in trained.result["segments"]) > 100, "an outlier is no segment"

    model = json.loads(json.dumps(trained.artifacts["model.json"]))
    scored = run("score", charity(columns=FEATURES), model=model)
    propensity = np.array(scored.result["scores"]["propensity"])
    respond = np.array(charity(columns=["respond"])["columns"]["respond"])
    assert propensity[respond == 1].mean() > propensity[respond == 0].mean() + 0.15
    assert scored.result["summary"]["mean_propensity"] == pytest.approx(respond.mean(), abs=0.001)
    profile = [segment["rows"] for segment in trained.result["segments"]]
    assert [segment["rows"] for segment in scored.result["summary"]["segments"]] == profile


def test_training_again_gives_the_same_model() -> None:
    first, again = (run("train", charity(200), outcome="respond", seed=3).artifacts for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (table(y=[1] * 50, x=list(range(50))), UnusableData),  # one class
        (table(y=[0, 1, 2] * 10, x=list(range(30))), UnusableData),
        (table(y=[0, 1], x=[1, 2]), UnusableData),  # too few
        (table(y=[1], x=[1]), UnusableData),
        (table(y=[], x=[]), UnusableData),
        (table(y=[None] * 30, x=list(range(30))), UnusableData),
        (table(y=[0, 1] * 20, x=[None] * 40), UnusableData),
        (table(y=[0, 1] * 20), UnusableData),  # no feature
        (table(y=["a", "b"] * 20, x=[1] * 40), UnusableData),  # text
        (table(x=[1] * 40), UnusableData),  # no such column
    ],
)
def test_there_is_nothing_to_learn_from_it(given: dict[str, Any], error: type[Rejected]) -> None:
    with pytest.raises(error):
        run("train", given, outcome="y")


def test_features_that_do_not_vary_or_are_mostly_missing_do_no_harm() -> None:
    given = table(y=[0, 1] * 20, x=[*range(39), None], same=[7] * 40, rare=[1, *[None] * 39])
    trained = run("train", given, outcome="y", segments=50)
    assert np.isfinite(list(trained.result["coefficients"].values())).all()


def test_scores_are_the_logistic_of_the_model_by_hand() -> None:
    scored = run("score", table(a=[1, None, 99], b=[0, 3, 1]), model=MODEL).result["scores"]
    logits = [1 - 0 / 2 + 0.25, 0 - 3 / 2 + 0.25, 5 - 1 / 2 + 0.25]
    assert scored["propensity"] == pytest.approx([1 / (1 + np.exp(-logit)) for logit in logits])
    assert scored["segment"] == [0, 0, 1]


def test_extreme_scores_are_numbers() -> None:
    model = {**MODEL, "coefficients": [1e6, 0]}
    propensity = run("score", table(a=[-5, 5], b=[0, 0]), model=model).result["scores"]["propensity"]
    assert propensity == [0.0, 1.0]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ({**MODEL, "schema": 2}, UnknownModelSchema),
        ({}, UnknownModelSchema),
        (None, WrongSchema),
        ([], WrongSchema),
        ({**MODEL, "features": []}, WrongSchema),
        ({**MODEL, "features": ["a"]}, WrongSchema),
        ({**MODEL, "mean": [0, "x"]}, WrongSchema),
        ({**MODEL, "mean": [0, float("inf")]}, WrongSchema),
        ({**MODEL, "intercept": [1]}, WrongSchema),
        ({**MODEL, "centers": []}, WrongSchema),
        ({**MODEL, "scale": [1, -1]}, WrongSchema),
    ],
)
def test_a_model_that_is_none(model: Any, error: type[Rejected]) -> None:
    with pytest.raises(error):
        run("score", table(a=[1], b=[2]), model=model)


# --- describe -------------------------------------------------------------------------------------------------------
def test_describe_finds_what_sets_responders_apart() -> None:
    result = run("describe", charity(), outcome="respond", resamples=150).result
    tests = {test["column"]: test for test in result["tests"]}
    assert tests["propresp"]["p_adjusted"] < 1e-6 and tests["propresp"]["difference"] > 0
    assert tests["weekslast"]["difference"] < 0
    assert all(test["p_adjusted"] >= test["p"] for test in result["tests"])
    interval = result["bootstrap"]["columns"]["propresp"]
    assert interval["low"] < interval["estimate"] < interval["high"]
    assert interval["estimate"] == pytest.approx(tests["propresp"]["difference"])
    columns = result["correlations"]["columns"]
    assert np.diag(result["correlations"]["pearson"]) == pytest.approx([1] * len(columns))
    assert sum(result["columns"]["avggift"]["histogram"]["counts"]) == 4268


def test_a_bootstrap_interval_is_that_of_theory() -> None:
    values = charity(400, ["propresp"])
    interval = run("describe", values, resamples=4000).result["bootstrap"]["columns"]["propresp"]
    numbers = np.array(values["columns"]["propresp"])
    error = numbers.std() / np.sqrt(len(numbers))
    reach = [(interval[end] - numbers.mean()) / error for end in ("low", "high")]
    assert reach == pytest.approx([-1.96, 1.96], abs=0.15)


def test_describe_takes_text_and_missing_values() -> None:
    given = table(y=["a", "b", None] * 8, region=["n", "n", "s", "s"] * 6, x=[None, 1.0, float("nan")] * 8)
    result = run("describe", given, outcome="y").result
    assert result["columns"]["y"]["frequent"] == [{"value": "a", "count": 8}, {"value": "b", "count": 8}]
    assert result["columns"]["x"]["missing"] == 16 and result["columns"]["x"]["deviation"] == 0
    tests = {test["column"]: test for test in result["tests"]}
    assert tests["region"]["test"] == "chi2" and tests["x"]["p"] is None


@pytest.mark.parametrize(
    "given",
    [table(a=[1]), table(a=[None]), table(a=[None, None], b=[1, 2]), table(a=["x"]), table(a=[1, 1, 1], b=[2, 2, 2])],
)
def test_describe_manages_with_almost_nothing(given: dict[str, Any]) -> None:
    assert run("describe", given, resamples=10).result["rows"] >= 1


def test_values_a_hair_apart_share_a_bin() -> None:
    result = run("describe", table(a=[0.3, 0.1 + 0.2, 0.3]), resamples=500).result
    assert result["columns"]["a"]["histogram"] == {"edges": [0.3, 0.1 + 0.2], "counts": [3]}
    interval = result["bootstrap"]["columns"]["a"]
    assert (interval["low"], interval["high"]) == pytest.approx((0.3, 0.3))


@pytest.mark.parametrize(
    "values",
    [[1e308, 1e308, -1e308], [1.7e308, -1.7e308, 0], [5e-324, 0, 1e-323], [1e300, 1.0000000000000002e300, 1e300]],
)
def test_numbers_at_the_ends_of_what_there_is_are_described_as_far_as_that_goes(values: list[float]) -> None:
    about = run("describe", table(a=values, b=[1, 2, 3]), resamples=10).result["columns"]["a"]
    assert (about["minimum"], about["maximum"]) == (min(values), max(values))
    assert sum(about["histogram"]["counts"]) == 3


def test_a_test_of_numbers_too_large_to_square_has_no_p() -> None:
    given = table(y=[0, 1, 0, 1], a=[1e200, -1e200, 3e200, 5], b=[1, 2, 3, 5])
    large, usual = run("describe", given, outcome="y", resamples=5).result["tests"]
    assert large["p"] is None and "float64" in large["reason"] and usual["p_adjusted"] == usual["p"]


@pytest.mark.parametrize(("kind", "params"), [("train", {"outcome": "y"}), ("score", {"model": MODEL})])
def test_numbers_too_large_to_learn_from_or_to_score_are_said_to_be(kind: str, params: dict[str, Any]) -> None:
    given = table(y=[0, 1] * 20, a=[1e308, -1e308] * 20, b=[1, 2] * 20)
    if kind == "score":
        params = {
            "model": {**MODEL, "low": [-1e308] * 2, "high": [1e308] * 2, "scale": [1e-9, 1], "coefficients": [0, 1]}
        }
    with pytest.raises(UnusableData, match="float64"):
        run(kind, given, **params)


@pytest.mark.parametrize(
    ("given", "params", "error"),
    [
        (table(a=[]), {}, UnusableData),
        (table(a=[1]), {"columns": ["b"]}, UnusableData),
        (table(a=[1, 1]), {"outcome": "a"}, UnusableData),
        (table(a=[1]), {"columns": []}, WrongSchema),
        (table(a=[1]), {"columns": ["a", "a"]}, WrongSchema),
        (table(a=[1]), {"resamples": -1}, WrongSchema),
        (table(a=[1]), {"resamples": 10**13}, WrongSchema),
        (table(a=[1]), {"resamples": True}, WrongSchema),
        (table(a=[1]), {"outcome": 1}, WrongSchema),
        (table(a=[1]), {"speed": "fast"}, WrongSchema),
    ],
)
def test_describe_refuses(given: dict[str, Any], params: dict[str, Any], error: type[Rejected]) -> None:
    with pytest.raises(error):
        run("describe", given, **params)


def test_one_very_long_value_costs_no_more_than_itself() -> None:
    given = table(text=["x" * 400_000, *[str(number) for number in range(3000)]], y=[0, 1, 0] * 1000 + [1])
    assert run("describe", given, outcome="y").result["columns"]["text"]["distinct"] == 3001
    assert run("prepare", given, outcome="y").result["report"]["encoded"] == {"text": 21}


def test_a_very_wide_table_is_described_by_columns_only() -> None:
    given = {"columns": {f"c{number}": [1, 2, 4] for number in range(501)}}
    with pytest.raises(TableTooLarge, match="choose at most 500"):
        run("describe", given)
    assert run("describe", given, columns=["c1", "c2"]).result["correlations"]["rows"] == 3


def test_a_huge_table_is_refused_before_it_is_converted() -> None:
    zeros = [0] * 1_000_000
    with pytest.raises(TableTooLarge, match="more than 5033164 cells, the most for 1024 MB"):
        jobs.run(parse_huge({"columns": {str(number): zeros for number in range(6)}}), nothing)


def parse_huge(data: dict[str, Any]) -> Any:
    """A job with that table, without writing 60 MB of JSON first."""
    small = parse(job("describe", params={}))
    small.data = data
    return small
