"""``train``: a propensity model and customer segments, with scikit-learn.

Parameters: ``outcome`` (required): a column of two values, of which the larger (1 of 0 and 1) is the response;
``features``: columns of numbers to learn from (default: all but the outcome); ``segments`` (4): how many;
``test_share`` (0.25) of the rows, chosen evenly by outcome with ``seed`` (0), measure the model.

The model is a logistic regression on standardised features (missing: the median), the segments are k-means centres of
the same features. Result: ``metrics`` on the test rows (``auc``, ``brier``, ``log_loss``, ``lift_top_decile``),
``coefficients`` by feature, ``segments`` (rows, response rate, mean of each feature); artifact ``model.json`` (see
``handler.jobs.model``), trained on all rows. It expires with the results: copy what is to be kept.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from handler.errors import UnusableData, WrongSchema
from handler.jobs import Outcome, finite, params
from handler.jobs.model import Model
from handler.jobs.prepare import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from handler.jobs.table import Table

    Numbers = NDArray[np.float64]

MIN_ROWS = 20
MIN_ROWS_PER_CLASS = 4
"""Fewer cannot be split into rows to learn from and rows to measure by."""
HELD = 0.5
"""Percent of the rows at either end of a feature that count as no further out than the others."""


@np.errstate(over="ignore", invalid="ignore")
def run(table: Table, given: dict[str, Any]) -> Outcome:
    params.only(given, "outcome", "features", "segments", "test_share", "seed")
    outcome = params.text(given, "outcome")
    if outcome is None:
        raise WrongSchema("outcome is missing")
    segments = params.whole(given, "segments", 4, 1, 50)
    test_share = params.share(given, "test_share", 0.25)
    seed = params.whole(given, "seed", 0, 0, 2**32 - 1)
    features = params.texts(given, "features") or [name for name in table.numeric() if name != outcome]
    if outcome in features:
        raise WrongSchema("the outcome cannot be a feature")

    table = table.take(~np.isnan(table.matrix([outcome])[:, 0]))
    response = _response(table.columns[outcome], outcome)
    matrix = table.matrix(features)
    if not features or np.isnan(matrix).all(axis=0).any():
        raise UnusableData("a feature is needed, and each needs at least one value")

    test = split(table, outcome, test_share, seed)
    metrics = _measure(_fit(features, matrix[~test], response[~test], segments, seed), matrix[test], response[test])
    model = _fit(features, matrix, response, segments, seed)
    result = {
        "rows": {"train": int((~test).sum()), "test": int(test.sum())},
        "response_rate": float(response.mean()),
        "metrics": metrics,
        "coefficients": dict(zip(features, model.coefficients.tolist(), strict=True)),
        "segments": _profile(model, matrix, response),
    }
    return Outcome(finite(result), {"model.json": model.to_document()})


def _response(values: Numbers, name: str) -> Numbers:
    classes, counts = np.unique(values, return_counts=True)
    if len(classes) != 2:
        raise UnusableData(f"an outcome has two different values, and column {name!r} has {len(classes)}")
    if counts.sum() < MIN_ROWS or counts.min() < MIN_ROWS_PER_CLASS:
        raise UnusableData(
            f"{counts.sum()} rows with {counts.min()} of the rarer outcome are too few to learn from "
            f"({MIN_ROWS} and {MIN_ROWS_PER_CLASS} are the least)"
        )
    found: Numbers = (values == classes[1]).astype(np.float64)
    return found


def _fit(features: list[str], matrix: Numbers, response: Numbers, segments: int, seed: int) -> Model:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a feature may have no value in this part of the rows
        fill = np.nan_to_num(np.nanmedian(matrix, axis=0))
    filled = np.where(np.isnan(matrix), fill, matrix)
    low, high = np.percentile(filled, [HELD, 100 - HELD], axis=0)
    held = np.clip(filled, low, high)
    mean, scale = held.mean(axis=0), held.std(axis=0)
    scale[scale == 0] = 1.0
    standard = (held - mean) / scale
    if not np.isfinite(standard).all() or not np.isfinite(scale).all():
        raise UnusableData("the features are too large for their mean and deviation to be a float64")
    centers = min(segments, len(np.unique(standard, axis=0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # best centres so far are good enough for segments
        clusters = KMeans(centers, n_init=4, random_state=seed).fit(standard)
        regression = LogisticRegression(max_iter=500).fit(standard, response)
    coefficients, intercept = regression.coef_[0], float(regression.intercept_[0])
    return Model(features, fill, low, high, mean, scale, coefficients, intercept, clusters.cluster_centers_)


def _measure(model: Model, matrix: Numbers, response: Numbers) -> dict[str, float]:
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    propensity = model.propensity(model.standardise(matrix))
    best = np.argsort(-propensity, kind="stable")[: max(1, len(propensity) // 10)]
    return {
        "auc": float(roc_auc_score(response, propensity)),
        "brier": float(brier_score_loss(response, propensity)),
        "log_loss": float(log_loss(response, propensity, labels=[0, 1])),
        "lift_top_decile": float(response[best].mean() / response.mean()),
    }


def _profile(model: Model, matrix: Numbers, response: Numbers) -> list[dict[str, Any]]:
    filled = np.where(np.isnan(matrix), model.fill, matrix)
    segment = model.segment(model.standardise(matrix))
    found = []
    for number in range(len(model.centers)):
        members = segment == number
        rows = int(members.sum())
        means = filled[members].mean(axis=0).tolist() if rows else [None] * len(model.features)
        found.append(
            {
                "segment": number,
                "rows": rows,
                "response_rate": float(response[members].mean()) if rows else None,
                "means": dict(zip(model.features, means, strict=True)),
            }
        )
    return found
